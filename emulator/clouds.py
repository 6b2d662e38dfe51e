"""The clear-sky index: how much of the clear sky's irradiance reaches the ground, minute by minute.

Three regimes (clear, broken, overcast) with the figures of one-minute irradiance measured at Payerne in June 2016
(BSRN station 21): share, mean, spread, lag-1 correlation and the chance of a change within a minute. Inside broken
clouds the index jumps between a sunny and a shaded level (a random telegraph), whose dwell times are log-normal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from math import sqrt
from random import Random

from emulator.track import Track

KNOT_S = 60.0
_DAY = 1440  # knots
_MINUTES_PER_DEGREE = 4  # of longitude: days meet at local solar midnight, where nobody sees the seam
_LOWEST, _HIGHEST = 0.05, 1.4  # cloud enhancement: up to 1404 W/m² were measured at Payerne


class Regime(Enum):
    """Kinds of sky."""

    CLEAR = "clear"
    BROKEN = "broken"
    OVERCAST = "overcast"


@dataclass(frozen=True, slots=True)
class _Smooth:
    """A first-order Gaussian process, one step a minute."""

    mean: float
    sd: float
    memory: float


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of the telegraph; dwell in minutes."""

    mean: float
    sd: float
    dwell_mu: float  # ln of the median
    dwell_sigma: float  # sqrt(2 ln(mean / median))


# the spread of clear days is halved: half of what was measured is the misfit of the clear-sky model
_SMOOTH = {Regime.CLEAR: _Smooth(1.00, 0.03, 0.972), Regime.OVERCAST: _Smooth(0.31, 0.14, 0.994)}
_TELEGRAPH = (_Level(1.06, 0.16, 1.386, 1.156), _Level(0.49, 0.18, 1.609, 1.074))
_SUNNY_SHARE = 0.43
_SHARE = {Regime.CLEAR: 0.17, Regime.BROKEN: 0.45, Regime.OVERCAST: 0.38}
_NEXT = {
    Regime.CLEAR: {Regime.CLEAR: 0.9892, Regime.BROKEN: 0.0108},
    Regime.BROKEN: {Regime.CLEAR: 0.0042, Regime.BROKEN: 0.9830, Regime.OVERCAST: 0.0128},
    Regime.OVERCAST: {Regime.BROKEN: 0.0151, Regime.OVERCAST: 0.9849},
}


def clear_sky_index(seed: int, regime: Regime | None, longitude: float) -> Track:
    """Return the index on knots of a minute; `regime` None lets the regimes change by themselves."""

    def day(number: int) -> list[float]:
        rng = Random(f"{seed}/clouds/{number}")
        minutes = zip(_regimes(rng, regime), _telegraph(rng), range(_DAY), strict=False)
        wave = rng.gauss(0, 1)
        indices = []
        for now, level, _ in minutes:
            smooth = _SMOOTH.get(now)
            if smooth is None:
                index = level
            else:
                wave = smooth.memory * wave + sqrt(1 - smooth.memory**2) * rng.gauss(0, 1)
                index = smooth.mean + smooth.sd * wave
            indices.append(min(max(index, _LOWEST), _HIGHEST))
        return indices

    return Track(KNOT_S, _DAY, day, shift=round(longitude * _MINUTES_PER_DEGREE))


def steady(index: float) -> Track:
    """Return an index that stays."""
    return Track(KNOT_S, _DAY, lambda _: [index] * _DAY)


def _pick(rng: Random, chances: dict[Regime, float]) -> Regime:
    return rng.choices(tuple(chances), tuple(chances.values()))[0]


def _regimes(rng: Random, fixed: Regime | None) -> Iterator[Regime]:
    now = fixed or _pick(rng, _SHARE)
    while True:
        yield now
        now = fixed or _pick(rng, _NEXT[now])


def _telegraph(rng: Random) -> Iterator[float]:
    sunny = rng.random() < _SUNNY_SHARE
    while True:
        level = _TELEGRAPH[0 if sunny else 1]
        index = rng.gauss(level.mean, level.sd)
        for _ in range(max(1, round(rng.lognormvariate(level.dwell_mu, level.dwell_sigma)))):
            yield index
        sunny = not sunny
