"""One TCP server for every face: a face knows frames, the server knows clients and bounds all that they can do."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from errno import EACCES, EADDRINUSE
from math import inf
from typing import Protocol

import structlog

from protocols.errors import ConfigError, RemoteProtocolError

_log = structlog.get_logger(__name__)

MAX_CLIENTS = 40  # a house has a handful; a display wall, a logger and a manager each poll by several
MOST_WAIT_S = 1.0  # of a request for its turn: those who wait and go must not make others wait for ever
WRITES_PER_S = 10.0  # of all clients: each is an audit event; a manager that renews ten limits a second is busy enough
WRITES_BURST = 60  # a manager that sets every inverter of a house at once
_REMEDIES = {
    EADDRINUSE: "another program has it; choose another port",
    EACCES: "a port below 1024 needs the right to it; choose a higher one, or grant CAP_NET_BIND_SERVICE",
}


class Framed(Protocol):
    """A face by its frames. Both methods are pure but for orders, and quick: they run inside the daemon's loop."""

    def length(self, head: bytes) -> int | None:
        """Return how long the frame is that begins with `head`; None: more bytes are needed to tell.

        Raises RemoteProtocolError when no frame begins like this; the client is dropped, for its framing is lost.
        """
        ...

    def answer(self, frame: bytes, peer: str) -> bytes | None:
        """Return what to send for a frame; None: nothing. `peer` is the client's address, without its port.

        Raises RemoteProtocolError for what no client sends in good faith; it is dropped.
        """
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """What clients may do. Each figure has its reason.

    A client that connects when all places are taken has that of the one which has been silent for longest: dead
    connections must not lock out those who work.
    """

    clients: int = MAX_CLIENTS
    frame_bytes: int = 512  # a Modbus frame has 260
    per_s: float = 500.0  # of all clients together: half a millisecond each, at most a fifth of a slow core
    burst: int = 200  # a client that reads 50 inverters asks for 150 models at once
    idle_s: float = 300.0  # between two requests: some clients poll once in a few minutes
    frame_s: float = 5.0  # from the first byte of a frame to its last
    send_s: float = 5.0  # to take an answer


@dataclass(slots=True)
class Counters:
    """What happened since the server started."""

    clients: int = 0
    connects: int = 0
    requests: int = 0
    delayed: int = 0
    evicted: int = 0
    idle: int = 0
    slow: int = 0
    malformed: int = 0
    refused: int = 0  # writes
    failures: int = 0


@dataclass(slots=True)
class Pace:
    """Lets `per_s` requests through a second, and `burst` at once."""

    per_s: float
    burst: int
    _at: float = -inf

    def wait_s(self, now: float) -> float:
        """Let the next request through, and return how long it waits before."""
        self._at = min(self._next(now), now + MOST_WAIT_S)
        return max(self._at - now, 0.0)

    def admits(self, now: float) -> bool:
        """Let a request through, or tell that it comes too early."""
        due = self._next(now)
        if due > now:
            return False
        self._at = due
        return True

    def _next(self, now: float) -> float:
        return max(self._at, now - self.burst / self.per_s) + 1 / self.per_s


@dataclass(slots=True, eq=False)
class _Client:
    writer: StreamWriter
    heard_at: float
    task: "asyncio.Task[None]"
    inbox: bytearray = field(default_factory=bytearray)


class TcpServer:
    """Serves a face at one address until cancelled. `setting` names its place in the site file, for errors."""

    def __init__(self, face: Framed, *, address: str, port: int, setting: str, bounds: Bounds) -> None:
        self.counters = Counters()
        self.ready = asyncio.Event()
        self._face = face
        self._where = address, port
        self._setting = setting
        self._bounds = bounds
        self._pace = Pace(bounds.per_s, bounds.burst)
        self._clients: set[_Client] = set()
        self._loop = asyncio.get_running_loop()

    def condition(self) -> Mapping[str, float]:
        """Return the counters, for `bridge/health`."""
        self.counters.clients = len(self._clients)
        return asdict(self.counters)

    async def run(self) -> None:
        """Listen and answer until cancelled. Raises ConfigError when the port cannot be had."""
        address, port = self._where
        try:
            server = await asyncio.start_server(
                self._welcome, address, port, limit=self._bounds.frame_bytes, backlog=self._bounds.clients
            )
        except OSError as error:
            remedy = _REMEDIES.get(error.errno or 0, "choose an address of this machine")
            raise ConfigError(f"{self._setting}.port: cannot listen at {address}:{port}; {remedy}") from None
        _log.info("face_up", face=self._setting, address=address, port=port)
        self.ready.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            server.close()
            for client in self._clients:
                client.task.cancel()
            await asyncio.gather(*(client.task for client in self._clients), return_exceptions=True)

    async def _welcome(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Take a client in; called as a task of its own."""
        task = asyncio.current_task()
        if task is None:  # the loop calls it so
            return
        if len(self._clients) >= self._bounds.clients:
            silent = min(self._clients, key=lambda each: each.heard_at)
            self.counters.evicted += 1
            self._clients.discard(silent)
            silent.task.cancel()
        client = _Client(writer, self._loop.time(), task)
        self._clients.add(client)
        self.counters.connects += 1
        writer.transport.set_write_buffer_limits(high=0)  # an answer is taken when the kernel has it
        try:
            await self._serve(client, reader)
        finally:
            self._clients.discard(client)
            writer.transport.abort()

    async def _serve(self, client: _Client, reader: StreamReader) -> None:
        """Answer one client until it goes or must go."""
        peer = str((client.writer.get_extra_info("peername") or ("?",))[0])
        try:
            while (frame := await self._frame(client, reader)) is not None:
                client.heard_at = self._loop.time()
                await self._paced()
                self.counters.requests += 1
                answer = self._face.answer(frame, peer)
                if answer is not None:
                    await self._send(client.writer, answer)
        except _LateError as gone:
            self.counters.idle += gone.idle
            self.counters.slow += not gone.idle
            _log.debug("face_client_dropped", face=self._setting, peer=peer, reason=str(gone))
        except RemoteProtocolError as error:
            self.counters.malformed += 1
            _log.debug("face_client_dropped", face=self._setting, peer=peer, reason=str(error))
        except OSError:
            pass  # it closed the connection, or its network did
        except Exception:  # noqa: BLE001 - the face supervisor: a bug of ours costs one connection, never the plant
            self.counters.failures += 1
            _log.exception("face_failed", face=self._setting)

    async def _frame(self, client: _Client, reader: StreamReader) -> bytes | None:
        """Return the next frame; None when the client has closed its side."""
        if not client.inbox and not await self._more(client, reader, self._bounds.idle_s, idle=True):
            return None
        due = self._loop.time() + self._bounds.frame_s
        while True:
            length = self._face.length(bytes(client.inbox))
            if length is not None and length > self._bounds.frame_bytes:
                raise RemoteProtocolError(f"a frame of {length} bytes")
            if length is not None and len(client.inbox) >= length:
                frame = bytes(client.inbox[:length])
                del client.inbox[:length]
                return frame
            if len(client.inbox) > self._bounds.frame_bytes:
                raise RemoteProtocolError("no end of a frame")
            if not await self._more(client, reader, due - self._loop.time(), idle=False):
                return None

    async def _more(self, client: _Client, reader: StreamReader, within_s: float, *, idle: bool) -> bool:
        """Take what the client sends next; tell whether it was anything. Drops the client when the time is over."""
        try:
            async with asyncio.timeout(within_s):
                chunk = await reader.read(self._bounds.frame_bytes)
        except TimeoutError:
            raise _LateError("says nothing" if idle else "does not end its frame", idle=idle) from None
        client.inbox += chunk
        return bool(chunk)

    async def _paced(self) -> None:
        wait_s = self._pace.wait_s(self._loop.time())
        if wait_s > 0:
            self.counters.delayed += 1
            await asyncio.sleep(wait_s)

    async def _send(self, writer: StreamWriter, answer: bytes) -> None:
        try:
            async with asyncio.timeout(self._bounds.send_s):
                writer.write(answer)
                await writer.drain()
        except TimeoutError:
            raise _LateError("takes no answer", idle=False) from None


class _LateError(Exception):
    """A client has used up its time."""

    def __init__(self, reason: str, *, idle: bool) -> None:
        super().__init__(reason)
        self.idle = idle
