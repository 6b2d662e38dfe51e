"""The command `emulate`: the emulated plant, or a shard of a fleet, and where its links are."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from config.fleet import Fleet
from config.loader import LoadedSite
from config.plant import units
from config.site import Emulation, Site
from drivers.clock import Clock
from drivers.stream import listen
from drivers.together import first_of
from emulator import standing
from emulator.control import Control
from emulator.instruments import Instruments
from emulator.script import play
from emulator.server import Plant
from gateway.notify import Notifier
from protocols.errors import ConfigError

SIGN_EVERY_S = 5.0  # as the gateway's


async def emulate(
    site: Site, seed: int | None, clock: Clock, stop: asyncio.Event, *, control: str | None = None
) -> None:
    """Serve the plant of a site until the event is set; `seed` replaces the site file's.

    `control`, HOST:PORT, is where its instruments can be used from outside. Raises ConfigError.
    """
    site = _seeded(site, seed)
    plant = Plant(site, site.location, clock, asyncio.get_running_loop().time())
    works = [plant.serve(), _tell(plant), _act(plant, site.emulation)]
    if control is not None:
        works.append(_obey(plant, site, control))
    await first_of(stop.wait(), *works)


def _seeded(site: Site, seed: int | None) -> Site:
    if seed is None:
        return site
    return site.model_copy(update={"emulation": site.emulation.model_copy(update={"seed": seed})})


async def stand_in(site: Site, seed: int | None, clock: Clock, stop: asyncio.Event, *, link: str, serial: str) -> None:
    """Be one unit of a site on the radio bridge at `link` until the event is set.

    Raises ConfigError when that cannot be, LinkDownError when the bridge is gone.
    """
    unit = standing.stand_in(_seeded(site, seed), serial, link, clock, asyncio.get_running_loop().time())
    typer.echo(f"{serial} is on {link}")
    await first_of(stop.wait(), unit.run())


def fleet_of(loaded: LoadedSite, units: int, base: str) -> Fleet:
    """Return a fleet after the pattern of a site file, whose link 0 is at HOST:PORT. Raises ConfigError."""
    host, _, port = base.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigError(f"--base {base}: write HOST:PORT")
    if isinstance(loaded.document.data, dict) and loaded.document.data.get("location") == "daylight":
        raise ConfigError("location: daylight depends on when a process starts; give a fleet a place of its own")
    return Fleet(loaded.site, units, host, int(port))


def write_shard(fleet: Fleet, shard: tuple[int, int], path: Path | None) -> None:
    """Write the site file of a shard, if there is a path."""
    if path is not None:
        content = fleet.site(*fleet.shard(*shard)).model_dump_json(exclude_defaults=True)  # JSON is YAML
        path.write_text(f"{content}\n", "utf-8")


async def emulate_fleet(
    fleet: Fleet, shard: tuple[int, int], seed: int | None, clock: Clock, stop: asyncio.Event
) -> None:
    """Serve the links of a shard until the event is set; every link is a plant of its own. Raises ConfigError."""
    numbers = fleet.shard(*shard)
    plants = []
    with Progress(console=Console(stderr=True), transient=True) as bar:
        for number in bar.track(numbers, description=f"{fleet.units} units, shard {shard[0]} of {shard[1]}"):
            site = _seeded(fleet.site(number), seed)
            plants.append(Plant(site, site.location, clock, asyncio.get_running_loop().time()))
            await asyncio.sleep(0)  # a stop is heard meanwhile
    units = sum(len(plant.units) for plant in plants)
    works = [plant.serve() for plant in plants]
    await first_of(stop.wait(), *works, _tell_all(plants, f"{units} units on {len(numbers)} links"))


async def _tell_all(plants: Sequence[Plant], told: str) -> None:
    for plant in plants:
        await plant.ready.wait()
    urls = [listener.url for plant in plants for listener in plant.listeners.values()]
    typer.echo(f"{told}, {urls[0]} to {urls[-1]}" if urls else f"{told}: this shard is empty")
    await _be_alive()


async def _obey(plant: Plant, site: Site, control: str) -> None:
    listener = await listen(f"socket://{control}")
    try:
        typer.echo(f"control: {listener.url}")
        await Control(plant, {unit.serial: unit.id for _, _, unit in units(site)}).serve(listener)
    finally:
        listener.close()


async def _tell(plant: Plant) -> None:
    await plant.ready.wait()
    for gateway, listener in plant.listeners.items():
        typer.echo(f"{gateway}: {listener.url}")
    await _be_alive()


async def _be_alive() -> None:
    notifier = Notifier.from_environment()
    notifier.ready()
    while True:
        notifier.alive()
        await asyncio.sleep(SIGN_EVERY_S)


async def _act(plant: Plant, emulation: Emulation) -> None:
    await plant.ready.wait()
    await play(emulation.script, Instruments(plant), loop=emulation.loop)
    await asyncio.Event().wait()  # the script is over; serving goes on
