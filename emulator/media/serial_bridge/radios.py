"""The bridge's radio, of one kind or the other: where it sends, and where it listens."""

from collections.abc import Callable
from typing import Protocol

from emulator.media.serial_bridge import cmt2300a, nrf24
from emulator.media.serial_bridge.air import Air, Burst, Receiver
from protocols.modems.radio_frame import ANSWER, Main, Region

Host = Callable[[bytes], None]
_BOOT = {region.index: region.boot for region in Region}


class Radio(Receiver, Protocol):
    """A radio that a bridge has."""

    def send(self, frame: bytes, now: float) -> float:
        """Send a frame and return when it is over."""
        ...

    def be(self, address: int) -> None:
        """Take the address by which it is called."""
        ...

    def work_on(self, channel: int, now: float) -> bool:
        """Take another work channel; False for a radio that has none."""
        ...


class NrfRadio:
    """An nRF24: it hears what is sent to the address that it asks as, or was told to have."""

    linked = True

    def __init__(self, air: Air, host: Host) -> None:
        self._air = air
        self._host = host
        self._address: int | None = None
        self._asked = 0, 0  # who was the last to ask, and the channel of the answer
        self._index = 0
        self._listens = nrf24.Hopping(0, 0.0)
        air.join(self)

    def be(self, address: int) -> None:
        """Listen to an address."""
        self._address = address

    def work_on(self, channel: int, now: float) -> bool:  # noqa: ARG002 - it has five channels
        """Refuse: it works on all channels."""
        return False

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

    def tuning(self, now: float) -> nrf24.Hopping:  # noqa: ARG002 - it does what it was told last
        """Return where it listens."""
        return self._listens

    def hear(self, burst: Burst) -> None:
        """Hand a frame to the host."""
        self._asked = _address(burst.frame, 5), nrf24.answer_index(burst.channel)
        self._host(burst.frame)


class CmtRadio:
    """A CMT2300A: it listens on its work channel, and calls on the boot channel.

    The radio has no addresses; the bridge drops what is for others than whom it asks as, or was told to be.
    """

    linked = True

    def __init__(self, air: Air, host: Host, channel: int) -> None:
        self._air = air
        self._host = host
        self._address: int | None = None
        self._listens = cmt2300a.Fixed(channel, 0.0)
        air.join(self)

    def be(self, address: int) -> None:
        """Keep what is for an address."""
        self._address = address

    def work_on(self, channel: int, now: float) -> bool:
        """Work on another channel."""
        self._listens = cmt2300a.Fixed(channel, now)
        return True

    def send(self, frame: bytes, now: float) -> float:
        """Send a frame: a call to an inverter on the boot channel of its part of the world."""
        if not frame[0] & ANSWER:
            self._address = _address(frame, 5)
        work = self._listens.number
        channel = _BOOT.get(frame[9], work) if frame[0] == Main.CHANNEL else work
        burst = Burst(self, frame, channel, None, now, cmt2300a.wave(frame))
        self._listens = cmt2300a.Fixed(work, burst.end)
        self._air.send(burst)
        return burst.end

    def ignores(self, burst: Burst) -> bool:
        """Hear what is for its address: the answer to its request, or a request to it."""
        addressee = _address(burst.frame, 5 if burst.frame[0] & ANSWER else 1)
        return self._address is not None and addressee != self._address

    def tuning(self, now: float) -> cmt2300a.Fixed:  # noqa: ARG002 - it does what it was told last
        """Return where it listens."""
        return self._listens

    def hear(self, burst: Burst) -> None:
        """Hand a frame to the host."""
        self._host(burst.frame)


def _address(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 4], "big")
