"""From the site file to the things it describes."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from config.roles import ROLES
from config.site import Emulation, Gateway, Location, PvModule, Site
from config.site import Inverter as Slot
from emulator.clouds import Regime
from emulator.grid import Feeder, Grid
from emulator.inverter import Inverter, Nameplate, Start
from emulator.module import Module
from emulator.sky import Sky
from emulator.source import Source
from protocols.errors import ConfigError
from protocols.profile import Model, VendorProfile
from protocols.registry import vendor

_UPTIME_S = (3600.0, 4 * 3600.0)  # of a warm unit
_INSTALLED = (1_690_000_000.0, 1_750_000_000.0)  # UTC of a warm unit's first day: so its counter outlives a restart
_YIELD = 0.12  # mean power of a unit by its rating: about 1050 full hours a year
_TOLERANCE = 0.015  # spread of modules of one type, soiling included


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all units of a site share."""

    sky: Sky
    grid: Grid
    plant_a: float  # rated current of all units
    now: float
    utc: float


def profile_of(gateway: Gateway) -> VendorProfile:
    """Return the vendor that a gateway's role speaks for."""
    return vendor(ROLES[gateway.role].vendor)


def surroundings(site: Site, location: Location, *, now: float, utc: float) -> Surroundings:
    """Return sky and grid of a site; loop time `now` is `utc`. Raises ConfigError on an unknown model."""
    clouds = site.emulation.clouds
    regime = None if clouds == "changing" else Regime(clouds)
    plant_a = sum(
        model_of(profile_of(gateway), slot).rated_a
        for gateway in site.gateways
        for branch in gateway.branches
        for slot in branch.inverters
    )
    seed = site.emulation.seed
    return Surroundings(Sky(location, seed, regime), Grid(seed), plant_a, now, utc)


def model_of(profile: VendorProfile, slot: Slot) -> Model:
    """Return the figures of the unit in a slot; raises ConfigError when its vendor has no such model."""
    model = profile.models.get(slot.model)
    if model is None:
        raise ConfigError(f"unit {slot.serial}: unknown model {slot.model!r}; known: {', '.join(profile.models)}")
    return model


def inverters(site: Site, gateway: Gateway, around: Surroundings) -> Iterator[Inverter]:
    """Yield the units of a gateway, branch by branch, from the breaker outwards."""
    profile = profile_of(gateway)
    for branch in gateway.branches:
        for position, slot in enumerate(branch.inverters, start=1):
            model = model_of(profile, slot)
            plate = Nameplate(maker=profile.name.capitalize(), model=model, serial=slot.serial)
            feeder = Feeder(position, len(branch.inverters), plant_a=around.plant_a, unit_a=model.rated_a)
            yield _inverter(site.emulation, plate, slot.module, feeder, around)


def _inverter(
    emulation: Emulation, plate: Nameplate, module: PvModule, feeder: Feeder, around: Surroundings
) -> Inverter:
    seed, warm, model = emulation.seed, emulation.warm, plate.model
    rng = Random(f"{seed}/{plate.serial}/life")
    tolerance = rng.gauss(1, _TOLERANCE)
    age_h = max(around.utc - rng.uniform(*_INSTALLED), 0.0) / 3600
    start = Start(
        now=around.now,
        utc=around.utc,
        warm=warm,
        uptime_s=rng.uniform(*_UPTIME_S),
        counter_wh=model.rated_w * _YIELD * age_h if warm else 0.0,
    )
    source = Source(around.sky, Module(module.rated_w * tolerance), module.tilt, module.azimuth, model.ports)
    return Inverter(plate, source, around.grid, feeder, start=start, seed=seed)
