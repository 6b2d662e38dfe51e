"""A whole plant in one process on virtual time: emulated units, line and modem, driver, gateway, broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.site import Site
from drivers.clock import Trust
from drivers.mqtt import memory
from emulator.server import Plant
from gateway.app import App
from gateway.log import LogTap
from tests.support.emulated import MIDNIGHT, UTRECHT
from tests.support.listener import Listener, listening
from tests.support.virtual_time import FakeClock, run

PER_BRANCH = 9  # MI-500 on a 25 A breaker


def site(
    folder: Path, *, units: int = 20, poll_s: float = 60.0, link: dict[str, object] | None = None, **more: object
) -> Site:
    """Return a site in Utrecht whose link and broker are in-process; `more` is merged into the site file."""
    serials = [f"AT{number:06d}" for number in range(1, units + 1)]
    branches = [
        {
            "id": f"b{at // PER_BRANCH + 1}",
            "breaker_a": 25,
            "inverters": [{"serial": serial, "model": "MI-500"} for serial in serials[at : at + PER_BRANCH]],
        }
        for at in range(0, units, PER_BRANCH)
    ]
    gateway = {
        "id": "gw",
        "role": "m-combiner",
        "poll_s": poll_s,
        "link": {"url": "mem://line", "bit_rate": 4800} | (link or {}),
        "branches": branches,
    }
    data: dict[str, object] = {
        "location": UTRECHT.model_dump(),
        "state_dir": folder,
        "mqtt": {"url": f"mem://{folder.name}"},
        "gateways": [gateway],
    }
    return Site.model_validate(data | more)


class Daemon:
    """The gateway, which a scene may stop and start again while the plant lives on."""

    def __init__(self, plan: Site, clock: FakeClock) -> None:
        self._plan = plan
        self._clock = clock
        self.start()

    def start(self) -> None:
        """Start afresh on what the last run stored."""
        self.app = App(self._plan, clock=self._clock, tap=LogTap(), inline_store=True)
        self._stop = asyncio.Event()
        self._task = asyncio.ensure_future(self.app.run(self._stop))

    async def stop(self) -> None:
        """Stop in order."""
        self._stop.set()
        await self._task


@dataclass
class Scene:
    """What a test may look at and act on."""

    site: Site
    clock: FakeClock
    plant: Plant
    daemon: Daemon
    ear: Listener
    broker: memory.MemoryBroker

    @property
    def app(self) -> App:
        return self.daemon.app

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def living(plan: Site, clock: FakeClock) -> AsyncIterator[Scene]:
    """Run emulator, gateway and broker for the time of the context, with a listener on every topic."""
    broker = memory.broker(plan.mqtt.url.removeprefix("mem://"))
    broker.start()
    plant = Plant(plan, plan.location, clock, asyncio.get_running_loop().time())
    async with listening(plan.mqtt.url, "#") as ear:
        serving = asyncio.ensure_future(plant.serve())
        await plant.ready.wait()
        daemon = Daemon(plan, clock)
        try:
            yield Scene(plan, clock, plant, daemon, ear, broker)
        finally:
            await daemon.stop()
            await asyncio.sleep(0.01)  # the last words reach the listener
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def play(
    plan: Site,
    act: Callable[[Scene], Awaitable[None]],
    *,
    start_utc: float = MIDNIGHT,
    trust: Trust = Trust.TRUSTED,
) -> Scene:
    """Run a scene on virtual time from `start_utc` on and return it."""
    clock = FakeClock(start_utc, trust)

    async def main() -> Scene:
        async with living(plan, clock) as scene:
            await act(scene)
        return scene

    return run(main())
