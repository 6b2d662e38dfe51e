"""Byte streams by URL, both ends: what a driver opens and what the emulator serves.

/dev/…, serial://…   a serial device               pty:PATH   a pseudo-terminal; the serving end makes the link PATH
socket://host:port   a TCP connection              mem://name an in-process pipe
"""

import asyncio
from typing import Protocol

from protocols.errors import LinkDownError

CHUNK = 4096  # most bytes that one read returns: a serial port never has more at once


class ByteStream(Protocol):
    """One open end. Both methods raise LinkDownError once the far end is gone."""

    async def read(self) -> bytes:
        """Return the next bytes, at least one and at most CHUNK."""
        ...

    async def write(self, data: bytes) -> None:
        """Write all of `data`."""
        ...

    def close(self) -> None:
        """Close this end; the other end's read raises."""
        ...


class Listener(Protocol):
    """The serving end of a URL."""

    url: str  # what a client opens; port 0 is replaced by the port that was given

    async def accept(self) -> ByteStream:
        """Return the stream of the next client."""
        ...

    def close(self) -> None:
        """Stop serving and take the pty's link away."""
        ...


_PIPE_BYTES = 65536  # a mem:// pipe that nobody reads holds no more; a serial port loses bytes too


class _Half:
    """One direction of an in-process pipe."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ready = asyncio.Event()
        self.closed = False

    def end(self) -> None:
        self.closed = True
        self.ready.set()


class MemoryStream:
    """One end of an in-process pipe."""

    def __init__(self, inbound: _Half, outbound: _Half) -> None:
        self._in = inbound
        self._out = outbound

    async def read(self) -> bytes:
        """Return the next bytes."""
        await self._in.ready.wait()
        if not self._in.buffer:
            raise LinkDownError("the far end of the pipe is closed")
        chunk = bytes(self._in.buffer[:CHUNK])
        del self._in.buffer[:CHUNK]
        if not self._in.buffer and not self._in.closed:
            self._in.ready.clear()
        return chunk

    async def write(self, data: bytes) -> None:
        """Write all of `data`."""
        if self._out.closed:
            raise LinkDownError("the far end of the pipe is closed")
        self._out.buffer += data[: _PIPE_BYTES - len(self._out.buffer)]
        self._out.ready.set()

    def close(self) -> None:
        """Close both directions."""
        self._in.end()
        self._out.end()


def pipe() -> tuple[MemoryStream, MemoryStream]:
    """Return the two ends of a new in-process pipe."""
    one, two = _Half(), _Half()
    return MemoryStream(one, two), MemoryStream(two, one)
