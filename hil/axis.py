"""From values to places in a picture, and as many points of a curve as can be seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Lays values between `low` and `high` to places between `start` and `end`; others to the nearer end."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(max(share, 0.0), 1.0)

    def ticks(self, about: int) -> list[float]:
        """Return round values along the axis, about so many."""
        step = round_step((self.high - self.low) / about)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(number * step, 9) for number in range(first, last + 1)]


def axis_for(values: Iterable[float], start: float, end: float, *, least: float) -> Axis:
    """Return an axis that holds all values with some air, and spans at least `least`."""
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    air = max((high - low) * 0.08, (least - (high - low)) / 2, 1e-9)
    return Axis(low - air, high + air, start, end)


def round_step(rough: float) -> float:
    """Return the next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def thinned(points: Sequence[Point], axis: Axis) -> list[Point]:
    """Return the points that a curve needs: of each place first, least, most and last, and no flat middles."""
    kept: list[Point] = []
    for _, group in groupby(points, key=lambda point: round(axis.at(point[0]))):
        there = list(group)
        chosen = {0, len(there) - 1}
        chosen |= {there.index(extreme(there, key=lambda point: point[1])) for extreme in (min, max)}
        kept += [there[number] for number in sorted(chosen)]
    return list(_without_flats(kept))


def _without_flats(points: Sequence[Point]) -> Iterator[Point]:
    for number, (at, value) in enumerate(points):
        inner = 0 < number < len(points) - 1
        if not (inner and points[number - 1][1] == value == points[number + 1][1]):
            yield at, value
