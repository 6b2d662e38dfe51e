"""What the line does to frames: loss at random and in bursts, and bit errors; all from one seed."""

from math import log1p
from random import Random

from config.site import Impairments


class Bursts:
    """Gilbert and Elliott's two states, good and bad, with exponential dwell times."""

    def __init__(self, every_s: float, length_s: float, rng: Random) -> None:
        self._mean_s = {False: every_s, True: length_s}
        self._rng = rng
        self._bad = False
        self._until = rng.expovariate(1 / every_s)

    def bad_at(self, now: float) -> bool:
        """Tell whether a burst lasts at `now`; `now` never goes back."""
        while self._until <= now:
            self._bad = not self._bad
            self._until += self._rng.expovariate(1 / self._mean_s[self._bad])
        return self._bad


class Channel:
    """The way from the line into one receiver after another."""

    def __init__(self, settings: Impairments, seed: str) -> None:
        self._settings = settings
        self._rng = Random(f"{seed}/channel")
        self.faithful = settings.bit_error_rate == 0  # what is not lost arrives as it was sent
        self._bursts = Bursts(settings.burst_every_s, settings.burst_s, Random(f"{seed}/bursts"))

    def lost(self, now: float) -> bool:
        """Tell whether a receiver misses the frame that is on the line at `now`."""
        burst = self._settings.burst_loss > 0 and self._bursts.bad_at(now)
        chance = self._settings.burst_loss if burst else self._settings.loss
        return chance > 0 and self._rng.random() < chance

    def damaged(self, data: bytes) -> bytes:
        """Return what a receiver makes of `data`: the same bytes, or some with wrong bits."""
        rate = self._settings.bit_error_rate
        if rate <= 0:
            return data
        heard = bytearray(data)
        for bit in self._wrong_bits(8 * len(data), rate):
            heard[bit // 8] ^= 1 << bit % 8
        return bytes(heard)

    def _wrong_bits(self, bits: int, rate: float) -> list[int]:
        """Return the positions of wrong bits; the distance from one to the next is geometric."""
        if rate >= 1:
            return list(range(bits))
        wrong: list[int] = []
        at = int(self._rng.expovariate(1) / _hazard(rate))
        while at < bits:
            wrong.append(at)
            at += 1 + int(self._rng.expovariate(1) / _hazard(rate))
        return wrong


def _hazard(rate: float) -> float:
    """Return -ln(1 - rate): the floor of an exponential wait with this hazard is geometric with this rate."""
    return -log1p(-rate)
