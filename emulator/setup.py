"""How a unit comes into the plant."""

from dataclasses import dataclass

from config.grid_profile import GridProfileFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a unit comes into the plant: at loop time `now`, which is `utc`.

    `warm`: it has been feeding in for `uptime_s` if there is light at all; else it boots now.
    """

    now: float
    utc: float
    warm: bool
    uptime_s: float = 0.0
    counter_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a unit is set up.

    `commissioned`: a gateway has put it into service before; without, it is as it came from the factory.
    `auto_next_start`: a start that finds the insulation sound ends alarm 9.
    """

    profile: GridProfileFile
    activated: bool = True
    commissioned: bool = True
    auto_next_start: bool = False
