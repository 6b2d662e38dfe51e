"""The modem's side of the serial port: bytes that wait for the host, in a buffer like a serial port's."""

import asyncio
from contextlib import suppress

from drivers.stream import ByteStream
from protocols.errors import LinkDownError

BUFFER = 4096  # bytes: a kernel's serial buffer; a host that does not read loses the rest


class HostPort:
    """Bytes on their way to the host; without a host they are lost, as on an open plug."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._filled = asyncio.Event()
        self._attached = False
        self.lost_bytes = 0
        self.delay_s = 0.0  # so much later does the host get its bytes
        self.stalled = False  # nothing passes, either way

    def put(self, data: bytes) -> None:
        """Hand bytes to the host, later if there is a delay."""
        if self.delay_s > 0:
            asyncio.get_running_loop().call_later(self.delay_s, self._take, data)
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        if self.stalled:
            self.lost_bytes += len(data)
            return
        room = BUFFER - len(self._buffer) if self._attached else 0
        self.lost_bytes += len(data) - len(data[:room])
        self._buffer += data[:room]
        if self._buffer:
            self._filled.set()

    def attach(self) -> None:
        """Begin to collect bytes for a host."""
        self._attached = True

    def detach(self) -> None:
        """Forget the host and what it did not get."""
        self._attached = False
        self._buffer.clear()
        self._filled.clear()

    async def drain(self, stream: ByteStream) -> None:
        """Write to the host until it is gone; raises LinkDownError then."""
        while True:
            await self._filled.wait()
            data = bytes(self._buffer)
            self._buffer.clear()
            self._filled.clear()
            await stream.write(data)


class Modem:
    """What every modem does with a host; a kind of modem says what host bytes mean."""

    early = False

    def __init__(self) -> None:
        self.port = HostPort()
        self.linked = True

    def ignores(self, data: bytes) -> bool:  # noqa: ARG002 - the host decides what to do with it
        """Hear everything."""
        return False

    def taken(self, chunk: bytes) -> None:
        """Take bytes from the host."""
        raise NotImplementedError

    async def serve(self, stream: ByteStream) -> None:
        """Serve one host until it is gone."""
        self.port.attach()
        writer = asyncio.create_task(self._write(stream))
        try:
            await self._listen(stream)
        except LinkDownError:
            pass
        finally:
            writer.cancel()
            await asyncio.wait((writer,))
            self.port.detach()

    async def _write(self, stream: ByteStream) -> None:
        with suppress(LinkDownError):
            await self.port.drain(stream)
        stream.close()  # the reading side ends too

    async def _listen(self, stream: ByteStream) -> None:
        while True:
            chunk = await stream.read()
            if not self.port.stalled:
                self.taken(chunk)
