"""How an inverter speaks: fragment by fragment, each in its time, and none without power."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from emulator.inverter import Inverter
from emulator.media.serial_bridge.air import Air, Burst, Receiver, Waveform
from protocols.modems.radio_frame import LAST

_NUMBER = 9  # byte of a frame


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of an answer, from the least to the most: until the first fragment begins, and from one to the next."""

    first_s: tuple[float, float]
    next_s: tuple[float, float]


NRF_PACE = Pace((0.036, 0.042), (0.042, 0.050))  # so the first is heard 45 to 85 ms after the request began
CMT_PACE = Pace((0.005, 0.015), (0.047, 0.050))  # a whole fragment takes 35 ms of it


class Voice:
    """One inverter's transmitter. `wave` tells how a frame is sent; `seed` is its own."""

    def __init__(self, air: Air, inverter: Inverter, pace: Pace, wave: Callable[[bytes], Waveform], seed: str) -> None:
        self._air = air
        self._inverter = inverter
        self._pace = pace
        self._wave = wave
        self._rng = Random(f"{seed}/{inverter.serial}/radio")
        self._timers: list[asyncio.TimerHandle] = []
        self.over = 0.0  # when it has sent, or will have sent, its last frame

    def say(self, owner: Receiver, frames: Sequence[bytes], channel: int, to: int | None) -> None:
        """Send an answer; one that is still being sent is broken off.

        A fragment that is left out takes its time all the same.
        """
        for timer in self._timers:
            timer.cancel()
        loop = asyncio.get_running_loop()
        first, step_s = loop.time() + self._rng.uniform(*self._pace.first_s), self._rng.uniform(*self._pace.next_s)
        self._timers = [
            loop.call_at(first + (_number(frame) - _number(frames[0])) * step_s, self._send, owner, frame, channel, to)
            for frame in frames
        ]

    def _send(self, owner: Receiver, frame: bytes, channel: int, to: int | None) -> None:
        now = asyncio.get_running_loop().time()
        if not self._inverter.awake(now):
            return
        burst = Burst(owner, frame, channel, to, now, self._wave(frame))
        self.over = burst.end
        self._air.send(burst)


def _number(frame: bytes) -> int:
    return frame[_NUMBER] & ~LAST
