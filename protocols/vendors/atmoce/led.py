"""The indicator: one lamp, green, orange or red. Quick is 0.2 s on and 0.2 s off, slow is 1 s and 1 s (manual §5.1)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import IntEnum

from protocols.states import InvSt


class Led(IntEnum):
    """Colour in the high digit (1 green, 2 orange, 3 red), pattern in the low one (1 quick, 2 slow, 3 solid)."""

    DARK = 0x00
    GREEN_QUICK = 0x11
    GREEN_SLOW = 0x12
    ORANGE_QUICK = 0x21
    RED_QUICK = 0x31
    RED_SLOW = 0x32
    RED_SOLID = 0x33


BY_ALARM: tuple[tuple[frozenset[int], Led], ...] = (  # the first row that meets an active code wins
    (frozenset({10}), Led.RED_SOLID),  # internal fault
    (frozenset({1, 7, 8, 9}), Led.RED_QUICK),  # working conditions; the manual names 1 and 9
    (frozenset({2, 3, 4, 5, 6}), Led.RED_SLOW),  # grid
)
BY_STATE: Mapping[InvSt, Led] = {  # the manual knows starting, normal and no light; the rest is "not producing yet"
    InvSt.OFF: Led.GREEN_QUICK,
    InvSt.SLEEPING: Led.DARK,
    InvSt.STARTING: Led.GREEN_QUICK,
    InvSt.RUNNING: Led.GREEN_SLOW,
    InvSt.THROTTLED: Led.GREEN_SLOW,
    InvSt.SHUTTING_DOWN: Led.GREEN_QUICK,
    InvSt.FAULT: Led.RED_SOLID,
    InvSt.STANDBY: Led.GREEN_QUICK,
}


def led(state: InvSt, alarms: AbstractSet[int]) -> Led:
    """Return what the lamp shows; it is fed by the module, so without light it is dark whatever else is wrong."""
    if state == InvSt.SLEEPING:
        return Led.DARK
    return next((shown for codes, shown in BY_ALARM if codes & alarms), BY_STATE[state])
