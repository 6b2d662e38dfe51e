"""A unit at this moment, for interfaces that have no sign for what is not known. Pure."""

from dataclasses import dataclass

from gateway.snapshot import CommState, Energy, InverterView
from protocols.points import W_MAX_LIM_PCT, Channel, Point
from protocols.states import InvSt, Quality

FULL_PCT = 100.0
_REACHED = (CommState.ONLINE, CommState.DEGRADED)
_DELIVERS = (InvSt.RUNNING, InvSt.THROTTLED)
_LIMIT = Channel(W_MAX_LIM_PCT)


@dataclass(frozen=True, slots=True)
class Now:
    """A unit at this moment, in numbers: these interfaces have no sign for what is not known, but 0."""

    view: InverterView

    @property
    def reached(self) -> bool:
        """Tell whether the unit answers."""
        return self.view.comm in _REACHED

    @property
    def producing(self) -> bool:
        """Tell whether the unit delivers."""
        return self.reached and self.view.state in _DELIVERS

    @property
    def limit_pct(self) -> float:
        """Return the limit that the unit holds as far as is known, full power where it has not said."""
        value = self.view.values.get(_LIMIT)
        return value if isinstance(value, int | float) else FULL_PCT

    def number(self, point: Point, port: int = 0) -> float:
        """Return what the unit says now; 0 where it says nothing, or has not for too long."""
        value = self.view.values.get(Channel(point, port))
        return value if isinstance(value, int | float) and self.view.quality is Quality.GOOD else 0

    def energy(self, port: int) -> Energy:
        """Return the ledger of an input, or of the AC side for 0: it outlasts night and silence."""
        return self.view.energy.get(port, _NOTHING)

    def alarms(self, port: int) -> list[int]:
        """Return the unit's own codes of the alarms that stand at an input or at the whole unit."""
        return sorted(e.code for e in self.view.events if e.alarm_code is not None and e.port in (0, port))


_NOTHING = Energy(0, 0)
