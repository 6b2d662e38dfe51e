"""An emulated radio bridge between a host's serial port and the air.

It takes radio frames from the host and sends them, one after another, and hands the host every frame that it hears. What
is for the bridge itself it answers: who it is, and the channel that it is to work on. A call to an inverter goes out on
the boot channel, everything else on the work channel.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from emulator.host import Modem
from emulator.media.serial_bridge import cmt2300a, nrf24
from emulator.media.serial_bridge.air import Air, Burst
from protocols.errors import RemoteProtocolError
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import (
    ANSWER,
    OWN_MODULE,
    Main,
    RadioFrame,
    Region,
    channel_answer,
    channel_of,
    decode,
    region_of,
)

QUEUE = 8  # frames that wait for the radio: a host asks one unit at a time, and what comes on top is lost
_HARDWARE = b"\x00\x00\x01\x00"  # version 1.0


class Radio(Protocol):
    """A radio of the bridge."""

    def send(self, frame: bytes, now: float) -> float:
        """Send a frame and return when it is over."""
        ...

    def be(self, address: int) -> None:
        """Take the address by which it is called."""
        ...


Host = Callable[[bytes], None]


class NrfRadio:
    """The bridge's nRF24: it hears what is sent to the address that it asks as, or was told to have."""

    linked = True

    def __init__(self, air: Air, host: Host) -> None:
        self._air = air
        self._host = host
        self._address: int | None = None
        self._asked: tuple[int, int] = 0, 0  # who was the last to ask, and the channel of the answer
        self._index = 0
        self._listens = nrf24.Hopping(0, 0.0)
        air.join(self)

    def be(self, address: int) -> None:
        """Listen to an address."""
        self._address = address

    def send(self, frame: bytes, now: float) -> float:
        """Send a request on the next channel, or the answer to what was heard."""
        if frame[0] & ANSWER:
            to, channel = self._asked
        else:
            self._address = _address(frame, 5)
            self._index = channel = (self._index + 1) % nrf24.CHANNELS
            to = _address(frame, 1)
        burst = Burst(self, frame, channel, to, now, nrf24.wave(frame))
        self._listens = nrf24.Hopping(nrf24.answer_index(channel), burst.end)
        self._air.send(burst)
        return burst.end

    def ignores(self, burst: Burst) -> bool:
        """Hear what is for its address."""
        return burst.to != self._address

    def tuning(self, now: float) -> nrf24.Hopping | None:
        """Return where it listens."""
        return self._listens if now >= self._listens.since else None

    def hear(self, burst: Burst) -> None:
        """Hand a frame to the host."""
        self._asked = _address(burst.frame, 5), nrf24.answer_index(burst.channel)
        self._host(burst.frame)


class CmtRadio:
    """The bridge's CMT2300A: it hears everybody on its channel."""

    linked = True

    def __init__(self, air: Air, host: Host, region: Region, channel: int) -> None:
        self._air = air
        self._host = host
        self.region = region
        self._listens = cmt2300a.Fixed(channel, 0.0)
        air.join(self)

    def move(self, region: Region, channel: int, now: float) -> None:
        """Work on another channel."""
        self.region = region
        self._listens = cmt2300a.Fixed(channel, now)

    def be(self, address: int) -> None:
        """Do nothing: this radio knows no addresses."""

    def send(self, frame: bytes, now: float) -> float:
        """Send a frame: a call to an inverter on the boot channel."""
        work = self._listens.number
        channel = self.region.boot if frame[0] == Main.CHANNEL else work
        burst = Burst(self, frame, channel, None, now, cmt2300a.wave(frame))
        self._listens = cmt2300a.Fixed(work, burst.end)
        self._air.send(burst)
        return burst.end

    def ignores(self, burst: Burst) -> bool:
        """Hear everything on its channel."""
        return burst.channel != self._listens.number

    def tuning(self, now: float) -> cmt2300a.Fixed | None:
        """Return where it listens."""
        return self._listens if now >= self._listens.since else None

    def hear(self, burst: Burst) -> None:
        """Hand a frame to the host."""
        self._host(burst.frame)


class Bridge(Modem):
    """The bridge's processor; `nrf` and `cmt` are None where it has no such radio."""

    def __init__(
        self, *, stuffed: bool, nrf: Air | None = None, cmt: Air | None = None, region: Region, channel: int
    ) -> None:
        super().__init__()
        self._stuffed = stuffed
        self._deframer = radio_bridge.Deframer(stuffed=stuffed)
        self._cmt = None if cmt is None else CmtRadio(cmt, self._heard, region, channel)
        radios: list[Radio | None] = [None if nrf is None else NrfRadio(nrf, self._heard), self._cmt]
        self._radios = [radio for radio in radios if radio is not None]
        self._address = 0
        self._waiting: deque[bytes] = deque(maxlen=QUEUE)
        self._sending = False

    def taken(self, chunk: bytes) -> None:
        """Take frames from the host."""
        for datagram in self._deframer.feed(chunk):
            self._act(decode(datagram), datagram)

    def _act(self, frame: RadioFrame, datagram: bytes) -> None:
        match frame.main:
            case Main.MODULE:
                self._introduce(frame)
            case Main.CHANNEL if frame.index == OWN_MODULE:
                self._move(frame)
            case _:
                self._waiting.append(datagram)
                if not self._sending:
                    self._send_next()

    def _introduce(self, frame: RadioFrame) -> None:
        """Say who the bridge is; an address in the question becomes its own."""
        if frame.dtu:
            self._address = frame.dtu
            for radio in self._radios:
                radio.be(frame.dtu)
        body = bytes(2) + self._address.to_bytes(4, "big") + bytes(1) + _HARDWARE
        self._tell(RadioFrame(frame.main | ANSWER, self._address, self._address, 0, body).encode())

    def _move(self, frame: RadioFrame) -> None:
        """Work on the channel that a host names; a bridge without such a radio is silent."""
        try:
            region, channel = region_of(frame), channel_of(frame)
        except RemoteProtocolError:
            return
        if self._cmt is not None:
            self._cmt.move(region, channel, asyncio.get_running_loop().time())
            self._tell(channel_answer(frame))

    def _send_next(self) -> None:
        self._sending = bool(self._waiting) and self.linked
        if not self._sending:
            self._waiting.clear()
            return
        frame, loop = self._waiting.popleft(), asyncio.get_running_loop()
        over = max(radio.send(frame, loop.time()) for radio in self._radios)
        loop.call_at(over, self._send_next)

    def _heard(self, frame: bytes) -> None:
        if self.linked:
            self._tell(frame)

    def _tell(self, frame: bytes) -> None:
        self.port.put(radio_bridge.encode(frame, stuffed=self._stuffed))


def _address(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 4], "big")
