"""A bridge in this process: takes what a host sends to a bridge, and works the radio."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from drivers.nrf24.policy import HOP_S, LISTEN_S, SEND_S, Hopping
from drivers.nrf24.radio import Pyrf24Radio, Radio
from drivers.nrf24.settings import Nrf24Settings
from drivers.recording import Cutter
from drivers.redaction import Framing
from drivers.serial_bridge import framing as bridge_framing
from drivers.serial_bridge import pace, requests
from drivers.serial_bridge.link import BridgeLink
from drivers.serial_bridge.settings import BridgeSettings
from drivers.stream import MemoryStream, open_stream, pipe
from drivers.transport import ByteStream, Opener
from protocols.errors import LinkDownError
from protocols.modems import radio_bridge
from protocols.modems.nrf24 import pipe_address
from protocols.modems.radio_frame import ANSWER, MAX_FRAME, MIN_FRAME, Main, RadioFrame, decode

_POLL_S = 0.002  # between two looks at whether a frame has left
_BAUD = 4_000_000  # there is no serial port: its time is next to nothing
_LATENCY_S = 0.01  # two hops


class RadioStream:
    """The host's end of a radio in this process."""

    def __init__(self, radio: Radio) -> None:
        self._near, far = pipe()
        self._task = asyncio.create_task(_Bridge(radio, far).run())

    async def read(self) -> bytes:
        """Return the next bytes."""
        return await self._near.read()

    async def write(self, data: bytes) -> None:
        """Hand over `data`."""
        await self._near.write(data)

    def close(self) -> None:
        """End the radio's work; it is put to sleep."""
        self._near.close()


class _Bridge:
    """Sends what the host says, listens, hops, and hands over what it hears."""

    def __init__(self, radio: Radio, host: MemoryStream) -> None:
        self._radio = radio
        self._host = host
        self._deframer = radio_bridge.Deframer(stuffed=True)
        self._hopping = Hopping()
        self._now = asyncio.get_running_loop().time
        self._listens_until = self._now()

    async def run(self) -> None:
        """Work until the host or the radio is gone."""
        try:
            while True:
                chunk = await self._request()
                for frame in self._deframer.feed(chunk):
                    await self._act(frame)
                if not chunk:
                    await self._hop()
        except LinkDownError:
            pass
        finally:
            self._host.close()
            with suppress(LinkDownError):
                self._radio.close()

    async def _request(self) -> bytes:
        """Return what the host says; nothing when it is time to hop."""
        within_s = HOP_S if self._now() < self._listens_until else None
        try:
            async with asyncio.timeout(within_s):
                return await self._host.read()
        except TimeoutError:
            return b""

    async def _act(self, datagram: bytes) -> None:
        frame = decode(datagram)
        match frame.main:
            case Main.MODULE:
                await self._tell(RadioFrame(frame.main | ANSWER, frame.inverter, frame.dtu, 0).encode())
            case Main.CHANNEL:
                pass  # this radio has no work channel
            case _:
                await self._send(frame, datagram)

    async def _send(self, frame: RadioFrame, datagram: bytes) -> None:
        self._radio.send(self._hopping.to_send(), pipe_address(frame.inverter), datagram)
        over_at = self._now() + SEND_S
        while not self._radio.sent() and self._now() < over_at:  # noqa: ASYNC110 - the radio must be asked
            await asyncio.sleep(_POLL_S)
        self._radio.listen(self._hopping.to_listen(), pipe_address(frame.dtu))
        self._listens_until = self._now() + LISTEN_S

    async def _hop(self) -> None:
        """Hand over what was heard, and go to the next channel."""
        while (heard := self._radio.heard()) is not None:
            if MIN_FRAME <= len(heard) <= MAX_FRAME:
                await self._tell(heard)
        self._radio.tune(self._hopping.hop())

    async def _tell(self, frame: bytes) -> None:
        await self._host.write(radio_bridge.encode(frame, stuffed=True))


def link(name: str, settings: Nrf24Settings, *, opener: Opener | None = None) -> BridgeLink:
    """Return the link of a radio."""
    return BridgeLink(name, _as_bridge(settings), opener=opener or opener_of(settings))


def opener_of(settings: Nrf24Settings) -> Opener:
    """Return what opens the radio; where the URL is no device, a bridge in its place."""

    async def opened(url: str, *, baud: int) -> ByteStream:
        if not url.startswith("/dev/"):
            return await open_stream(url, baud=baud)
        return RadioStream(Pyrf24Radio(settings))

    return opened


def transaction_s(settings: Nrf24Settings, request_bytes: int, answers: Sequence[int]) -> float:
    """Return the paper time of a request and the fragments of its answer, s."""
    return pace.transaction_s(_as_bridge(settings), request_bytes, answers)


def cutter(settings: Nrf24Settings) -> Callable[[], Cutter]:
    """Return what makes a finder of requests in what goes to the radio."""
    return requests.cutter(_as_bridge(settings))


def framing(settings: Nrf24Settings) -> Callable[[], Framing]:
    """Return what makes a finder of frames in what goes to the radio, or comes from it."""
    return bridge_framing.framing(_as_bridge(settings))


def _as_bridge(settings: Nrf24Settings) -> BridgeSettings:
    return BridgeSettings(url=settings.url, radio="nrf24", baud=_BAUD, latency_s=_LATENCY_S)
