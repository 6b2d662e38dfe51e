"""The box where the branches of one gateway meet: its grid breaker, its relay with a lamp, its clamps.

grid ── grid breaker ── relay ──┬── branch breaker ── units
                                └── branch breaker ── units
"""

from dataclasses import dataclass, field
from enum import Enum

from emulator.course import Switch
from emulator.grid import Supply


class RelayLamp(Enum):
    """The lamp of the relay. Its manual knows steady green for "in order"; that it is dark otherwise is assumed."""

    GREEN = "green"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Combiner:
    """The switches that all branches of a gateway have in common; the branch breakers are their supplies'."""

    grid: Supply
    breaker: Switch = field(default_factory=Switch)
    relay: Switch = field(default_factory=Switch)
    clamps: Switch = field(default_factory=Switch)  # of the meter, closed around the wires to the grid

    def lamp(self, t: float) -> RelayLamp:
        """Return what the relay's lamp shows: green while it is closed and has mains."""
        fed = self.grid.alive(t) and self.breaker.closed(t)
        return RelayLamp.GREEN if fed and self.relay.closed(t) else RelayLamp.DARK
