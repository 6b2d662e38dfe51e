"""From the site file to the things it describes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from config.grid_profile import GridProfileFile
from config.grid_profiles import grid_profile
from config.plant import profile_of
from config.site import Emulation, Gateway, Location, PvModule, Site
from config.site import Inverter as Slot
from emulator.clouds import Regime
from emulator.course import Switch
from emulator.feeder import SPACING_M, Feeder, Service, Terminal
from emulator.grid import Grid
from emulator.inverter import Inverter, Nameplate
from emulator.module import Module
from emulator.order import Order
from emulator.setup import Settings, Start
from emulator.sky import Sky
from emulator.source import Source
from protocols.commands import Activate
from protocols.errors import ConfigError
from protocols.profile import Model, VendorProfile

_UPTIME_S = (3600.0, 4 * 3600.0)  # of a warm unit
_INSTALLED = (1_690_000_000.0, 1_750_000_000.0)  # UTC of a warm unit's first day: so its counter outlives a restart
_YIELD = 0.12  # mean power of a unit by its rating: about 1050 full hours a year
_TOLERANCE = 0.015  # spread of modules of one type, soiling included
_CLOUDS_M_PER_S = 10.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all units of a site share."""

    sky: Sky
    grid: Grid
    service: Service
    profile: GridProfileFile
    order: Order
    emulation: Emulation
    now: float
    utc: float


@dataclass(frozen=True, slots=True)
class Place:
    """A slot on the roof with its connection; units come and go."""

    around: Surroundings
    vendor: VendorProfile
    model: Model
    module: PvModule
    terminal: Terminal

    def source(
        self, serial: str, *, cell_count: int | None = None, in_series: int = 1, sky: Sky | None = None
    ) -> Source:
        """Return what the modules here give, others that somebody has put in their place, or under another sky."""
        emulation, module, sky = self.around.emulation, self.module, sky or self.around.sky
        tolerance = Random(f"{emulation.seed}/{serial}/module").gauss(1, _TOLERANCE)
        specimen = Module(module.rated_w, cell_count=cell_count, tolerance=tolerance, in_series=in_series)
        delay_s = self.terminal.position * SPACING_M / _CLOUDS_M_PER_S
        return Source(sky, specimen, module.tilt, module.azimuth, self.model.ports, delay_s=delay_s)

    def unit(self, serial: str, start: Start, *, commissioned: bool) -> Inverter:
        """Hang a unit here; without an order to do so a new one feeds only where there is no such order."""
        emulation = self.around.emulation
        plate = Nameplate(maker=self.vendor.maker, model=self.model, serial=serial)
        settings = Settings(
            profile=self.around.profile,
            activated=commissioned or Activate not in self.vendor.commands,
            commissioned=commissioned,
            auto_next_start=emulation.insulation_latch == "auto_next_start",
        )
        source, order = self.source(serial), self.around.order
        return Inverter(plate, source, self.terminal, order, settings, start=start, seed=emulation.seed)

    def first_unit(self, serial: str) -> Inverter:
        """Hang the unit here that the site file names."""
        emulation, warm = self.around.emulation, self.around.emulation.warm
        rng = Random(f"{emulation.seed}/{serial}/life")
        age_h = max(self.around.utc - rng.uniform(*_INSTALLED), 0.0) / 3600
        start = Start(
            now=self.around.now,
            utc=self.around.utc,
            warm=warm,
            uptime_s=rng.uniform(*_UPTIME_S),
            counter_wh=self.model.rated_w * _YIELD * age_h if warm else 0.0,
        )
        return self.unit(serial, start, commissioned=emulation.activated)


def surroundings(site: Site, location: Location, *, now: float, utc: float) -> Surroundings:
    """Return what the units of a site share; loop time `now` is `utc`.

    Raises ConfigError on an unknown model and on an unknown or wrong grid profile.
    """
    emulation, profile = site.emulation, grid_profile(site.grid_profile)
    regime = None if emulation.clouds == "changing" else Regime(emulation.clouds)
    plant_a = sum(
        model_of(profile_of(gateway), slot).rated_a
        for gateway in site.gateways
        for branch in gateway.branches
        for slot in branch.inverters
    )
    nominal = profile.nominal
    return Surroundings(
        sky=Sky(location, emulation.seed, regime),
        grid=Grid(emulation.seed, nominal.v_ln, nominal.hz, still=emulation.grid == "still"),
        service=Service(nominal.v_ln, plant_a, emulation.service_ohm),
        profile=profile,
        order=Order(),
        emulation=emulation,
        now=now,
        utc=utc,
    )


def model_of(profile: VendorProfile, slot: Slot) -> Model:
    """Return the figures of the unit in a slot; raises ConfigError when its vendor has no such model."""
    model = profile.models.get(slot.model)
    if model is None:
        raise ConfigError(f"unit {slot.serial}: unknown model {slot.model!r}; known: {', '.join(profile.models)}")
    return model


def feeders(gateway: Gateway, around: Surroundings, *shared: Switch) -> dict[str, Feeder]:
    """Return the branches of a gateway by id, each with a breaker of its own behind those that they share."""
    return {branch.id: Feeder(around.service, around.grid.branch(branch.phase, *shared)) for branch in gateway.branches}


def places(gateway: Gateway, feeders: Mapping[str, Feeder], around: Surroundings) -> Iterator[tuple[str, str, Place]]:
    """Yield branch id, serial and place of each slot, branch by branch, from the breaker outwards."""
    profile = profile_of(gateway)
    for branch in gateway.branches:
        for slot in branch.inverters:
            model = model_of(profile, slot)
            terminal = feeders[branch.id].place(model.rated_a)
            yield branch.id, slot.serial, Place(around, profile, model, slot.module, terminal)
