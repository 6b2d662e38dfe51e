"""The indicator: one lamp, green or red (QS1 manual §4.3.7, §5, §6.1)."""

from collections.abc import Set as AbstractSet
from enum import IntEnum

from protocols.states import InvSt

CONTACT_S = 3600.0  # without a poll for longer the lamp shows that no gateway is there
CHECK_S = 5.0  # the show when the first module is connected ends within
_FEEDING = frozenset({InvSt.RUNNING, InvSt.THROTTLED})


class Led(IntEnum):
    """Colour in the high digit (1 green, 3 red), pattern in the low one."""

    DARK = 0x00
    GREEN_10_S = 0x11  # a flash every 10 s: feeds, gateway heard
    GREEN_2_S = 0x12  # every 2 s: feeds, no gateway for more than 60 minutes or never
    RED_FLASHING = 0x32  # does not feed; the manual gives no period
    RED_STEADY = 0x33  # ground fault, until it is cleared
    CHECK = 0x34  # once red, three times green


def led(state: InvSt, alarms: AbstractSet[int], *, uptime_s: float, silence_s: float | None) -> Led:
    """Return what the lamp shows; `silence_s` is the time since the last poll, None: never polled.

    The module feeds the lamp, so without light it is dark whatever else is wrong.
    """
    if state == InvSt.SLEEPING:
        return Led.DARK
    if 9 in alarms:
        return Led.RED_STEADY
    if uptime_s < CHECK_S:
        return Led.CHECK
    if state not in _FEEDING:
        return Led.RED_FLASHING
    return Led.GREEN_2_S if silence_s is None or silence_s > CONTACT_S else Led.GREEN_10_S
