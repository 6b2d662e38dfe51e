"""Pieces of an emulated plant for tests: a place, times, links, units."""

from collections.abc import Callable
from datetime import UTC, datetime

from config.grid_profiles import grid_profile
from config.links import PlcLink
from config.site import Impairments, Location
from emulator.clouds import Regime
from emulator.feeder import SPACING_M, Feeder, Service
from emulator.grid import Grid
from emulator.inverter import Inverter, Nameplate
from emulator.media.plc.line import Line
from emulator.module import Module
from emulator.order import Order
from emulator.setup import Settings, Start
from emulator.sky import Sky
from emulator.source import Source
from protocols.points import INV_ST, Channel, Point
from protocols.profile import Model
from protocols.states import InvSt
from protocols.vendors.atmoce.led import Led, led

UTRECHT = Location(latitude=52.09, longitude=5.12, timezone="Europe/Amsterdam")
MIDNIGHT = datetime(2026, 6, 21, tzinfo=UTC).timestamp()
NOON = MIDNIGHT + 11.66 * 3600  # solar noon at 5.12° east, equation of time included
HOUR = 3600.0


def model(rated_w: float = 450.0, ports: int = 1) -> Model:
    return Model(
        name=f"T-{rated_w:.0f}",
        ports=ports,
        rated_w=rated_w,
        rated_a=rated_w / 230,
        dc_start_v=22.0,
        dc_stop_v=16.0,
        dc_max_v=60.0,
        dc_max_a=16.0,
        units_per_breaker={20: 7},
        source="test",
    )


def unit(  # noqa: PLR0913 - a test names what it cares about
    at: float = NOON,
    *,
    warm: bool = True,
    regime: Regime | None = Regime.CLEAR,
    seed: int = 1,
    rated_w: float = 450.0,
    module_w: float = 430.0,
    ports: int = 1,
    uptime_s: float = 0.0,
    profile: str = "eu_en_50549_1_2019",
    grid: Grid | None = None,
    ohm: float | None = None,
    cable_m: float = SPACING_M,
    activated: bool = True,
    auto_next_start: bool = False,
    serial: str = "T0001",
) -> Inverter:
    """Return a unit in Utrecht, alone on its branch, whose loop time 0 is the UTC `at`; `ohm` of the service line."""
    settings = grid_profile(profile)
    source = Source(Sky(UTRECHT, seed, regime), Module(module_w), 35.0, 180.0, ports)
    plate = Nameplate(maker="Test", model=model(rated_w, ports), serial=serial)
    start = Start(now=0.0, utc=at, warm=warm, uptime_s=uptime_s)
    nominal = settings.nominal
    grid = grid or Grid(seed, nominal.v_ln, nominal.hz)
    feeder = Feeder(Service(nominal.v_ln, plate.model.rated_a, ohm), grid.branch(), cable_m)
    setup = Settings(profile=settings, activated=activated, auto_next_start=auto_next_start)
    return Inverter(plate, source, feeder.place(plate.model.rated_a), Order(), setup, start=start, seed=seed)


def link(**settings: object) -> PlcLink:
    return PlcLink.model_validate({"url": "mem://line"} | settings)


def line(plc: PlcLink | None = None, *, seed: str = "1/line", **impairments: float) -> Line:
    return Line(plc or link(), Impairments.model_validate(impairments), seed)


class Rig:
    """A unit at a still grid of no resistance, where things are done to it at exact loop times."""

    def __init__(self, profile: str = "eu_en_50549_1_2019", at: float = NOON, **settings: object) -> None:
        nominal = grid_profile(profile).nominal
        self.grid = Grid(1, nominal.v_ln, nominal.hz, still=True)
        self.unit = unit(at, profile=profile, grid=self.grid, ohm=0.0, cable_m=0.0, **settings)  # type: ignore[arg-type]
        self.supply = self.unit.life.terminal.supply
        self._at = at

    def do(self, t: float, act: Callable[[float], object]) -> None:
        """Do something at loop time `t`; `act` is told the UTC."""
        utc = self._at + t
        self.unit.life.advance(utc)
        act(utc)
        self.unit.life.interrupt(utc)
        self.unit.life.advance(utc)

    def modules(self, module: Module) -> Source:
        """Return other modules on the same roof."""
        return Source(Sky(UTRECHT, 1, Regime.CLEAR), module, 35.0, 180.0, 1)

    def volt(self, t: float, pu: float | None, ramp_s: float = 0.0) -> None:
        self.do(t, lambda utc: self.grid.volt.set(utc, None if pu is None else pu * self.grid.v_nom, ramp_s))

    def hertz(self, t: float, hz: float | None, ramp_s: float = 0.0) -> None:
        self.do(t, lambda utc: self.grid.hertz.set(utc, hz, ramp_s))

    def mains(self, t: float, *, on: bool) -> None:
        self.do(t, lambda utc: self.grid.breaker.move(utc, closed=on))

    def shows(self, t: float, point: Point, port: int = 0) -> float:
        value = self.unit.values(t)[Channel(point, port)]
        assert isinstance(value, int | float)
        return value

    def led(self, t: float) -> Led:
        return led(InvSt(int(self.shows(t, INV_ST))), self.unit.alarms(t))
