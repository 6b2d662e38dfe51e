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
        self._deframer = Deframer()
        line.join(self)

    def hear(self, data: bytes) -> None:
        """Answer the frames that `data` completes; without power nobody hears."""
        now = asyncio.get_running_loop().time()
        if not self._inverter.awake(now):
            self._deframer.clear()
            return
        for frame in (data,) if self._framed else self._cut(data):
            for answer in self._responder.answer(frame, now):
                self._line.send(self, answer)

    def _cut(self, data: bytes) -> tuple[bytes, ...]:
        if not len(self._deframer):
            frames, left = _frames(data)
            if not left:
                return frames
        return tuple(self._deframer.feed(data))
