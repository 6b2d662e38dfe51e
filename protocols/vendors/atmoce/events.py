"""The alarm word: bit n stands for alarm code n + 1 of the manual's §5.4; bits 10-15 are reserved."""

from collections.abc import Iterable, Mapping

from protocols.events import Event, EventKind
from protocols.points import ALRM, Channel, Value

_ROWS = (  # code, SunSpec kind, port, text
    (1, EventKind.DC_OVER_VOLT, 1, "DC voltage above the input's maximum"),
    (2, EventKind.GRID_DISCONNECT, 0, "no grid"),
    (3, EventKind.UNDER_FREQUENCY, 0, "grid frequency too low"),
    (4, EventKind.AC_UNDER_VOLT, 0, "grid voltage too low"),
    (5, EventKind.AC_OVER_VOLT, 0, "grid voltage too high"),
    (6, EventKind.OVER_FREQUENCY, 0, "grid frequency too high"),
    (7, EventKind.MANUFACTURER_ALRM, 0, "too much DC in the output current"),
    (8, EventKind.MANUFACTURER_ALRM, 0, "protecting itself from its surroundings"),
    (9, EventKind.GROUND_FAULT, 1, "insulation of the DC side too low"),
    (10, EventKind.HW_TEST_FAILURE, 0, "internal fault"),
)
EVENTS: Mapping[int, Event] = {code: Event(code, kind, text, code, port) for code, kind, port, text in _ROWS}


def alarm_word(codes: Iterable[int]) -> int:
    """Return the word for the active codes."""
    return sum(1 << code - 1 for code in codes)


def events(values: Mapping[Channel, Value]) -> frozenset[Event]:
    """Return what a live block reports; reserved bits mean nothing yet."""
    word = values.get(Channel(ALRM))
    if not isinstance(word, int):
        return frozenset()
    return frozenset(event for code, event in EVENTS.items() if word >> code - 1 & 1)
