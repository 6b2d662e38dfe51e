"""The whole stack in one process: emulated plant, line and modem, driver, gateway, broker; every edge in memory.

Nothing here waits for anything outside, so it lives on virtual time.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.bench import WORDS
from config.plant import cycle, units
from config.scenarios import Case
from config.site import Site
from drivers.clock import Trust
from drivers.mqtt import memory
from drivers.mqtt.session import Message
from drivers.stream import open_stream
from drivers.transport import Opener
from emulator.server import Plant
from gateway.app import App
from gateway.log import LogTap
from gateway.mqtt.options import mqtt_options
from gateway.snapshot import InverterView
from hil.instruments import Das, Instrument
from hil.instruments.emulated import EmulatedPlant
from hil.instruments.surroundings import Surroundings
from hil.lamps import shown
from hil.tap import tapped
from hil.trace import Heard, Lamp, Trace
from hil.virtual_time import VirtualClock


@dataclass(frozen=True, slots=True)
class Stand:
    """A bench that is ready: its instruments by word, what measures, what is written down.

    `polls_s`: how often the gateway asks each slot; `start_utc`: its clock at the beginning, where ours agrees with it.
    """

    trace: Trace
    instruments: Mapping[str, Instrument]
    das: Das | None
    polls_s: Mapping[str, float]
    start_utc: float | None


@dataclass(frozen=True, slots=True)
class Lab:
    """The stack in this process, ready: the stand, and what only somebody in the same process can touch."""

    stand: Stand
    site: Site
    plant: Plant
    daemon: "Daemon"
    broker: memory.MemoryBroker
    clock: VirtualClock


class Daemon:
    """The gateway, which may be stopped and started again while the plant lives on."""

    def __init__(self, site: Site, clock: VirtualClock, trace: Trace, openers: Mapping[str, Opener]) -> None:
        self.trace = trace
        self._site = site
        self._broker = memory.broker(site.mqtt.url.removeprefix("mem://"))
        self._client = mqtt_options(site.mqtt, site.id).client_id
        self._killed = 0
        self._clock = clock
        self._openers = openers
        self._began = asyncio.get_running_loop().time()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.app: App | None = None  # while it runs
        self._lit: dict[str, str] = {}

    def start(self) -> None:
        """Start on what the last run stored; nothing if it runs."""
        if self._task is not None:
            return
        taps = {
            one.id: tapped(one.id, self._openers.get(one.id, open_stream), self.now, self.trace.frames.append)
            for one in self._site.gateways
        }
        app = App(self._site, clock=self._clock, tap=LogTap(), inline_store=True, openers=taps)
        app.state.watch(self._look)
        self.app, self._stop = app, asyncio.Event()
        self._task = asyncio.ensure_future(app.run(self._stop))

    async def stop(self) -> None:
        """Stop in order; nothing if it does not run. Raises what it died of."""
        task, self._task, self.app = self._task, None, None
        if task is not None:
            self._stop.set()
            await task

    async def kill(self) -> None:
        """End at this instant, as kill -9 does; nothing if it does not run.

        The next start finds the database as it was then, and the broker says the last will.
        """
        task, self._task, self.app = self._task, None, None
        if task is None:
            return
        self._killed += 1
        left = self._site.state_dir.with_name(f"state-{self._killed}")
        shutil.copytree(self._site.state_dir, left)
        self._site = self._site.model_copy(update={"state_dir": left})
        if self._broker.serves(self._client):
            self._broker.drop(self._client)
        task.cancel()  # what it still stores, nobody will read
        await asyncio.wait((task,))

    def now(self) -> float:
        """Return the seconds since the run began."""
        return asyncio.get_running_loop().time() - self._began

    def _look(self, view: InverterView) -> None:
        """Note what the lamp of a unit shows, when it shows something else."""
        lamp = shown(view)
        if lamp is not None and self._lit.get(view.identity.slot) != lamp:
            self._lit[view.identity.slot] = lamp
            self.trace.lamps.append(Lamp(self.now(), view.identity.slot, lamp))


@asynccontextmanager
async def lab(case: Case, folder: Path) -> AsyncIterator[Lab]:
    """Build the stack of a case on the running loop, for the time of the context; `folder` is empty."""
    if case.scenario is None or case.site is None:
        raise AssertionError("a case that does not apply is not run")
    site = in_memory(case.site, folder)
    began, start_utc = asyncio.get_running_loop().time(), case.scenario.start.timestamp()
    clock = VirtualClock(start_utc - began, Trust(case.scenario.clock))
    plant = Plant(site, site.location, clock, began)
    serving = asyncio.ensure_future(plant.serve())
    try:
        await plant.ready.wait()
        async with gateway_of(site, clock) as (daemon, broker, around):
            emulated = EmulatedPlant(plant, {unit.serial: unit.id for _, _, unit in units(site)})
            instruments: dict[str, Instrument] = {**dict.fromkeys(WORDS, emulated), "hil": around}
            said_utc = None if steps(case) else start_utc
            stand = Stand(daemon.trace, instruments, emulated, polls_s(site), said_utc)
            yield Lab(stand, site, plant, daemon, broker, clock)
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@asynccontextmanager
async def gateway_of(
    site: Site, clock: VirtualClock, openers: Mapping[str, Opener] | None = None
) -> AsyncIterator[tuple["Daemon", memory.MemoryBroker, Surroundings]]:
    """Run the gateway of a site that is in memory, and its broker, for the time of the context; the run begins now."""
    site.state_dir.mkdir()
    daemon = Daemon(site, clock, Trace(lamps_seen=True), openers or {})
    broker = _broker(site, daemon)
    daemon.start()
    try:
        yield daemon, broker, Surroundings(broker, clock, daemon, f"{site.mqtt.base}/{site.id}")
    finally:
        await daemon.stop()
        memory.forget(broker.name)


def steps(case: Case) -> bool:
    """Tell whether the wall clock is set in a case: then instants in UTC say nothing of the time that passed."""
    return any(event.name.startswith("clock_") for event in case.events)


def in_memory(site: Site, folder: Path) -> Site:
    """Return a site with every edge in this process: links, broker, database in a folder of its own."""
    gateways = tuple(
        one.model_copy(update={"link": one.link.model_copy(update={"url": f"mem://{one.id}"})}) for one in site.gateways
    )
    mqtt = site.mqtt.model_copy(update={"url": f"mem://{folder.name}", "user": None, "tls": None})
    return site.model_copy(update={"gateways": gateways, "mqtt": mqtt, "state_dir": folder / "state"})


def polls_s(site: Site) -> dict[str, float]:
    """Return how far apart two live polls of each slot are."""
    return {unit.id: cycle(gateway).period_s for _, gateway, unit in units(site)}


def _broker(site: Site, daemon: Daemon) -> memory.MemoryBroker:
    broker = memory.broker(site.mqtt.url.removeprefix("mem://"))
    broker.start()
    root = f"{site.mqtt.base}/{site.id}/"

    def heard(message: Message) -> None:
        if message.topic.startswith(root):
            daemon.trace.hear(Heard(daemon.now(), message.topic.removeprefix(root), message.payload))

    broker.heard = heard
    return broker
