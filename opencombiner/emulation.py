"""The command `emulate`: the emulated plant, and where its links are."""

import asyncio

import typer

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
    notifier = Notifier.from_environment()
    notifier.ready()
    while True:
        notifier.alive()
        await asyncio.sleep(SIGN_EVERY_S)


async def _act(plant: Plant, emulation: Emulation) -> None:
    await plant.ready.wait()
    await play(emulation.script, Instruments(plant), loop=emulation.loop)
    await asyncio.Event().wait()  # the script is over; serving goes on
