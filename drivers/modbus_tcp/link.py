"""A link to units at one TCP address: keeps the connection open and grants it to one conversation at a time."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.access import MediumAccess
from drivers.kept_open import KeptOpen
from drivers.link import LinkCounters, Urgency
from drivers.modbus_tcp.settings import ModbusTcpSettings
from drivers.stream import ByteStream, open_stream
from drivers.transport import Opener
from protocols.errors import LinkDownError, LocalProtocolError
from protocols.framing.crc import crc16_modbus
from protocols.modbus import mbap

PATIENCE_S = 1.0  # beyond latency and the unit's own time: TCP says a lost segment again within a second
FRAMES = 16  # one answer is expected; no chatterbox fills the memory
_NO_BAUD = 9600  # a connection has none; this is what any serial port takes


class Connection:
    """One connection, from its opening to the loss of it.

    Answers come in the order of the requests, and one that comes after its window must not pass for the next: the
    transaction says what was asked, and how often in vain. So it is the same whenever all goes well, as in a replay.
    """

    def __init__(self, stream: ByteStream, counters: LinkCounters, latency_s: float) -> None:
        self._stream = stream
        self._counters = counters
        self._latency_s = latency_s
        self._deframer = mbap.Deframer()
        self._frames: deque[bytes] = deque(maxlen=FRAMES)
        self._changed = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._in_vain: dict[int, int] = {}  # by unit id: one byte, so never more than 256
        self._transaction = 0
        self._unit = 0
        self._deadline = self._now()
        self._lost: str | None = None

    async def start(self) -> None:
        """Do nothing: who listens there is ready."""

    async def listen(self) -> None:
        """Take what comes until LinkDownError is raised."""
        while True:
            frames = self._deframer.feed(await self._stream.read())
            if self._deframer.broken:
                raise LinkDownError("what answers does not speak Modbus TCP")
            for frame in frames:
                self._counters.received += 1
                if mbap.transaction(frame) == self._transaction:
                    self._frames.append(frame)
                    self._changed.set()

    def lose(self, reason: str) -> str:
        """Close the connection, once; return the first reason."""
        if self._lost is None:
            self._lost = reason
            self._stream.close()
            self._changed.set()
        return self._lost

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        """Send a request and open the window for its answer. Raises LinkDownError."""
        if replies != 1 or not reply_bytes:
            raise LocalProtocolError(f"a unit at a connection answers once, not {replies if reply_bytes else 0} times")
        self._check()
        self._frames.clear()
        self._unit = datagram[mbap.HEADER - 1]
        asked = crc16_modbus(datagram[mbap.HEADER - 1 :])
        self._transaction = asked + self._in_vain.get(self._unit, 0) & mbap.MAX_TRANSACTION
        self._deadline = self._now() + self._latency_s + within_s + PATIENCE_S
        self._counters.sent += 1
        try:
            await self._stream.write(mbap.stamped(datagram, self._transaction))
        except LinkDownError as error:
            self.lose(str(error))
            raise

    async def receive(self) -> bytes | None:
        """Return the answer; None once the window has closed. Raises LinkDownError."""
        while True:
            self._check()
            if self._frames:
                self._in_vain.pop(self._unit, None)
                return self._frames.popleft()
            if self._now() >= self._deadline:
                self._in_vain[self._unit] = self._in_vain.get(self._unit, 0) + 1
                return None
            self._changed.clear()
            try:
                async with asyncio.timeout_at(self._deadline):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _check(self) -> None:
        if self._lost is not None:
            raise LinkDownError(self._lost)


class ModbusTcpLink:
    """One address; see drivers.link.Link."""

    def __init__(
        self,
        name: str,
        settings: ModbusTcpSettings,
        *,
        rng: random.Random | None = None,
        opener: Opener | None = None,
    ) -> None:
        self.counters = LinkCounters()
        self._settings = settings
        self._access = MediumAccess(1, 0.0)
        self._opener = opener or open_stream
        self._connection = KeptOpen(name, settings.url, self._open, self.counters, rng)

    @property
    def up(self) -> bool:
        """Tell whether the connection is open."""
        return self._connection.up

    async def wait_up(self) -> None:
        """Return once the connection is open."""
        await self._connection.wait_up()

    async def run(self) -> None:
        """Connect and stay connected, with backoff, until cancelled. Raises ConfigError."""
        await self._connection.run()

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[Connection]:  # noqa: ARG002 - it is in the ADU
        """Wait for the connection and hold it for one conversation. Raises LinkDownError."""
        self._connection.current()
        async with self._access.claim(urgency):
            yield self._connection.current()

    async def _open(self) -> Connection:
        stream = await self._opener(self._settings.url, baud=_NO_BAUD)
        return Connection(stream, self.counters, self._settings.latency_s)
