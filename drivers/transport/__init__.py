"""What a byte stream is, and the kinds of it; `drivers.stream` opens them by URL."""

from typing import Protocol

CHUNK = 4096  # most bytes that one read returns: a serial port never has more at once
BACKLOG = 65536  # most bytes that wait for a far end which does not read; the kernel holds as much for a socket
CLOSED = "the far end has closed"


class ByteStream(Protocol):
    """One open end. Both methods raise LinkDownError once the far end is gone."""

    async def read(self) -> bytes:
        """Return the next bytes, at least one and at most CHUNK."""
        ...

    async def write(self, data: bytes) -> None:
        """Hand over `data` without waiting; what the far end leaves untaken beyond BACKLOG is lost."""
        ...

    def close(self) -> None:
        """Close this end: its own read and the other end's raise."""
        ...


class Opener(Protocol):
    """Opens the far end of a link; raises LinkDownError when nobody is there, ConfigError for a URL that is wrong."""

    async def __call__(self, url: str, *, baud: int) -> ByteStream:
        """Return a new stream; `baud` matters to serial devices only."""
        ...


class Listener(Protocol):
    """The serving end of a URL; a new client takes the place of the one before."""

    url: str  # what a client opens; port 0 is replaced by the port that was given

    async def accept(self) -> ByteStream:
        """Return the stream of the next client. Raises LinkDownError once the listener is closed."""
        ...

    def close(self) -> None:
        """Stop serving, drop the client and take the pty's link away."""
        ...
