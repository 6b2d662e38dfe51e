"""The command `demo`: broker, emulated plant and gateway on this machine, and a look at what they publish."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from rich.console import Console
from rich.live import Live

from config.loader import load_packaged
from config.site import Mqtt, Site
from drivers.clock import Clock
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Options, Session
from drivers.together import first_of
from opencombiner.broker import HOST, embedded_broker
from opencombiner.child import Child, child
from opencombiner.operator import operate
from opencombiner.tables import live_line, live_table
from opencombiner.view import View
from protocols.errors import OpenCombinerError

_FRAME_S = 0.5  # between two pictures of the table
_LOGS = ("--log-format", "console")  # a person reads them, and the last words of a part that failed
_LINE_S = 5.0  # between two lines where there is no terminal


class ChildEndedError(OpenCombinerError):
    """A part of the demo ended by itself."""


async def demo(clock: Clock, stop: asyncio.Event, seconds: float | None) -> bool:
    """Run the demo until the event is set or the time is over; return whether every slot's values arrived.

    Nothing of it is left behind. Raises ChildEndedError with the last words of a part that failed.
    """
    console = Console(highlight=False, markup=False)
    with TemporaryDirectory(prefix="opencombiner-") as name:
        folder = Path(name)
        async with _libraries_log_to(folder / "demo.log"), embedded_broker() as port:
            site = demo_site(clock, folder, port)
            file = folder / "site.yaml"
            file.write_text(site.model_dump_json(indent=2), "utf-8")  # JSON is YAML
            console.print(where_to_look(site, port, folder), soft_wrap=True)
            view = View(f"{site.mqtt.base}/{site.id}")
            async with (
                child("emulator", "emulate", str(file), *_LOGS, log=folder / "emulator.log") as emulator,
                child("gateway", "run", str(file), *_LOGS, log=folder / "gateway.log") as gateway,
            ):
                await first_of(
                    *(stop.wait(), _outlive(emulator), _outlive(gateway)),
                    *(_listen(site.mqtt, view), _show(view, site, console)),
                    within_s=seconds,
                )
            return all(view.heard_from(slot) for slot in slots(site))


@asynccontextmanager
async def _libraries_log_to(path: Path) -> AsyncIterator[None]:
    """Keep what libraries log off the screen, which is the table's; what they say after the end goes nowhere."""
    handler = logging.FileHandler(path)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.addHandler(logging.NullHandler())
        root.removeHandler(handler)
        handler.close()


def demo_site(clock: Clock, folder: Path, port: int) -> Site:
    """Return the demo's plant with its links and its database in `folder` and its broker on `port`."""
    site = load_packaged("demo.yaml", clock)
    gateways = tuple(
        gateway.model_copy(update={"link": gateway.link.model_copy(update={"url": f"pty:{folder / gateway.id}"})})
        for gateway in site.gateways
    )
    mqtt = site.mqtt.model_copy(update={"url": f"mqtt://{HOST}:{port}"})
    return site.model_copy(update={"state_dir": folder, "mqtt": mqtt, "gateways": gateways})


def slots(site: Site) -> list[str]:
    """Return the ids of all slots."""
    return [unit.id for gateway in site.gateways for branch in gateway.branches for unit in branch.inverters]


def where_to_look(site: Site, port: int, folder: Path) -> str:
    """Return what a user is told at the start."""
    return f"""\
{len(slots(site))} emulated inverters, their gateway and a broker run here until Ctrl-C.
  all topics       mosquitto_sub -h {HOST} -p {port} -v -t '{site.mqtt.base}/#'
  Home Assistant   MQTT integration with broker {HOST}, port {port}; the plant appears by itself
  logs             {folder}
"""


async def _outlive(part: Child) -> NoReturn:
    code = await part.process.wait()
    raise ChildEndedError(f"{part.name} ended with exit code {code}; its last words:\n{part.tail()}")


async def _listen(mqtt: Mqtt, view: View) -> None:
    options = Options(url=mqtt.url, client_id=f"opencombiner-demo-{os.getpid()}")
    async with connect(options) as session:
        await session.subscribe(f"{view.prefix}/#")
        await first_of(_hear(session, view), operate(session, view))


async def _hear(session: Session, view: View) -> None:
    async for message in session.messages():
        view.hear(message)


async def _show(view: View, site: Site, console: Console) -> None:
    if not console.is_terminal:
        while True:
            await asyncio.sleep(_LINE_S)
            console.print(live_line(view))
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(live_table(view, site), refresh=True)
            await asyncio.sleep(_FRAME_S)
