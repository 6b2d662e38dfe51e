"""A plant, its daemon and its faces on loopback, in one process and in real time, for clients of other people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.site import Site
from tests.support.emulated import NOON
from tests.support.mosquitto import free_port
from tests.support.daemon import Running, described, running_daemon, running_plant
from tests.support.virtual_time import FakeClock

PATIENCE_S = 30.0
POLL_S = 0.5


@dataclass
class Served:
    """A daemon at work and where its faces listen."""

    daemon: Running
    ports: list[int]


def faced(folder: Path, *faces: dict[str, Any], poll_s: float = POLL_S) -> tuple[Site, list[int]]:
    """Return the plant of `daemon` with faces on free ports."""
    ports = [free_port() for _ in faces]
    plain = described(folder, poll_s=poll_s)
    sections = [face | {"port": port} for face, port in zip(faces, ports, strict=True)]
    return Site.model_validate({**plain.model_dump(), "faces": sections}), ports


@asynccontextmanager
async def served(folder: Path, *faces: dict[str, Any], poll_s: float = POLL_S) -> AsyncIterator[Served]:
    """Run plant, daemon and faces until every unit has answered and every face listens."""
    site, ports = faced(folder, *faces, poll_s=poll_s)
    clock = FakeClock(NOON)
    async with running_plant(site, clock) as plant, running_daemon(site, clock, plant) as daemon:
        await daemon.until(daemon.heard)
        for face in daemon.app.faces.values():
            await face.ready.wait()
        daemon.app.outbox.take()
        yield Served(daemon, ports)


def serving(
    folder: Path, act: Callable[[Served], Awaitable[None]], *faces: dict[str, Any], poll_s: float = POLL_S
) -> None:
    """Run an act against a served plant; what it waits for must come within PATIENCE_S."""

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), served(folder, *faces, poll_s=poll_s) as plant:
            await act(plant)

    asyncio.run(main())
