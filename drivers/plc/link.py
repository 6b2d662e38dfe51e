"""A power-line link: keeps the modem open and grants the line to one conversation at a time."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from drivers.access import MediumAccess
from drivers.link import LinkCounters, Urgency
from drivers.plc.line import Line
from drivers.plc.modems import Modem, St7580, Transparent
from drivers.plc.port import PlcPort
from drivers.plc.settings import PlcSettings
from drivers.plc.timing import AirTime, Allowance
from drivers.stream import ByteStream, open_stream
from drivers.transport import Opener
from protocols.errors import LinkDownError

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0  # a port that was plugged in again is found within this
STEADY_S = 30.0  # a link that was up for less keeps its backoff: a port that fails at once is no port
_STOPPED = "the link is stopped"

_log = structlog.get_logger()


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
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._opener = opener or open_stream
        self._log = _log.bind(link=name, url=settings.url)
        self._line: Line | None = None
        self._opened = asyncio.Event()
        self._reason = "the link is not open yet"
        self._told: bool | None = None

    @property
    def up(self) -> bool:
        """Tell whether the modem is open and ready."""
        return self._line is not None

    async def wait_up(self) -> None:
        """Return once the modem is ready."""
        await self._opened.wait()

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[PlcPort]:
        """Wait for the line and hold it for one conversation. Raises LinkDownError."""
        self._open_line()
        async with self._access.claim(urgency):
            yield PlcPort(self._open_line(), self._allowances.setdefault(node, Allowance()))

    def _open_line(self) -> Line:
        if self._line is None:
            raise LinkDownError(self._reason)
        return self._line

    async def run(self) -> None:
        """Open the modem and keep it open, with backoff, until cancelled. Raises ConfigError."""
        now = asyncio.get_running_loop().time
        retry_s = FIRST_RETRY_S
        while True:
            since = now()
            try:
                await self._once()
            except LinkDownError as error:
                self._tell(up=False, reason=str(error))
            if now() - since >= STEADY_S:
                retry_s = FIRST_RETRY_S
            await asyncio.sleep(retry_s * self._rng.uniform(0.5, 1.0))
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def _once(self) -> None:
        """Open the modem and listen until it is lost."""
        stream = await self._opener(self._settings.url, baud=self._settings.baud)
        line = Line(stream, self._modem(stream), self._air, self.counters)
        try:
            await line.start()
            self._line = line
            self._opened.set()
            self.counters.opened += 1
            self._tell(up=True, reason=None)
            await line.listen()
        except LinkDownError as error:
            raise LinkDownError(line.lose(str(error))) from error
        finally:
            self._line = None
            self._opened.clear()
            self._reason = line.lose(_STOPPED)

    def _modem(self, stream: ByteStream) -> Modem:
        match self._settings.modem:
            case "transparent":
                return Transparent(stream, self._settings, self.counters)
            case "st7580":
                return St7580(stream, self._settings, self.counters)

    def _tell(self, *, up: bool, reason: str | None) -> None:
        """Log it once when the link goes up or down."""
        if reason is not None:
            self._reason = reason
        if up is self._told:
            return
        self._told = up
        if up:
            self._log.info("link_up")
        else:
            self._log.warning("link_down", reason=reason)
