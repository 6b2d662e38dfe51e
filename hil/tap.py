"""Keeps what passes over the links, for whoever must explain a failure."""

from collections.abc import Callable

from drivers.transport import ByteStream, Opener
from hil.trace import Frame

Take = Callable[[Frame], None]


def tapped(gateway: str, inner: Opener, now: Callable[[], float], take: Take) -> Opener:
    """Return an opener of a gateway's link whose bytes are handed to `take` as they pass."""

    async def opened(url: str, *, baud: int) -> ByteStream:
        return _TappedStream(await inner(url, baud=baud), gateway, now, take)

    return opened


class _TappedStream:
    def __init__(self, stream: ByteStream, gateway: str, now: Callable[[], float], take: Take) -> None:
        self._stream = stream
        self._gateway = gateway
        self._now = now
        self._take = take

    async def read(self) -> bytes:
        data = await self._stream.read()
        self._take(Frame(self._now(), self._gateway, inbound=True, data=data))
        return data

    async def write(self, data: bytes) -> None:
        self._take(Frame(self._now(), self._gateway, inbound=False, data=data))
        await self._stream.write(data)

    def close(self) -> None:
        self._stream.close()
