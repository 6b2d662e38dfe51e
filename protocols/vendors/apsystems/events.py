"""Status bits: what they mean, and to which alarm code 1-10 that belongs.

The meanings are those of the vendor's event list; the numbers are places in it. Names that circulate for these bits
(isolation fault, DC contactor, grid relay …) are wrong: see README.md, "Alarms". GFDI is alarm 9 with its own cause.
"""

from collections.abc import Iterator, Mapping

from protocols.events import Event, EventKind
from protocols.points import ALRM, LNV, Channel, Value
from protocols.vendors.apsystems.family import Family
from protocols.vendors.apsystems.layout import SLOTS

Bits = Mapping[int, int]  # bit of the 40 status bits → event

GET_DATA_FAILED = 43
GFDI = 17
OUTAGE = 19
REMOTE_SHUT = 18
DC_LOW = frozenset({9, 11, 40, 42})  # stay set for long on healthy units: information
OUTAGE_V = 46.0  # a fifth of nominal: below it there is no grid (ruling for units without a bit for it)
GFDI_CAUSE = "gfdi"
_STATUS_BITS = 40

_ROWS: tuple[tuple[int, EventKind, str, int | None, str], ...] = (  # event, SunSpec kind, text, alarm code, slot
    (8, EventKind.DC_OVER_VOLT, "DC voltage of input A too high", 1, "A"),
    (9, EventKind.MANUFACTURER_ALRM, "DC voltage of input A too low", None, "A"),
    (10, EventKind.DC_OVER_VOLT, "DC voltage of input B too high", 1, "B"),
    (11, EventKind.MANUFACTURER_ALRM, "DC voltage of input B too low", None, "B"),
    (16, EventKind.OVER_TEMP, "too hot", 8, ""),
    (GFDI, EventKind.GROUND_FAULT, "ground fault on the DC side, locked until it is cleared", 9, ""),
    (REMOTE_SHUT, EventKind.MANUAL_SHUTDOWN, "switched off by command", None, ""),
    (OUTAGE, EventKind.AC_DISCONNECT, "no mains", 2, ""),
    (22, EventKind.MANUFACTURER_ALRM, "protects its power stage", 8, ""),
    (29, EventKind.OVER_FREQUENCY, "grid frequency too high, stage 1", 6, ""),
    (30, EventKind.UNDER_FREQUENCY, "grid frequency too low, stage 1", 3, ""),
    (31, EventKind.OVER_FREQUENCY, "grid frequency too high, stage 2", 6, ""),
    (32, EventKind.UNDER_FREQUENCY, "grid frequency too low, stage 2", 3, ""),
    (33, EventKind.AC_OVER_VOLT, "grid voltage too high, stage 2", 5, ""),
    (34, EventKind.AC_UNDER_VOLT, "grid voltage too low, stage 2", 4, ""),
    (35, EventKind.AC_OVER_VOLT, "grid voltage too high, stage 3", 5, ""),
    (36, EventKind.AC_UNDER_VOLT, "grid voltage too low, stage 3", 4, ""),
    (37, EventKind.AC_OVER_VOLT, "grid voltage too high, stage 4", 5, ""),
    (38, EventKind.AC_UNDER_VOLT, "grid voltage too low, stage 4", 4, ""),
    (39, EventKind.DC_OVER_VOLT, "DC voltage of input C too high", 1, "C"),
    (40, EventKind.MANUFACTURER_ALRM, "DC voltage of input C too low", None, "C"),
    (41, EventKind.DC_OVER_VOLT, "DC voltage of input D too high", 1, "D"),
    (42, EventKind.MANUFACTURER_ALRM, "DC voltage of input D too low", None, "D"),
    (GET_DATA_FAILED, EventKind.MEMORY_LOSS, "cannot read its own measurements", 10, ""),
    (44, EventKind.AC_OVER_VOLT, "grid voltage too high, stage 1", 5, ""),
    (45, EventKind.AC_UNDER_VOLT, "grid voltage too low, stage 1", 4, ""),
)
_BY_EVENT = {row[0]: row for row in _ROWS}


def _bits(rows: Mapping[int, tuple[int | None, ...]], first: int) -> Bits:
    """Return the events by bit of the status number, whose highest byte is body byte `first`."""
    return {
        8 * (first + 4 - at) + bit: event
        for at, events in rows.items()
        for bit, event in enumerate(events)
        if event is not None
    }


_B1 = _bits(  # bytes 17-1A of the body, events of bits 0-7; the fifth status byte is that of the open inputs
    {
        0x17: (None, GFDI, REMOTE_SHUT, 16, OUTAGE, 44, 45, None),
        0x18: (41, 42, GET_DATA_FAILED, None, 22, None, None, None),
        0x19: (37, 38, 8, 9, 10, 11, 39, 40),
        0x1A: (29, 30, 31, 32, 33, 34, 35, 36),
    },
    first=0x17,
)
_BB = _bits(  # bytes 0B-0F
    {
        0x0C: (None, REMOTE_SHUT, None, None, None, None, None, None),
        0x0D: (None, None, None, 16, 22, None, None, GFDI),  # bit 6 was seen with mains off: not named by any source
        0x0E: (29, 30, 31, 32, 8, 9, 10, 11),
        0x0F: (44, 45, 33, 34, 35, 36, 37, 38),
    },
    first=0x0B,
)
MAINS_OFF_BB = 1 << 35 | 1 << 27 | 1 << 22  # 0B.3, 0C.3 and 0D.6: set in the capture of a QT2 without mains
BITS: Mapping[Family, Bits] = {
    **dict.fromkeys((Family.YC600, Family.QS1, Family.QS1A), _B1),
    **dict.fromkeys((Family.DS3, Family.QT2), _BB),
}
_TAGS: Mapping[Family, int] = {kind: number for number, kind in enumerate(BITS, start=1)}  # above the status bits
_FAMILIES = {number: kind for kind, number in _TAGS.items()}


def alarm_word(kind: Family, status: int) -> int:
    """Return the raw alarm word of a reading: the status bits, and above them which family's they are."""
    return _TAGS[kind] << _STATUS_BITS | status


def named_events(word: int) -> frozenset[Event]:
    """Return the events whose bits are set in an alarm word; empty for a word of no family."""
    kind = _FAMILIES.get(word >> _STATUS_BITS)
    if kind is None:
        return frozenset()
    active = {event for bit, event in BITS[kind].items() if word >> bit & 1}
    return frozenset(_made(active, kind))


def events(values: Mapping[Channel, Value]) -> frozenset[Event]:
    """Return what a reading reports: its bits, and the outage that a DS3 or QT2 shows only by its voltage."""
    word, volts = values.get(Channel(ALRM)), values.get(Channel(LNV))
    if not isinstance(word, int):
        return frozenset()
    found = named_events(word)
    dark = isinstance(volts, int | float) and volts < OUTAGE_V
    return found | (frozenset(_made({OUTAGE}, Family.DS3)) if dark else frozenset())


def _made(active: set[int], kind: Family) -> Iterator[Event]:
    for event in active:
        code, sort, text, alarm, slot = _BY_EVENT[event]
        vague = event == GET_DATA_FAILED and active & DC_LOW  # they are set together on healthy units
        yield Event(
            code,
            sort,
            text,
            None if vague else alarm,
            port=_port(kind, slot),
            cause=GFDI_CAUSE if event == GFDI else None,
        )


def _port(kind: Family, slot: str) -> int:
    """Return the port of a slot, 0 for none and for one that the unit has not; a QT2 has its inputs in pairs."""
    if not slot:
        return 0
    return 2 * "AB".find(slot) + 1 if kind is Family.QT2 else SLOTS[kind].find(slot) + 1


RAISED_BY: Mapping[int, int] = {1: 8, 2: OUTAGE, 3: 30, 4: 45, 5: 44, 6: 29, 8: 16, 9: GFDI, 10: GET_DATA_FAILED}


def status_bits(kind: Family, alarms: frozenset[int], *, shut: bool) -> int:
    """Return the status bits of a unit with these alarm codes; `shut`: switched off. Some codes have no bit."""
    wanted = {RAISED_BY[code] for code in alarms & RAISED_BY.keys()} | ({REMOTE_SHUT} if shut else set())
    bits = sum(1 << bit for bit, event in BITS[kind].items() if event in wanted)
    return bits | (MAINS_OFF_BB if OUTAGE in wanted and BITS[kind] is _BB else 0)
