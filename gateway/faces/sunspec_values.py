"""What the SunSpec models say of an inverter and of the whole site. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from gateway.alarms.engine import Standing
from gateway.alarms.states import ACTIVE, LATCHED, Suppression
from gateway.faces.desk import InForce, Plant
from gateway.faces.sunspec_units import Served
from gateway.snapshot import CommState, InverterView
from protocols.events import Event, EventKind
from protocols.grid_profile import EnterService
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
    RIS,
    TMP_CAB,
    TOT_WH_INJ,
    VAR,
    VL1,
    VL1L2,
    VL2,
    VL2L3,
    VL3,
    VL3L1,
    W_MAX_LIM_PCT,
    A,
    Channel,
    Point,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.sunspec.der_view import Extra, der_view
from protocols.sunspec.view import Limit, view

FULL_PCT = 100.0
DEVICE_CODES = range(1, 11)
INFO = 64  # bytes of MnAlrmInfo
_KINDS = {  # of the ten codes, whichever vendor's; those without a bit of their own are the manufacturer's
    1: EventKind.DC_OVER_VOLT,
    2: EventKind.GRID_DISCONNECT,
    3: EventKind.UNDER_FREQUENCY,
    4: EventKind.AC_UNDER_VOLT,
    5: EventKind.AC_OVER_VOLT,
    6: EventKind.OVER_FREQUENCY,
    7: EventKind.MANUFACTURER_ALRM,
    8: EventKind.MANUFACTURER_ALRM,
    9: EventKind.GROUND_FAULT,
    10: EventKind.HW_TEST_FAILURE,
}
_SILENT = Event(0, EventKind.MEMORY_LOSS, "no communication")  # "internal memory or communication error"
_SILENT_BIT, _GFDI_BIT, _DARK_BIT = 1 << 0, 1 << 1, 1 << 4  # of EvtVnd2
_GFDI = "gfdi"  # an alarm's cause
_ST_ORDER = (  # what the whole site is doing: the first that any inverter does
    InvSt.THROTTLED,
    InvSt.RUNNING,
    InvSt.STARTING,
    InvSt.SHUTTING_DOWN,
    InvSt.STANDBY,
    InvSt.FAULT,
    InvSt.OFF,
    InvSt.SLEEPING,
)
_SWITCHED: Mapping[InvSt | None, int] = {InvSt.OFF: 0, InvSt.RUNNING: 1, InvSt.THROTTLED: 1}

_VOLTAGES = (VL1, VL2, VL3, VL1L2, VL2L3, VL3L1)
_CURRENTS = (AL1, AL2, AL3)

Values = dict[Channel, Value]


@dataclass(frozen=True, slots=True)
class Staged:
    """What a client has set in the registers of a unit; they act once `enabled`."""

    pct: float | None = None
    revert_s: int = 0
    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """How a port shows things: from which age on not at all, whether it takes commands, when units enter service."""

    stale_s: float
    writes: bool
    entry: EnterService


def values_of(plant: Plant, unit: Served, staged: Staged, shown: Shown) -> Values:
    """Return the values of every model of a unit id."""
    views = [plant.views[slot] for slot in unit.slots]
    oldest = plant.utc() - shown.stale_s
    measured = _site(plant, views, oldest, unit) if unit.whole else _measured(views[0], oldest)
    standing = _shown(plant.standing() if unit.whole else plant.standing(unit.target))
    silent = [each for each in views if _is_silent(each, oldest)]
    limit = shown_limit(plant, unit, staged)
    told = {event for each in views if each.comm is not CommState.ASLEEP for event in each.events}
    codes = {event.alarm_code for event in told} | {each.row.code for each in standing}
    events = [*told, *(Event(code, kind, "", code) for code, kind in _KINDS.items() if code in codes)]
    events += [_SILENT] if silent else []
    word = sum(1 << code - 1 for code in DEVICE_CODES if code in codes)
    plate = replace(unit.plate, firmware=_plain(views[0].identity.firmware, 16) if not unit.whole else None)
    values: Values = dict.fromkeys(unit.channels) | measured
    base = view(values, plate, limit, events, word, _gateway_word(views, standing, silent=bool(silent)))
    if not unit.der:
        return base
    kinds = {event.kind for event in events} | ({EventKind.MANUFACTURER_ALRM} if word else set())
    in_force = plant.in_force(unit.target)
    extra = Extra(
        phases=unit.phases,
        info=_info(plant, standing, unit) or (_SILENT.text if silent else ""),
        alarms=sum(1 << kind for kind in kinds),
        entry=shown.entry,
        after_pct=unit.after_pct,
        left_s=0.0 if in_force is None or in_force.left_s is None else in_force.left_s,
        local=not shown.writes,
    )
    return der_view(values, base, plate, limit, extra)


def shown_limit(plant: Plant, unit: Served, staged: Staged) -> Limit:
    """Return the limit as the plant holds it; what a client has set and not enabled shows until then."""
    held = plant.totals().limit_pct if unit.whole else _held(plant, unit)
    in_force = plant.in_force(unit.target)
    held_pct = _told_pct(in_force) if held is None else held
    if held_pct < FULL_PCT or _is_limit(in_force, staged):
        return Limit(held_pct, enabled=True, revert_s=staged.revert_s)
    return Limit(FULL_PCT if staged.pct is None else staged.pct, enabled=False, revert_s=staged.revert_s)


def _held(plant: Plant, unit: Served) -> float | None:
    """Return the limit that the units hold, of the rating of those that have said."""
    told = [
        (pct, each.identity.rated_w)
        for each in map(plant.views.__getitem__, unit.slots)
        for pct in _numbers([each.values], W_MAX_LIM_PCT)
    ]
    return sum(pct * rated_w for pct, rated_w in told) / sum(rated_w for _, rated_w in told) if told else None


def _told_pct(in_force: InForce | None) -> float:
    return in_force.value if in_force is not None and in_force.unit == "%" else FULL_PCT


def _is_limit(in_force: InForce | None, staged: Staged) -> bool:
    """Tell whether a limit counts as one: full power for good is none, unless a client says that it is."""
    if in_force is None:
        return False
    return staged.enabled or in_force.left_s is not None or in_force.unit == "W" or in_force.value < FULL_PCT


def _is_silent(each: InverterView, oldest: float) -> bool:
    """Tell whether a unit should answer and does not."""
    if each.comm in (CommState.ASLEEP, CommState.UNKNOWN):
        return False
    return each.comm is CommState.LOST or each.ts is None or each.ts < oldest


def _measured(each: InverterView, oldest: float) -> Values:
    """Return what an inverter says: measurements while they are young, counters and settings always."""
    counted = {Channel(DCWH_INJ, port): energy.total_wh for port, energy in each.energy.items() if port}
    settings = {_LIMIT: each.values.get(_LIMIT), _CONN: _SWITCHED.get(each.state, each.values.get(_CONN))}
    kept: Values = {**settings, **counted}
    if 0 in each.energy:
        kept[Channel(TOT_WH_INJ)] = each.energy[0].total_wh
    if each.comm is CommState.ASLEEP:
        dark = {Channel(DCW, port): 0 for port in range(1, each.identity.ports + 1)}
        return {**kept, **dark, Channel(W): 0, Channel(VAR): 0, Channel(INV_ST): InvSt.SLEEPING}
    fresh = each.ts is not None and each.ts >= oldest
    return {**(each.values if fresh else {}), **kept, Channel(INV_ST): each.state}


def _site(plant: Plant, views: Sequence[InverterView], oldest: float, unit: Served) -> Values:
    """Return the site as one inverter whose inputs are its inverters.

    Its energy is that of all ledgers, also while a new unit's counter is still unknown: nothing at all would be taken
    for a reset.
    """
    each = [_measured(one, oldest) for one in views]
    totals = plant.totals()
    energies = [one.energy[0].total_wh for one in views if 0 in one.energy]
    states = {values.get(Channel(INV_ST)) for values in each}
    volts = _numbers(each, LNV)
    known: Values = {
        Channel(W): totals.p_ac_w,
        Channel(VAR): totals.q_ac_var,
        Channel(A): _sum_of_all(each, A),
        Channel(LNV): sum(volts) / len(volts) if volts else None,
        Channel(HZ): _mean(_numbers(each, HZ)),
        Channel(TMP_CAB): max(_numbers(each, TMP_CAB), default=None),
        Channel(RIS): min(_numbers(each, RIS), default=None),
        Channel(TOT_WH_INJ): sum(energies) if energies else None,
        Channel(INV_ST): next((state for state in _ST_ORDER if state in states), None),
        _CONN: int(any(values.get(_CONN) != 0 for values in each)),
        **{Channel(line): _mean(_numbers(each, line)) for line in _VOLTAGES},
        **{Channel(line): _sum(_numbers(each, line)) for line in _CURRENTS if unit.three_phase},
    }
    for module, (one, values) in enumerate(islice(zip(views, each, strict=True), unit.plate.ports), 1):
        known |= _as_input(module, one, values)
    return known


def _as_input(module: int, one: InverterView, values: Values) -> Values:
    """Return an inverter as an input of the site."""
    ports = range(1, one.identity.ports + 1)
    counts = [energy.total_wh for port, energy in one.energy.items() if port]
    sums = {Channel(point, module): _sum(_numbers([values], point, ports)) for point in (DCW, DCA)}
    volts = values.get(Channel(DCV, 1)) if one.identity.ports == 1 else None
    return {**sums, Channel(DCV, module): volts, Channel(DCWH_INJ, module): sum(counts) if counts else None}


def _numbers(each: Iterable[Mapping[Channel, Value]], point: Point, ports: Iterable[int] = (0,)) -> list[float]:
    found = (values.get(Channel(point, port)) for values in each for port in ports)
    return [value for value in found if isinstance(value, int | float)]


def _sum(numbers: Sequence[float]) -> float | None:
    return sum(numbers) if numbers else None


def _sum_of_all(each: Iterable[Mapping[Channel, Value]], point: Point) -> float | None:
    """Return a sum; None where a unit that feeds in does not tell its part."""
    feeding = [values for values in each if _numbers([values], W) not in ([], [0])]
    told = _numbers(feeding, point)
    return _sum(_numbers(each, point)) if len(told) == len(feeding) else None


def _mean(numbers: Sequence[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _shown(standing: Iterable[Standing]) -> list[Standing]:
    """Return the alarms that are there or latched, and that nothing explains or hides."""
    return [
        each
        for each in standing
        if each.record.suppression is Suppression.NONE and each.record.state in ACTIVE | LATCHED
    ]


def _gateway_word(views: Sequence[InverterView], standing: Iterable[Standing], *, silent: bool) -> int:
    gfdi = any(each.row.code == 9 and each.record.cause == _GFDI for each in standing)
    dark = all(each.comm is CommState.ASLEEP for each in views)
    return _SILENT_BIT * silent | _GFDI_BIT * gfdi | _DARK_BIT * dark


def _info(plant: Plant, standing: Sequence[Standing], unit: Served) -> str:
    """Return the most urgent alarm in words."""
    if not standing:
        return ""
    first = standing[0]
    code, subject = first.row.code, first.record.subject
    whose = plant.views.get(subject)
    label = f"GW-{code}" if whose is None or code not in DEVICE_CODES else f"{_short(whose)}-{code:02d}"
    where = f"{subject} " if unit.whole else ""
    return _plain(f"{where}{label} {first.row.name}", INFO) or ""


def _short(each: InverterView) -> str:
    return each.identity.vendor[:3].upper()


def _plain(text: str | None, size: int) -> str | None:
    """Return a text as a string register takes it."""
    return None if text is None else text.encode("ascii", "replace")[:size].decode("ascii")


_LIMIT, _CONN = Channel(W_MAX_LIM_PCT), Channel(CONN)  # what a unit was told; it does not grow old
