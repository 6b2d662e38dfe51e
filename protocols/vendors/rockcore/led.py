"""The lamp: one, red, green or yellow (manual §6.6, §7.1, §7.2). What it shows of a fault is not written anywhere."""

from collections.abc import Mapping
from enum import Enum

from protocols.states import InvSt


class Lamp(Enum):
    """What the lamp shows at an instant."""

    DARK = "dark"
    RED = "red"
    GREEN = "green"
    YELLOW = "yellow"


class StartUp(Enum):
    """How a unit shows that it has powered up: the manual tells it in two ways."""

    COLOURS = "colours"  # §6.6, §7.1: red, green, yellow, once each, 1 s apart
    FLASHES = "flashes"  # §7.2: green five times


PERIOD_S = 1.0  # of every flash; half of it lit is our assumption, the manual gives the interval alone
_LIT_S = 0.5
START_UP: Mapping[StartUp, tuple[Lamp, ...]] = {
    StartUp.COLOURS: (Lamp.RED, Lamp.GREEN, Lamp.YELLOW),
    StartUp.FLASHES: (Lamp.GREEN,) * 5,
}
FLASHING: Mapping[InvSt, Lamp] = {  # the rest is not described
    InvSt.RUNNING: Lamp.GREEN,
    InvSt.THROTTLED: Lamp.GREEN,
    InvSt.STARTING: Lamp.RED,  # waiting for the grid
    InvSt.FAULT: Lamp.RED,  # the grid's faults are waits for the grid; others: assumed alike
    InvSt.STANDBY: Lamp.RED,
}


def lamp(state: InvSt, up_s: float, start_up: StartUp) -> Lamp:
    """Return what the lamp shows `up_s` seconds after power-up; without light it is dark whatever else is wrong."""
    if state is InvSt.SLEEPING or up_s % PERIOD_S >= _LIT_S:
        return Lamp.DARK
    sequence = START_UP[start_up]
    flash = int(up_s / PERIOD_S)
    return sequence[flash] if flash < len(sequence) else FLASHING.get(state, Lamp.DARK)
