"""Pieces of an emulated plant for tests: a place, times, links, units."""

from datetime import UTC, datetime

from config.site import Impairments, Location, PlcLink
from emulator.clouds import Regime
from emulator.grid import Feeder, Grid
from emulator.inverter import Inverter, Nameplate, Start
from emulator.medium import Line
from emulator.module import Module
from emulator.sky import Sky
from emulator.source import Source
from protocols.profile import Model

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


def unit(
    at: float = NOON,
    *,
    warm: bool = True,
    regime: Regime | None = Regime.CLEAR,
    seed: int = 1,
    rated_w: float = 450.0,
    module_w: float = 430.0,
    ports: int = 1,
    uptime_s: float = 0.0,
) -> Inverter:
    """Return a unit in Utrecht whose loop time 0 is the UTC `at`."""
    source = Source(Sky(UTRECHT, seed, regime), Module(module_w), 35.0, 180.0, ports)
    plate = Nameplate(maker="Test", model=model(rated_w, ports), serial="T0001")
    start = Start(now=0.0, utc=at, warm=warm, uptime_s=uptime_s)
    return Inverter(plate, source, Grid(seed), Feeder(3, 8, 8 * 1.96, 1.96), start=start, seed=seed)


def link(**settings: object) -> PlcLink:
    return PlcLink.model_validate({"url": "mem://line"} | settings)


def line(plc: PlcLink | None = None, *, seed: str = "1/line", **impairments: float) -> Line:
    return Line(plc or link(), Impairments.model_validate(impairments), seed)
