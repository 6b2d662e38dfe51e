"""In-process pipes: no socket and no thread, so they work on virtual time."""

import asyncio
from typing import TypeAlias
from weakref import WeakKeyDictionary

from drivers.transport import BACKLOG, CHUNK, CLOSED, ByteStream
from drivers.transport.door import Door
from protocols.errors import ConfigError, LinkDownError


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
            raise LinkDownError(CLOSED)
        chunk = bytes(self._in.buffer[:CHUNK])
        del self._in.buffer[:CHUNK]
        if not self._in.buffer and not self._in.closed:
            self._in.ready.clear()
        return chunk

    async def write(self, data: bytes) -> None:
        """Hand over `data`."""
        if self._out.closed:
            raise LinkDownError(CLOSED)
        self._out.buffer += data[: BACKLOG - len(self._out.buffer)]
        self._out.ready.set()

    def close(self) -> None:
        """Close both directions."""
        self._in.end()
        self._out.end()


def pipe() -> tuple[MemoryStream, MemoryStream]:
    """Return the two ends of a new in-process pipe."""
    one, two = _Half(), _Half()
    return MemoryStream(one, two), MemoryStream(two, one)


class MemoryListener:
    """Serves a name on the running loop. Raises ConfigError when the name is taken."""

    def __init__(self, name: str) -> None:
        self.url = f"mem://{name}"
        self._name = name
        self._door = Door()
        self._names = _served()
        if name in self._names:
            raise ConfigError(f"{self.url} is served already")
        self._names[name] = self._door

    async def accept(self) -> ByteStream:
        """Return the stream of the next client."""
        return await self._door.accept()

    def close(self) -> None:
        """Give the name back and drop the client."""
        if self._names.get(self._name) is self._door:
            del self._names[self._name]
        self._door.close()


def connect(name: str) -> MemoryStream:
    """Return the client end of the pipe `name`. Raises LinkDownError when nobody serves it."""
    door = _served().get(name)
    if door is None:
        raise LinkDownError(f"mem://{name}: nobody serves it")
    ours, theirs = pipe()
    door.enter(theirs)
    return ours


_Names: TypeAlias = dict[str, Door]
_LOOPS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Names] = WeakKeyDictionary()


def _served() -> _Names:
    """Return the names on the running loop: one loop never meets the pipes of another."""
    return _LOOPS.setdefault(asyncio.get_running_loop(), {})
