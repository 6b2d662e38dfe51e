"""A whole plant in one process on virtual time: emulated units, line and modem, driver, gateway, broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.site import Site
from drivers.mqtt import memory
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from emulator.server import Plant
from gateway.app import App
from gateway.log import LogTap
from tests.support.emulated import MIDNIGHT, UTRECHT
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


@dataclass
class Listener:
    """What a client of the broker has heard: the last message of each topic, and all in order."""

    latest: dict[str, Any] = field(default_factory=dict)
    heard: list[tuple[str, Any]] = field(default_factory=list)

    def take(self, message: Message) -> None:
        payload = json.loads(message.payload) if message.payload else None
        self.latest[message.topic] = payload
        self.heard.append((message.topic, payload))

    def of(self, ending: str) -> list[Any]:
        """Return every payload of the topics that end so, in order."""
        return [payload for topic, payload in self.heard if topic.endswith(ending)]


@dataclass
class Scene:
    """What a test may look at and act on."""

    site: Site
    clock: FakeClock
    plant: Plant
    app: App
    ear: Listener
    broker: memory.MemoryBroker

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()


@asynccontextmanager
async def living(plan: Site, clock: FakeClock) -> AsyncIterator[Scene]:
    """Run emulator, gateway and broker for the time of the context, with a listener on every topic."""
    broker = memory.broker(plan.mqtt.url.removeprefix("mem://"))
    broker.start()
    ear = Listener()
    plant = Plant(plan, plan.location, clock, asyncio.get_running_loop().time())
    stop = asyncio.Event()
    async with connect(Options(url=plan.mqtt.url, client_id="ear")) as session:
        await session.subscribe("#")

        async def listen() -> None:
            async for message in session.messages():
                ear.take(message)

        tasks = [asyncio.ensure_future(listen()), asyncio.ensure_future(plant.serve())]
        await plant.ready.wait()
        app = App(plan, clock=clock, tap=LogTap(), inline_store=True)
        daemon = asyncio.ensure_future(app.run(stop))
        try:
            yield Scene(plan, clock, plant, app, ear, broker)
        finally:
            stop.set()
            await daemon
            await asyncio.sleep(0.01)  # the last words reach the listener
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def play(plan: Site, act: Callable[[Scene], Awaitable[None]], *, start_utc: float = MIDNIGHT) -> Scene:
    """Run a scene on virtual time from `start_utc` on and return it."""
    clock = FakeClock(start_utc)

    async def main() -> Scene:
        async with living(plan, clock) as scene:
            await act(scene)
        return scene

    return run(main())
