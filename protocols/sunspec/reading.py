"""What the models of any device say: their scale factors stand in the map, and are read with the values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from struct import calcsize, unpack_from

from protocols.errors import RemoteProtocolError
from protocols.events import Event, EventKind
from protocols.points import (
    AL1,
    AL2,
    AL3,
    CONN,
    DCA,
    DCV,
    DCW,
    DCWH_INJ,
    HZ,
    INV_ST,
    LNV,
    MD,
    MN,
    SN,
    THROT_SRC,
    TMP_CAB,
    TOT_WH_INJ,
    VAR,
    VL1,
    VL1L2,
    VL2,
    VL2L3,
    VL3,
    VL3L1,
    VR,
    W_MAX_LIM_PCT,
    A,
    Channel,
    Number,
    Point,
    Value,
    W,
)
from protocols.sunspec.models import EVT1
from protocols.sunspec.rows import NOT_IMPLEMENTED

COMMON, CONTROLS, CONTROL_AC = 1, 123, 704
INVERTERS = frozenset((101, 102, 103, 701))
LIVE = INVERTERS | {COMMON, 160, 714, CONTROLS, CONTROL_AC}
MAX_INPUTS = 16  # of one inverter
FULL_PCT = 100.0
SETTINGS = frozenset((Channel(W_MAX_LIM_PCT), Channel(CONN)))
_SF_NONE, _SF_MOST = -0x8000, 10
_NO_COUNT = {"I": 0, "Q": 0xFFFF_FFFF_FFFF_FFFF}
_THREE_PHASE = 103

Values = dict[Channel, Value]


@dataclass(frozen=True, slots=True)
class _Row:
    """A number at a register from the model's ID, times ten to the power that stands at register `sf`; 0: as it is."""

    at: int
    fmt: str
    point: Point
    sf: int = 0
    absent: int | None = None


def _count(at: int, fmt: str, point: Point, sf: int) -> _Row:
    return _Row(at, fmt, point, sf, _NO_COUNT[fmt])


_COMMON = (
    _Row(14, "h", W, 15),
    _Row(16, "H", HZ, 17),
    _Row(20, "h", VAR, 21),
    _count(24, "I", TOT_WH_INJ, 26),
    _Row(33, "h", TMP_CAB, 37),
    _Row(40, "I", EVT1),
)
_LINES = tuple(
    _Row(at, "H", point, sf)
    for at, point, sf in zip(
        (3, 4, 5, 7, 8, 9, 10, 11, 12),
        (AL1, AL2, AL3, VL1L2, VL2L3, VL3L1, VL1, VL2, VL3),
        (6, 6, 6, 13, 13, 13, 13, 13, 13),
        strict=True,
    )
)
_DC = (_Row(27, "H", DCA, 28), _Row(29, "H", DCV, 30), _Row(31, "h", DCW, 32))
_ROWS: Mapping[int, tuple[_Row, ...]] = {
    101: (_Row(2, "H", A, 6), _Row(10, "H", LNV, 13), *_COMMON),
    102: (_Row(2, "H", A, 6), _Row(10, "H", LNV, 13), *_COMMON),
    103: (_Row(2, "H", A, 6), *_LINES, *_COMMON),
    701: (
        _Row(4, "H", INV_ST),
        _Row(6, "I", EVT1),
        _Row(10, "h", W, 116),
        _Row(12, "h", VAR, 119),
        _Row(14, "h", A, 113),
        _Row(16, "H", LNV, 114),
        _Row(17, "I", HZ, 115),
        _count(19, "Q", TOT_WH_INJ, 120),
        _Row(36, "h", TMP_CAB, 122),
        _Row(111, "I", THROT_SRC),
    ),
    CONTROLS: (_Row(4, "H", CONN),),
}
_STATE = _Row(38, "H", INV_ST)  # of 101-103: InvSt + 1
_INPUTS: Mapping[int, tuple[int, int, int, tuple[_Row, ...]]] = {  # number of inputs at, first at, each so long, rows
    160: (8, 10, 20, (_Row(9, "H", DCA, 2), _Row(10, "H", DCV, 3), _Row(11, "H", DCW, 4))),
    714: (4, 20, 25, (_Row(10, "h", DCA, 15), _Row(11, "H", DCV, 16), _Row(12, "h", DCW, 17))),
}
_COUNTS = {160: _count(12, "I", DCWH_INJ, 5), 714: _count(13, "Q", DCWH_INJ, 18)}
_LIMITS = {CONTROLS: (5, 9, 23), CONTROL_AC: (15, 14, 54)}  # registers of the limit, its switch, its scale factor
_TEXTS = ((MN, 2, 16), (MD, 18, 16), (VR, 42, 8), (SN, 50, 16))
ALARM_CODES: Mapping[EventKind, int] = {  # of the ten codes, those for which SunSpec has a bit
    EventKind.DC_OVER_VOLT: 1,
    EventKind.GRID_DISCONNECT: 2,
    EventKind.UNDER_FREQUENCY: 3,
    EventKind.AC_UNDER_VOLT: 4,
    EventKind.AC_OVER_VOLT: 5,
    EventKind.OVER_FREQUENCY: 6,
    EventKind.GROUND_FAULT: 9,
    EventKind.HW_TEST_FAILURE: 10,
}


def identity(common: bytes) -> Values:
    """Return what the common model says. Raises RemoteProtocolError."""
    found: Values = {}
    for point, at, size in _TEXTS:
        raw = common[2 * at : 2 * (at + size)]
        found[Channel(point)] = raw.split(b"\0", 1)[0].decode("ascii", "replace").strip() or None
    if found[Channel(SN)] is None:
        raise RemoteProtocolError("a device without a serial")
    return found


def readings(models: Mapping[int, tuple[int, bytes]]) -> Values:
    """Return what the models of a device say. Raises RemoteProtocolError where none is that of an inverter."""
    if not INVERTERS & models.keys():
        raise RemoteProtocolError("no model of an inverter")
    found: Values = {}
    if COMMON in models:
        found[Channel(SN)] = identity(models[COMMON][1])[Channel(SN)]  # another unit may have taken the address
    for number, (_, model) in models.items():
        for row in _ROWS.get(number, ()):
            found[Channel(row.point)] = _value(model, row)
        if number in _INPUTS:
            found |= dict(_inputs(number, model))
    _complete(found, models)
    limit = limit_pct(models)
    return found if limit is None else {**found, Channel(W_MAX_LIM_PCT): limit}


def _complete(found: Values, models: Mapping[int, tuple[int, bytes]]) -> None:
    """Add what several models tell in their own ways."""
    old = next((models[number][1] for number in (101, 102, _THREE_PHASE) if number in models), None)
    if old is not None and Channel(INV_ST) not in found:
        state = _value(old, _STATE)
        found[Channel(INV_ST)] = state - 1 if isinstance(state, int) and 1 <= state <= 8 else None
    if old is not None and not any(channel.port for channel in found):
        found |= {Channel(row.point, 1): _value(old, row) for row in _DC}
    lines = [value for point in (VL1, VL2, VL3) if isinstance(value := found.get(Channel(point)), int | float)]
    if Channel(LNV) not in found and lines:
        found[Channel(LNV)] = sum(lines) / len(lines)


def _inputs(number: int, model: bytes) -> Iterator[tuple[Channel, Value]]:
    count_at, first, size, rows = _INPUTS[number]
    count = _raw(model, count_at, "H")
    for port in range(1, min(count, MAX_INPUTS) + 1):
        base = first + (port - 1) * size
        for row in (*rows, _COUNTS[number]):
            moved = _Row(base + row.at, row.fmt, row.point, row.sf, row.absent)
            yield Channel(row.point, port), _value(model, moved)


def limit_pct(models: Mapping[int, tuple[int, bytes]]) -> Number | None:
    """Return the limit in force, all where none is; None where the device has no model for it."""
    for number, (at, ena, sf) in _LIMITS.items():
        if number in models:
            model = models[number][1]
            pct = _value(model, _Row(at, "H", W_MAX_LIM_PCT, sf))
            on = _raw(model, ena, "H") == 1
            return pct if on and isinstance(pct, int | float) else FULL_PCT
    return None


def limit_words(models: Mapping[int, tuple[int, bytes]], pct: float) -> tuple[int, bytes]:
    """Return place and registers of a write that limits. Raises RemoteProtocolError where there is no model for it."""
    for number, (at, ena, sf) in _LIMITS.items():
        if number in models:
            start, model = models[number]
            word = round(pct / 10.0 ** _factor(model, sf))
            words = [word, 0, 0, 0, 1] if number == CONTROLS else [1, word]
            return start + min(at, ena), b"".join(each.to_bytes(2, "big") for each in words)
    raise RemoteProtocolError("neither model 123 nor 704")


def events(values: Mapping[Channel, Value]) -> frozenset[Event]:
    """Return what the bits of Evt1, or of Alrm, report; those that SunSpec leaves to the maker are not guessed."""
    word = values.get(Channel(EVT1))
    if not isinstance(word, int):
        return frozenset()
    kinds = (kind for kind in EventKind if word >> kind & 1)
    return frozenset(Event(kind, kind, kind.name.lower().replace("_", " "), ALARM_CODES.get(kind)) for kind in kinds)


def _raw(model: bytes, at: int, fmt: str) -> int:
    if 2 * at + calcsize(f">{fmt}") > len(model):
        raise RemoteProtocolError(f"a model without its register {at}")
    return int(unpack_from(f">{fmt}", model, 2 * at)[0])


def _factor(model: bytes, at: int) -> int:
    factor = _raw(model, at, "h") if at else 0
    if factor == _SF_NONE:
        return 0
    if abs(factor) > _SF_MOST:
        raise RemoteProtocolError(f"a scale factor of {factor}")
    return factor


def _value(model: bytes, row: _Row) -> Number | None:
    raw = _raw(model, row.at, row.fmt)
    if raw == (NOT_IMPLEMENTED[row.fmt] if row.absent is None else row.absent):
        return None
    factor = _factor(model, row.sf)
    return raw * int(10**factor) if factor >= 0 else raw / 10**-factor
