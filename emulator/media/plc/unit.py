"""A unit on the line: the inverter's modem and protocol side."""

import asyncio
from functools import lru_cache

from emulator.inverter import Inverter
from emulator.media.plc.line import Line
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
        self._waiting = False  # bytes are left over
        line.join(self)

    def ignores(self, data: bytes) -> bool:
        """Tell whether a burst of whole frames is for others: most are."""
        if self._framed:
            return not self._responder.concerns(data)
        frames, left = _frames(data)
        if left or self._waiting:
            return False
        for frame in frames:  # noqa: SIM110 - any() would cost a generator for each unit and frame
            if self._responder.concerns(frame):
                return False
        return True

    def hear(self, data: bytes) -> None:
        """Answer the frames that `data` completes; without power nobody hears."""
        now = asyncio.get_running_loop().time()
        if not self._inverter.awake(now):
            self._deframer.clear()
            self._waiting = False
            return
        for frame in (data,) if self._framed else self._cut(data):
            for answer in self._responder.answer(frame, now):
                self._line.send(self, answer)

    def _cut(self, data: bytes) -> tuple[bytes, ...]:
        if not self._waiting:
            frames, left = _frames(data)
            if not left:
                return frames
        frames = tuple(self._deframer.feed(data))
        self._waiting = len(self._deframer) > 0
        return frames
