"""An ECU as its clients see it: which units it has, from the site file."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.faces import EcuFace
from config.plant import gateway_of, profile_of
from config.site import Gateway, Site
from protocols.errors import ConfigError
from protocols.profile import Model


@dataclass(frozen=True, slots=True)
class Unit:
    """An inverter."""

    slot: str
    serial: str
    model: Model


@dataclass(frozen=True, slots=True)
class Ecu:
    """An ECU; `target` is its name in commands, `after_pct` the limit that its units have without another."""

    target: str
    id: str
    units: tuple[Unit, ...]
    after_pct: float

    @property
    def rated_w(self) -> float:
        """Return the rated power of all units."""
        return sum(unit.model.rated_w for unit in self.units)


def ecu(site: Site, face: EcuFace, name: str) -> Ecu:
    """Return the ECU that a face stands for. Raises ConfigError; `name` is the face's place in the site file."""
    gateway = gateway_of(site, face)
    if gateway is None:
        raise ConfigError(f"{name}.gateway: a face of kind {face.kind} needs a gateway of role {face.role}")
    return Ecu(f"gateway/{gateway.id}", gateway.host, tuple(_units(gateway)), gateway.fallback_limit_pct)


def _units(gateway: Gateway) -> Iterator[Unit]:
    models = profile_of(gateway).models
    for branch in gateway.branches:
        for inverter in branch.inverters:
            yield Unit(inverter.id, inverter.serial, models[inverter.model])
