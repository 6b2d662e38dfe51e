"""A DTU as its clients see it: which units it has, from the site file, and what they say of them now. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from config.faces import DtuFace
from config.plant import dtu_of, profile_of
from config.site import Site
from gateway.control.order import Order
from gateway.faces.desk import Plant
from gateway.snapshot import CommState, Energy, InverterView
from protocols.errors import ConfigError
from protocols.points import W_MAX_LIM_PCT, Channel, Point
from protocols.states import InvSt, Quality
from protocols.vendors.hoymiles import serials

FULL_PCT = 100.0
PRODUCING = 3  # the only operating status that a source tells
_REACHED = (CommState.ONLINE, CommState.DEGRADED)
_DELIVERS = (InvSt.RUNNING, InvSt.THROTTLED)
_LIMIT = Channel(W_MAX_LIM_PCT)


@dataclass(frozen=True, slots=True)
class Unit:
    """An inverter; its serial has twelve hexadecimal digits."""

    slot: str
    serial: str
    ports: int
    phases: int
    rated_w: float

    @property
    def number(self) -> int:
        """Return the serial as the integer that clients know."""
        return serials.number(self.serial)


@dataclass(frozen=True, slots=True)
class Dtu:
    """A DTU; `target` is its name in commands."""

    target: str
    serial: str
    units: tuple[Unit, ...]

    @property
    def inputs(self) -> Iterator[tuple[Unit, int]]:
        """Yield the inputs in the order of the site file."""
        return ((unit, port) for unit in self.units for port in range(1, unit.ports + 1))

    def limit_pct(self, plant: Plant) -> float:
        """Return the limit of the whole DTU: what was given for it, else what its units hold, of their rating."""
        told = plant.in_force(self.target)
        rated_w = sum(unit.rated_w for unit in self.units)
        if told is not None:
            return told.value if told.unit == "%" else min(FULL_PCT * told.value / rated_w, FULL_PCT)
        return sum(Now(plant.views[unit.slot]).limit_pct * unit.rated_w for unit in self.units) / rated_w

    def everywhere(self, plant: Plant, order: Order) -> list[Order]:
        """Return the orders that bring a limit to all units: those that were limited by themselves are told, too."""
        own = [unit.slot for unit in self.units if plant.in_force(unit.slot) is not None]
        return [replace(order, target=target) for target in (self.target, *own)]


def dtu(site: Site, face: DtuFace, name: str) -> Dtu:
    """Return the DTU that a face stands for. Raises ConfigError; `name` is the face's place in the site file."""
    gateway = dtu_of(site, face)
    if gateway is None:
        raise ConfigError(f"{name}.gateway: a face of kind {face.kind} needs a gateway of role dtu")
    models = profile_of(gateway).models
    inverters = [inverter for branch in gateway.branches for inverter in branch.inverters]
    units = tuple(
        Unit(inverter.id, serials.full(inverter.serial), model.ports, model.phases, model.rated_w)
        for inverter in inverters
        for model in (models[inverter.model],)
    )
    return Dtu(f"gateway/{gateway.id}", gateway.host.upper().zfill(serials.DIGITS), units)


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
