"""Lines of text over a byte stream: what instruments and their controllers speak."""

from drivers.transport import ByteStream
from protocols.errors import LinkDownError

MAX_LINE = 16_384  # bytes: readings of twenty units take 2000; whoever sends more without an end is no peer of ours


class Lines:
    """A stream, line by line; a line ends with LF, and CR before it is left out."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def read(self) -> str:
        """Return the next line without its end. Raises LinkDownError when the peer is gone or never ends its line."""
        while (end := self._buffer.find(b"\n")) < 0 and len(self._buffer) <= MAX_LINE:
            self._buffer += await self._stream.read()
        if not 0 <= end <= MAX_LINE:
            self._stream.close()
            raise LinkDownError(f"a line of more than {MAX_LINE} bytes")
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line.decode("utf-8", "replace")

    async def write(self, line: str) -> None:
        """Send a line. Raises LinkDownError."""
        await self._stream.write(line.encode() + b"\n")

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
