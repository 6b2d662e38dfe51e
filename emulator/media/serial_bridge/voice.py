"""How an inverter speaks: fragment by fragment, each in its time, and none without power."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from emulator.inverter import Inverter
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
    """One inverter's pace. `seed` names its chances."""

    def __init__(self, inverter: Inverter, pace: Pace, seed: str) -> None:
        self._inverter = inverter
        self._pace = pace
        self._rng = Random(f"{seed}/{inverter.serial}/radio")
        self._timers: list[asyncio.TimerHandle] = []

    def say(self, frames: Sequence[bytes], send: Callable[[bytes], None]) -> None:
        """Send an answer; one that is still being sent is broken off.

        A fragment that is left out takes its time all the same.
        """
        self.stop()
        loop = asyncio.get_running_loop()
        first, step_s = loop.time() + self._rng.uniform(*self._pace.first_s), self._rng.uniform(*self._pace.next_s)
        self._timers = [
            loop.call_at(first + (_number(frame) - _number(frames[0])) * step_s, self._send, frame, send)
            for frame in frames
        ]

    def stop(self) -> None:
        """Say no more."""
        for timer in self._timers:
            timer.cancel()

    def _send(self, frame: bytes, send: Callable[[bytes], None]) -> None:
        if self._inverter.awake(asyncio.get_running_loop().time()):
            send(frame)


def _number(frame: bytes) -> int:
    """Return the number of a fragment; one that a fault has cut off before it counts as the first."""
    return frame[_NUMBER] & ~LAST if len(frame) > _NUMBER else 1
