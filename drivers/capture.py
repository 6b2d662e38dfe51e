"""A recorder: every byte of a link with its direction and time, written to a file as it passes."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import structlog

from drivers import pcapng
from drivers.clock import Clock
from drivers.pcapng import MAX_FILE_BYTES, NS
from drivers.transport import ByteStream, Opener
from protocols.errors import LinkDownError, OpenCombinerError

STEP_S = 1.0  # a wall clock that goes elsewhere by more than this was set: the stamps follow it
_FULL = "the disk is full"  # what was taken of a block is less than all of it

_log = structlog.get_logger()


class CaptureError(OpenCombinerError):
    """The capture cannot be written."""


class Recorder:
    """Writes what passes over links to a new file, until `close`, `max_bytes` or a full disk.

    A link is named by its gateway and described by its URL; a packet of no bytes says that it was closed, inbound: by
    its far end. Stamps are wall-clock times, but between two of them as
    much time lies as the loop's clock says. Raises CaptureError when the file cannot be made or is there already.
    """

    def __init__(
        self, path: Path, clock: Clock, links: Iterable[tuple[str, str]], *, max_bytes: int = MAX_FILE_BYTES
    ) -> None:
        self.packets = 0
        self._path = path
        self._clock = clock
        self._max_bytes = max_bytes
        self._now = asyncio.get_running_loop().time
        self._anchor = (self._now(), clock.utc())
        named = list(links)
        self._numbers = {name: number for number, (name, _) in enumerate(named)}
        head = pcapng.section("opencombiner") + b"".join(pcapng.interface(name, f"{name} {url}") for name, url in named)
        self._size = 0
        try:
            self._file = path.open("xb", buffering=0)  # whole blocks reach the file at once: what is there can be read
            self._size = self._file.write(head)
        except OSError as error:
            raise CaptureError(f"{path} cannot be written: {error.strerror}") from error
        if self._size < len(head):
            self._file.close()
            raise CaptureError(f"{path} cannot be written: {_FULL}")

    def opener(self, name: str, inner: Opener) -> Opener:
        """Return an opener whose streams are recorded; a link that was not named at the start is not."""
        number = self._numbers.get(name)
        if number is None:
            return inner

        async def opened(url: str, *, baud: int) -> ByteStream:
            return _RecordedStream(await inner(url, baud=baud), self, number)

        return opened

    def take(self, number: int, data: bytes, *, inbound: bool) -> None:
        """Write bytes of a link at this moment."""
        if self._file.closed:
            return
        block = pcapng.packet(number, self._stamp(), data, inbound=inbound)
        if self._size + len(block) > self._max_bytes:
            self._stop(f"the file would grow beyond {self._max_bytes} bytes")
            return
        try:
            whole = self._file.write(block) == len(block)
            reason = _FULL
        except OSError as error:
            whole, reason = False, error.strerror or str(error)
        if not whole:
            self._stop(reason)
            return
        self._size += len(block)
        self.packets += 1

    def _stamp(self) -> int:
        """Return the time in ns: by the loop's clock from the anchor on, which moves when the wall clock is set."""
        now, utc = self._now(), self._clock.utc()
        at, anchor_utc = self._anchor
        if abs(anchor_utc + now - at - utc) > STEP_S:
            self._anchor = at, anchor_utc = now, utc
        return round(anchor_utc * NS) + round((now - at) * NS)

    def _stop(self, reason: str) -> None:
        _log.error("capture_stopped", file=str(self._path), packets=self.packets, bytes=self._size, reason=reason)
        self.close()

    def close(self) -> None:
        """End the file behind its last whole block."""
        if not self._file.closed:
            self._file.truncate(self._size)
            self._file.close()


class _RecordedStream:
    """A stream and what it tells the recorder."""

    def __init__(self, stream: ByteStream, recorder: Recorder, number: int) -> None:
        self._stream = stream
        self._recorder = recorder
        self._number = number
        self._ended = False

    async def read(self) -> bytes:
        try:
            data = await self._stream.read()
        except LinkDownError:
            self._end(inbound=True)
            raise
        self._recorder.take(self._number, data, inbound=True)
        return data

    async def write(self, data: bytes) -> None:
        self._recorder.take(self._number, data, inbound=False)  # first: what it causes comes after it
        await self._stream.write(data)

    def close(self) -> None:
        self._end(inbound=False)
        self._stream.close()

    def _end(self, *, inbound: bool) -> None:
        """Write once that no more will pass, and which side ended it: a packet of no bytes."""
        if not self._ended:
            self._ended = True
            self._recorder.take(self._number, b"", inbound=inbound)
