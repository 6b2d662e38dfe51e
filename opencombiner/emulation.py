"""The command `emulate`: the emulated plant, and where its links are."""

import asyncio

import typer

from config.site import Site
from drivers.clock import Clock
from emulator.server import Plant
from opencombiner.lifetime import first_of


async def emulate(site: Site, seed: int | None, clock: Clock, stop: asyncio.Event) -> None:
    """Serve the plant of a site until the event is set; `seed` replaces the site file's. Raises ConfigError."""
    if seed is not None:
        site = site.model_copy(update={"emulation": site.emulation.model_copy(update={"seed": seed})})
    plant = Plant(site, site.location, clock, asyncio.get_running_loop().time())
    await first_of(stop.wait(), plant.serve(), _tell(plant))


async def _tell(plant: Plant) -> None:
    await plant.ready.wait()
    for gateway, listener in plant.listeners.items():
        typer.echo(f"{gateway}: {listener.url}")
    await asyncio.Event().wait()  # all is said; serving goes on
