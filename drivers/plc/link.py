"""A power-line link: keeps the modem open and grants the line to one conversation at a time."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.access import MediumAccess
from drivers.kept_open import KeptOpen
from drivers.link import LinkCounters, Urgency
from drivers.plc.line import Line
from drivers.plc.modems import Modem, St7580, Transparent
from drivers.plc.port import PlcPort
from drivers.plc.settings import PlcSettings
from drivers.plc.timing import AirTime, Allowance
from drivers.stream import ByteStream, open_stream
from drivers.transport import Opener


class PlcLink:
    """One modem and its line; see drivers.link.Link."""

    def __init__(
        self, name: str, settings: PlcSettings, *, rng: random.Random | None = None, opener: Opener | None = None
    ) -> None:
        self.counters = LinkCounters()
        self._settings = settings
        self._air = AirTime(settings.bit_rate, settings.overhead_bytes, settings.turnaround_s)
        self._access = MediumAccess(1, settings.turnaround_s)
        self._allowances: dict[int, Allowance] = {}  # by node: one byte on the line, so never more than 256
        self._opener = opener or open_stream
        self._line = KeptOpen(name, settings.url, self._open, self.counters, rng)

    @property
    def up(self) -> bool:
        """Tell whether the modem is open and ready."""
        return self._line.up

    async def wait_up(self) -> None:
        """Return once the modem is ready."""
        await self._line.wait_up()

    async def run(self) -> None:
        """Open the modem and keep it open, with backoff, until cancelled. Raises ConfigError."""
        await self._line.run()

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[PlcPort]:
        """Wait for the line and hold it for one conversation. Raises LinkDownError."""
        self._line.current()
        async with self._access.claim(urgency):
            yield PlcPort(self._line.current(), self._allowances.setdefault(node, Allowance()))

    async def _open(self) -> Line:
        stream = await self._opener(self._settings.url, baud=self._settings.baud)
        return Line(stream, self._modem(stream), self._air, self.counters)

    def _modem(self, stream: ByteStream) -> Modem:
        match self._settings.modem:
            case "transparent":
                return Transparent(stream, self._settings, self.counters)
            case "st7580":
                return St7580(stream, self._settings, self.counters)
