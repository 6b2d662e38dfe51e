"""An emulated radio bridge between a host's serial port and the air.

It takes radio frames from the host and sends them, one after another, and hands the host every frame that it hears.
What is for the bridge itself it answers: who it is, and the channel that it is to work on.
"""

import asyncio
from collections.abc import Callable

from emulator.host import Modem
from emulator.media.serial_bridge.radios import Host, Radio
from protocols.errors import RemoteProtocolError
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import (
    ANSWER,
    OWN_MODULE,
    Main,
    RadioFrame,
    channel_answer,
    channel_of,
    decode,
)

_HARDWARE = b"\x00\x00\x01\x00"  # version 1.0


class Bridge(Modem):
    """The bridge's processor. `radio` makes its radio, which hands what it hears to a function."""

    def __init__(self, radio: Callable[[Host], Radio], *, stuffed: bool) -> None:
        super().__init__()
        self._stuffed = stuffed
        self._deframer = radio_bridge.Deframer(stuffed=stuffed)
        self._radio = radio(self._heard)
        self._address = 0
        self._waiting: bytes | None = None  # there is one place: a host holds one conversation at a time
        self._sending = False
        self.overrun_frames = 0

    def taken(self, chunk: bytes) -> None:
        """Take frames from the host."""
        for datagram in self._deframer.feed(chunk):
            frame = decode(datagram)
            match frame.main:
                case Main.MODULE:
                    self._introduce(frame)
                case Main.CHANNEL if frame.index == OWN_MODULE:
                    self._move(frame)
                case _:
                    self._queue(datagram)

    def _introduce(self, frame: RadioFrame) -> None:
        """Say who the bridge is; an address in the question becomes its own."""
        if frame.dtu:
            self._address = frame.dtu
            self._radio.be(frame.dtu)
        body = bytes(2) + self._address.to_bytes(4, "big") + bytes(1) + _HARDWARE
        self._tell(RadioFrame(frame.main | ANSWER, frame.inverter, frame.dtu, 0, body).encode())

    def _move(self, frame: RadioFrame) -> None:
        """Work on the channel that the host names; a radio without channels is silent."""
        try:
            channel = channel_of(frame)
        except RemoteProtocolError:
            return
        if self._radio.work_on(channel, asyncio.get_running_loop().time()):
            self._tell(channel_answer(frame))

    def _queue(self, datagram: bytes) -> None:
        if self._waiting is not None:
            self.overrun_frames += 1
            return
        self._waiting = datagram
        if not self._sending:
            self._send()

    def _send(self) -> None:
        """Send the frame that waits, if there is one."""
        frame, self._waiting = self._waiting, None
        self._sending = frame is not None
        if frame is not None:
            loop = asyncio.get_running_loop()
            loop.call_at(self._radio.send(frame, loop.time()), self._sent, frame)

    def _sent(self, frame: bytes) -> None:
        if frame[0] == Main.CHANNEL:
            self._tell(channel_answer(decode(frame)))
        self._send()

    def _heard(self, frame: bytes) -> None:
        """Hand a frame to the host; one that an inverter sent damaged is dropped."""
        try:
            decode(frame)
        except RemoteProtocolError:
            return
        self._tell(frame)

    def _tell(self, frame: bytes) -> None:
        self.port.put(radio_bridge.encode(frame, stuffed=self._stuffed))
