"""A unit on the line: the inverter's modem and protocol side."""

import asyncio
from functools import lru_cache

from emulator.inverter import Inverter
from emulator.medium import Line
from protocols.exchange import Responder
from protocols.modbus.rtu import Deframer


@lru_cache(maxsize=64)  # the frames of one moment on a few dozen lines
def _frames(burst: bytes) -> tuple[tuple[bytes, ...], int]:
    """Return the frames in a burst and how many bytes are left over behind them."""
    deframer = Deframer()
    return tuple(deframer.feed(burst)), len(deframer)


class Unit:
    """Hears every frame on the line and answers those that its responder answers.

    `framed`: the modem delivers whole datagrams. Otherwise the unit cuts frames out of the bytes; units that hear
    the same burst with nothing left from before come to the same frames, so that work is shared.
    """

    early = False

    def __init__(self, line: Line, inverter: Inverter, responder: Responder, *, framed: bool) -> None:
        self._line = line
        self._inverter = inverter
        self._responder = responder
        self._framed = framed
        self.linked = True
        self._deframer = Deframer()
        line.join(self)

    def hear(self, data: bytes) -> None:
        """Answer the frames that `data` completes; without power nobody hears.

        Most frames are for another unit. Whether this one has power is asked only where it would make a difference.
        """
        if self._framed:
            frames: tuple[bytes, ...] = (data,)
        else:
            frames, left = _frames(data)
            if left or len(self._deframer):
                frames = tuple(self._deframer.feed(data)) if self._awake() else ()
        for frame in frames:
            if self._responder.concerns(frame) and self._awake():
                for answer in self._responder.answer(frame, asyncio.get_running_loop().time()):
                    self._line.send(self, answer)

    def _awake(self) -> bool:
        awake = self._inverter.awake(asyncio.get_running_loop().time())
        if not awake:
            self._deframer.clear()
        return awake
