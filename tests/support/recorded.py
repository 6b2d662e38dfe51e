"""A plant captured and played again on virtual time, and what was said on MQTT either time."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.plant import reading_of
from config.site import Site
from drivers.capture import Recorder
from drivers.clock import Clock
from drivers.mqtt import memory
from drivers.mqtt.session import Message
from drivers.recording import Recording
from drivers.replay import Replay, ReplayClock
from drivers.stream import open_stream
from emulator.instruments import Instruments
from emulator.script import play
from emulator.server import Plant
from gateway.app import App, Openers
from gateway.log import LogTap
from tests.support.listener import listening
from tests.support.virtual_time import FakeClock, run

VARYING = (
    "/bridge/health",  # memory of the process and such: no part of what the plant did
    "/link",  # statistics, told every ten seconds at most: a nanosecond decides which poll is the first to tell
)


@dataclass
class Played:
    """What was said, and what the recording did not know."""

    said: list[Message]
    replay: Replay

    def transcript(self) -> list[tuple[str, bytes]]:
        return transcript(self.said)


def transcript(said: list[Message]) -> list[tuple[str, bytes]]:
    """Return topics and payloads in order, without those that vary."""
    return [(m.topic, m.payload) for m in said if not m.topic.endswith(VARYING)]


def twice(folder: Path, site: Callable[[Path], Site]) -> tuple[Site, Site]:
    """Return the same site twice, with a ledger and a broker of its own each time."""
    folders = [folder / f"{folder.name}-{when}" for when in ("then", "now")]  # a broker is named by its folder
    for each in folders:
        each.mkdir()
    then, now = map(site, folders)
    return then, now


def captured(
    plan: Site, path: Path, seconds: float, *, start_utc: float, outage_s: tuple[float, float] | None = None
) -> list[Message]:
    """Run an emulated plant and its gateway for a time, captured into a file, and return what was said.

    The site's script is played; during an outage nobody serves the links.
    """

    async def main() -> list[Message]:
        clock = FakeClock(start_utc)
        plant = Plant(plan, plan.location, clock, asyncio.get_running_loop().time())
        serving = asyncio.ensure_future(_serve(plant, outage_s))
        await plant.ready.wait()
        acting = asyncio.ensure_future(play(plan.emulation.script, Instruments(plant), loop=False))
        recorder = Recorder(path, clock, [(gateway.id, gateway.link.url) for gateway in plan.gateways])
        openers = {gateway.id: recorder.opener(gateway.id, open_stream) for gateway in plan.gateways}
        said = await _said(plan, clock, openers, seconds)
        recorder.close()
        await acting
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return said

    return run(main())


async def _serve(plant: Plant, outage_s: tuple[float, float] | None) -> None:
    if outage_s is not None:
        first, last = outage_s
        with suppress(TimeoutError):
            async with asyncio.timeout(first):
                await plant.serve()
        await asyncio.sleep(last - first)
    await plant.serve()


def replayed(plan: Site, path: Path, seconds: float) -> Played:
    """Run the gateway of a site on a recording for a time."""
    recording = Recording(path)

    async def main() -> Played:
        replay = Replay(recording)
        openers = {gateway.id: replay.opener(gateway.id, reading_of(gateway)) for gateway in plan.gateways}
        return Played(await _said(plan, ReplayClock(recording.start_utc), openers, seconds), replay)

    return run(main())


async def _said(plan: Site, clock: Clock, openers: Openers, seconds: float) -> list[Message]:
    memory.broker(plan.mqtt.url.removeprefix("mem://")).start()
    async with listening(plan.mqtt.url, "#") as ear:
        stop = asyncio.Event()
        daemon = asyncio.ensure_future(
            App(plan, clock=clock, tap=LogTap(), inline_store=True, openers=openers).run(stop)
        )
        await asyncio.sleep(seconds)
        stop.set()
        await daemon
        await asyncio.sleep(0.01)  # the last words reach the listener
    return ear.heard
