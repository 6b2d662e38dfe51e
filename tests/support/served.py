"""A plant, its daemon and its faces on loopback, in one process and in real time, for clients of other people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.site import Site
from tests.support.daemon import Running, described, running_daemon, running_plant
from tests.support.emulated import NOON
from tests.support.listener import Listener, listening
from tests.support.mosquitto import free_port
from tests.support.virtual_time import clock_at

PATIENCE_S = 30.0
POLL_S = 0.5
ROOT = "opencombiner/home"


@dataclass
class Served:
    """A daemon at work and where its faces listen."""

    daemon: Running
    ports: list[int]
    ear: Listener

    def said(self, topic: str) -> Any:
        """Return the newest JSON on a topic of the site."""
        return self.ear.last(f"{ROOT}/{topic}")

    async def told(self, subject: str, kind: str) -> list[Any]:
        """Return the events of a kind about a subject, once there is one."""

        def events() -> list[Any]:
            heard = self.ear.of("/bridge/event")
            return [event for event in heard if (event["subject"], event["kind"]) == (subject, kind)]

        await self.ear.until(lambda: bool(events()))
        return events()


def faced(folder: Path, *faces: dict[str, Any], poll_s: float = POLL_S) -> tuple[Site, list[int]]:
    """Return the plant of `daemon` with faces on free ports."""
    ports = [free_port() for _ in faces]
    plain = described(folder, poll_s=poll_s)
    sections = [face | {"port": port} for face, port in zip(faces, ports, strict=True)]
    return Site.model_validate({**plain.model_dump(), "faces": sections}), ports


@asynccontextmanager
async def served(folder: Path, *faces: dict[str, Any], poll_s: float = POLL_S) -> AsyncIterator[Served]:
    """Run plant, daemon and faces until every unit has answered."""
    site, ports = faced(folder, *faces, poll_s=poll_s)
    clock = clock_at(NOON)
    async with (
        running_plant(site, clock) as plant,
        listening(site.mqtt.url) as ear,
        running_daemon(site, clock, plant) as daemon,
    ):
        await daemon.until(daemon.heard)
        yield Served(daemon, ports, ear)


def serving(
    folder: Path, act: Callable[[Served], Awaitable[None]], *faces: dict[str, Any], poll_s: float = POLL_S
) -> None:
    """Run an act against a served plant; what it waits for must come within PATIENCE_S."""

    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), served(folder, *faces, poll_s=poll_s) as plant:
            await act(plant)

    asyncio.run(main())
