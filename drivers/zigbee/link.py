"""A ZigBee link: keeps the coordinator open and grants the network to one conversation at a time."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.access import MediumAccess
from drivers.kept_open import KeptOpen
from drivers.link import LinkCounters, Urgency
from drivers.stream import open_stream
from drivers.transport import Opener
from drivers.zigbee.coordinator import Coordinator
from drivers.zigbee.settings import ZigbeeSettings
from drivers.zigbee.timing import GAP_S
from protocols.errors import LinkDownError
from protocols.modems.znp.recovery import Recovery


class ZigbeePort:
    """The network, granted for one conversation."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator
        coordinator.begin()

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:  # noqa: ARG002 - the coordinator joins fragments
        """Hand a message over and open the window for answer and delivery report. Raises LinkDownError."""
        await self._coordinator.request(datagram, reply_bytes, within_s)

    async def receive(self) -> bytes | None:
        """Return the next datagram; None once the window has closed. Raises LinkDownError."""
        return await self._coordinator.answer()


class ZigbeeLink:
    """One coordinator and its network; see drivers.link.Link."""

    def __init__(
        self, name: str, settings: ZigbeeSettings, *, rng: random.Random | None = None, opener: Opener | None = None
    ) -> None:
        self.counters = LinkCounters()
        self._settings = settings
        self._access = MediumAccess(1, GAP_S)
        self._opener = opener or open_stream
        self._recovery: Recovery | None = None
        self._coordinator = KeptOpen(name, settings.url, self._open, self.counters, rng)

    @property
    def up(self) -> bool:
        """Tell whether the coordinator is open and has its network."""
        return self._coordinator.up

    async def wait_up(self) -> None:
        """Return once the coordinator has its network."""
        await self._coordinator.wait_up()

    async def run(self) -> None:
        """Open the coordinator and keep it open, with backoff, until cancelled. Raises ConfigError."""
        await self._coordinator.run()

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[ZigbeePort]:  # noqa: ARG002 - all are alike
        """Wait for the network and hold it for one conversation. Raises LinkDownError."""
        self._coordinator.current()
        async with self._access.claim(urgency):
            yield ZigbeePort(self._coordinator.current())

    async def _open(self) -> Coordinator:
        try:
            stream = await self._opener(self._settings.url, baud=self._settings.baud)
        except LinkDownError:
            self._recovery = None  # whatever is plugged in next may be another one, or the same with a fresh start
            raise
        if self._recovery is None:
            self._recovery = Recovery(asyncio.get_running_loop().time())
        return Coordinator(stream, self._settings, self.counters, self._recovery)
