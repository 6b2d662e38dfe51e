"""A radio link: keeps the bridge open and grants the radio to one conversation at a time."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.access import MediumAccess
from drivers.kept_open import KeptOpen
from drivers.link import LinkCounters, Urgency
from drivers.serial_bridge.line import BridgeLine
from drivers.serial_bridge.pace import TURNAROUND_S
from drivers.serial_bridge.settings import BridgeSettings
from drivers.stream import open_stream
from drivers.transport import Opener


class BridgePort:
    """The radio, granted for one conversation."""

    def __init__(self, line: BridgeLine) -> None:
        self._line = line

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        """Put a datagram on the air and open the window for the fragments of its answer. Raises LinkDownError."""
        await self._line.request(datagram, replies=replies if reply_bytes else 0, within_s=within_s)

    async def receive(self) -> bytes | None:
        """Return the next frame heard; None once the window has closed. Raises LinkDownError."""
        return await self._line.answer()


class BridgeLink:
    """One bridge and its radio; see drivers.link.Link."""

    def __init__(
        self, name: str, settings: BridgeSettings, *, rng: random.Random | None = None, opener: Opener | None = None
    ) -> None:
        self.counters = LinkCounters()
        self._settings = settings
        self._access = MediumAccess(1, TURNAROUND_S)
        self._opener = opener or open_stream
        self._line = KeptOpen(name, settings.url, self._open, self.counters, rng)

    @property
    def up(self) -> bool:
        """Tell whether the bridge is open and has answered."""
        return self._line.up

    async def wait_up(self) -> None:
        """Return once the bridge has answered."""
        await self._line.wait_up()

    async def run(self) -> None:
        """Open the bridge and keep it open, with backoff, until cancelled. Raises ConfigError."""
        await self._line.run()

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[BridgePort]:  # noqa: ARG002 - all are alike
        """Wait for the radio and hold it for one conversation. Raises LinkDownError."""
        self._line.current()
        async with self._access.claim(urgency):
            yield BridgePort(self._line.current())

    async def _open(self) -> BridgeLine:
        stream = await self._opener(self._settings.url, baud=self._settings.baud)
        return BridgeLine(stream, self._settings, self.counters)
