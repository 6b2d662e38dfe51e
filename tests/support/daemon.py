"""The whole daemon and an emulated plant behind its links: two gateways, three branches, four units."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.site import Site
from drivers.clock import Clock
from emulator.inverter import Inverter
from emulator.server import Plant
from gateway.app import App
from gateway.control.order import Order, Outcome, Report, UnitResult, Verb
from gateway.log import LogTap
from gateway.snapshot import CommState, InverterView
from gateway.telemetry.outbox import SiteEvent
from protocols.commands import WMaxLimPct
from protocols.points import W_MAX_LIM_PCT, Channel
from tests.support.emulated import NOON, UTRECHT
from tests.support.virtual_time import clock_at

RATED_W = {"a": 400.0, "b": 400.0, "c": 500.0, "d": 450.0}
POLL_S = 5.0
PATIENCE_S = 400.0  # a unit that sleeps is asked every five minutes
LOOK_S = 0.05
LIMIT = Channel(W_MAX_LIM_PCT)


def described(folder: Path, *, links: str = "mem://", broker: str = "mem://broker", **changes: Any) -> Site:
    """Return the plant's description; `links` is what the URL of each gateway's link begins with."""

    def gateway(name: str, **branches: str) -> dict[str, Any]:
        return {
            "id": name,
            "role": "m-combiner",
            "link": {"url": f"{links}{folder.name}-{name}", "bit_rate": 9600},
            "poll_s": POLL_S,
            "branches": [
                {"id": branch, "inverters": [_slot(slot) for slot in slots]} for branch, slots in branches.items()
            ],
            **changes,
        }

    return Site.model_validate(
        {
            "location": UTRECHT,
            "state_dir": folder,
            "mqtt": {"url": broker},
            "gateways": [gateway("east", b1="ab", b2="c"), gateway("west", b3="d")],
            "emulation": {"seed": 3, "clouds": "clear"},
        }
    )


def _slot(slot: str) -> dict[str, Any]:
    module = {"rated_w": RATED_W[slot] * 1.3}
    return {"slot": slot, "serial": f"SN000{slot}", "model": f"MI-{RATED_W[slot]:.0f}", "module": module}


@dataclass(slots=True)
class Running:
    """A daemon at work and the plant that it looks after."""

    app: App
    plant: Plant

    def unit(self, slot: str) -> Inverter:
        """Return the emulated unit in a slot."""
        return self.plant.units[f"SN000{slot}"]

    def limits(self) -> dict[str, float]:
        """Return the limits that the units themselves hold, by slot."""
        return {slot: self.unit(slot).life.firmware.limits.owner_pct for slot in RATED_W}

    def limited_w(self) -> float:
        """Return what the units' own limits let through."""
        return sum(pct / 100 * RATED_W[slot] for slot, pct in self.limits().items())

    def view(self, slot: str) -> InverterView:
        """Return what the daemon knows of a slot."""
        return self.app.state.views[slot]

    def heard(self) -> bool:
        """Tell whether every unit has answered a poll."""
        return all(view.comm is CommState.ONLINE and LIMIT in view.values for view in self.app.state.views.values())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once a condition holds; give up after a while."""
        for _ in range(round(PATIENCE_S / LOOK_S)):  # an event would have to come from the emulated units
            if condition():
                return
            await asyncio.sleep(LOOK_S)
        raise AssertionError("waited in vain")

    async def order(self, target: str, verb: Verb = Verb.LIMIT, value: float | None = None, **facts: Any) -> Outcome:
        """Have an order carried out."""
        unit = None if value is None else facts.pop("unit", "%")
        return await self.app.control.submit(
            Order(target=target, verb=verb, value=value, unit=unit, **{"by": "tester", **facts})
        )

    def events(self, *kinds: str) -> list[SiteEvent]:
        """Take the happenings that nobody has taken yet, of some kinds."""
        return [event for event in self.app.outbox.take().events if event.kind in kinds]


def now() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()


def accepted(outcome: Outcome) -> Mapping[str, UnitResult]:
    """Return the results of an order that somebody carries out."""
    assert isinstance(outcome, Report), outcome
    assert outcome.accepted, outcome
    return outcome.units


class Stubborn:
    """Lets a unit refuse every limit until it is told to obey."""

    def __init__(self, daemon: Running, slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.obeys = False
        firmware = daemon.unit(slot).life.firmware
        obey = firmware.command
        monkeypatch.setattr(
            firmware,
            "command",
            lambda command, at: (self.obeys or not isinstance(command, WMaxLimPct)) and obey(command, at),
        )


def silence(daemon: Running, slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a unit hear nothing from now on."""
    monkeypatch.setattr(daemon.unit(slot), "awake", lambda _: False)


@asynccontextmanager
async def running_plant(site: Site, clock: Clock) -> AsyncIterator[Plant]:
    """Run the plant alone."""
    plant = Plant(site, UTRECHT, clock, asyncio.get_running_loop().time())
    async with background(plant.serve()):
        await plant.ready.wait()
        yield plant


@asynccontextmanager
async def running_daemon(site: Site, clock: Clock, plant: Plant) -> AsyncIterator[Running]:
    """Run the daemon until the end, then stop it as a signal does."""
    stop = asyncio.Event()
    app = App(site, clock=clock, tap=LogTap(), inline_store=True)
    task = asyncio.create_task(app.run(stop))
    try:
        yield Running(app, plant)
    finally:
        stop.set()
        await task


@asynccontextmanager
async def running(site: Site, clock: Clock | None = None) -> AsyncIterator[Running]:
    """Run plant and daemon, from noon on unless the clock says otherwise, and wait until every unit has answered."""
    clock = clock or clock_at(NOON)
    async with running_plant(site, clock) as plant, running_daemon(site, clock, plant) as daemon:
        await daemon.until(daemon.heard)
        daemon.app.outbox.take()
        yield daemon


@asynccontextmanager
async def background(work: Any) -> AsyncIterator[None]:
    """Run a coroutine beside the body."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
