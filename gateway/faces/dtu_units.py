"""A DTU as its clients see it: which units it has, from the site file, and what they say of them now. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from config.faces import DtuFace
from config.plant import gateway_of, profile_of
from config.site import Site
from gateway.control.order import Order
from gateway.faces.desk import Plant
from gateway.faces.now import FULL_PCT, Now
from protocols.errors import ConfigError
from protocols.vendors.hoymiles import serials

PRODUCING = 3  # the only operating status that a source tells


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
    gateway = gateway_of(site, face)
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
