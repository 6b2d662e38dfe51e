"""What an operator may ask of an inverter, by the SunSpec names of the controls."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class WMaxLimPct:
    """Limit active power to `pct` of the rating, 0 … 100 (SunSpec 704).

    `persistent`: where a device tells the two apart, it shall keep the limit without light. That writes its memory,
    which wears out: not for control.
    """

    pct: float
    persistent: bool = False


@dataclass(frozen=True, slots=True)
class Conn:
    """Connect (True) or disconnect (False) on the owner's behalf (SunSpec 123)."""

    on: bool


@dataclass(frozen=True, slots=True)
class Restart:
    """Restart the device's firmware."""


@dataclass(frozen=True, slots=True)
class AlarmReset:
    """Reset latched alarms whose condition is gone (SunSpec 715)."""


@dataclass(frozen=True, slots=True)
class Activate:
    """Permit (True) or forbid (False) AC output: commissioning (SunSpec 703 ES)."""

    permitted: bool


@dataclass(frozen=True, slots=True)
class PFWInj:
    """Hold the power factor `pf` while injecting (SunSpec 704): positive over-excited, negative under-excited."""

    pf: float


@dataclass(frozen=True, slots=True)
class VarSet:
    """Hold reactive power of `pct` of the rating, -100 … 100: positive over-excited (SunSpec 704)."""

    pct: float


Command: TypeAlias = WMaxLimPct | Conn | Restart | AlarmReset | Activate | PFWInj | VarSet
