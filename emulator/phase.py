"""What a unit is doing, and what its sensors tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from emulator.stages import Quantity


class Phase(Enum):
    """What the unit is doing."""

    DARK = "dark"
    RESTARTING = "restarting"
    SELF_TEST = "self-test"
    WAITING = "waiting"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the sensors say from now on. A quantity that is left out has not left its watch's band."""

    lit: bool  # voltage and power suffice to start
    starved: bool  # power does not suffice to go on
    collapsed: bool  # the voltage does not
    measured: Mapping[Quantity, float | None]
    watt: float = 0.0  # of output until now
