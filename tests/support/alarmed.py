"""The whole daemon with scripted units, an in-process broker and a listener, on virtual time."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.site import Site
from drivers.mqtt import memory
from drivers.mqtt.session import Message
from gateway.app import App
from gateway.log import LogTap
from tests.support.emulated import NOON
from tests.support.listener import Listener, listening
from tests.support.scripted_plant import Plant, Unit, described, serving
from tests.support.virtual_time import FakeClock, run

ROOT = "opencombiner/home"


@dataclass
class Scene:
    """What a test may look at and act on."""

    site: Site
    clock: FakeClock
    plant: Plant
    ear: Listener
    broker: memory.MemoryBroker
    app: App
    stop: asyncio.Event
    task: "asyncio.Task[None]"

    def unit(self, slot: str) -> Unit:
        return self.plant.units[slot]

    def alarms(self, subject: str) -> dict[int, dict[str, Any]]:
        """Return the retained list of a subject by code."""
        retained = self.broker.retained[f"{ROOT}/{subject}/alarms"]
        return {alarm["code"]: alarm for alarm in json.loads(retained.payload)}

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        """Return what was said of alarms, in order, of some kinds if any are named."""
        heard = [json.loads(said.payload) for said in self.broker.transcript if said.topic.endswith("/event")]
        return [each for each in heard if "code" in each and (not kinds or each["kind"] in kinds)]

    def edges(self, *kinds: str) -> list[tuple[str, int, str]]:
        """Return the same as subject, code and kind."""
        return [(each["subject"], each["code"], each["kind"]) for each in self.events(*kinds)]

    async def ask(self, target: str, code: int, action: str, within_s: float = 70.0, **more: Any) -> dict[str, Any]:
        """Ask something of an alarm as an operator does, and return the answer."""
        mark = f"t{len(self.ear.heard)}"
        facts = {"target": target, "code": code, "action": action, "by": "ann", "transaction": mark, **more}
        await self.ear.publish(Message(f"{ROOT}/bridge/request/alarm", json.dumps(facts).encode(), 1))
        async with asyncio.timeout(within_s):
            while True:
                for answer in self.ear.of("bridge/response/alarm"):
                    if answer["transaction"] == mark:
                        assert isinstance(answer, dict)
                        return answer
                await asyncio.sleep(0.1)

    def left_behind(self) -> Site:
        """Return a site whose database is what a kill at this instant would leave."""
        folder = self.site.state_dir.with_name(f"{self.site.state_dir.name}-killed")
        shutil.copytree(self.site.state_dir, folder)
        return self.site.model_copy(update={"state_dir": folder})

    async def die(self) -> None:
        """End the daemon; what it still says to its own database nobody will read."""
        self.task.cancel()
        await self.end()

    async def end(self) -> None:
        """Stop the daemon in order if it runs; raises what it died of."""
        self.stop.set()
        await asyncio.wait((self.task,))
        if not self.task.cancelled():
            self.task.result()

    async def restart(self, site: Site | None = None) -> None:
        """Stop the daemon in order if it runs, and start another one, on another site's database if one is given."""
        await self.end()
        self.app, self.stop, self.task = _start(site or self.site, self.clock)


def _start(site: Site, clock: FakeClock) -> "tuple[App, asyncio.Event, asyncio.Task[None]]":
    stop = asyncio.Event()
    app = App(site, clock=clock, tap=LogTap(), inline_store=True)
    return app, stop, asyncio.ensure_future(app.run(stop))


@asynccontextmanager
async def _living(site: Site, clock: FakeClock) -> AsyncIterator[Scene]:
    broker = memory.broker(site.mqtt.url.removeprefix("mem://"))
    broker.start()
    plant = Plant(site)
    async with listening(site.mqtt.url, "#") as ear, serving(plant):
        scene = Scene(site, clock, plant, ear, broker, *_start(site, clock))
        try:
            await asyncio.sleep(20)  # every unit has been polled
            yield scene
        finally:
            await scene.end()


def play(
    folder: Path, act: Callable[[Scene], Awaitable[None]], *, branches: dict[str, int] | None = None, **gateway: Any
) -> Scene:
    """Run a scene at noon and return it; `gateway` are settings of the gateway."""
    state = folder / "state"
    state.mkdir()
    name = folder.name
    site = described(state, link=f"mem://{name}", broker=f"mem://{name}", branches=branches or {"east": 1}, **gateway)

    async def main() -> Scene:
        async with _living(site, FakeClock(NOON)) as scene:
            await act(scene)
            await asyncio.sleep(1)
        return scene

    return run(main())
