"""A piece of a unit's life in which nothing is decided: power and energy in closed form."""

from dataclasses import dataclass

from emulator.conversion import Conversion
from emulator.course import INSTANT
from emulator.limits import Cap
from emulator.source import Light

_PRECISION_S = 1e-4


@dataclass(slots=True)
class Segment:
    """From `start` to `end`, which may be cut; `cap` None: the relay is open.

    A limit that moves either binds from beginning to end or not at all, which is `capped`; for one that stands still
    the conversion knows the exact mean whether it binds or not.
    """

    start: float
    end: float
    light: Light
    cap: Cap | None
    capped: bool
    stage: Conversion

    def watt(self, t: float) -> float:
        """Return the AC power."""
        if self.cap is None:
            return 0.0
        if self.capped:
            return self.cap.line.at(t)
        return self.stage.ac(self.light.power.at(t), self._level_w(self.cap))

    def energy_wh(self, until: float) -> float:
        """Return the AC energy from the start."""
        return self.mean_w(until) * (until - self.start) / 3600

    def mean_w(self, until: float) -> float:
        """Return the mean AC power from the start."""
        if self.cap is None or until <= self.start:
            return 0.0
        if self.capped:
            return (self.cap.line.first + self.cap.line.at(until)) / 2
        power = self.light.power
        return self.stage.mean_ac(power.at(self.start), power.at(until), self._level_w(self.cap))

    def input_wh(self, until: float) -> float:
        """Return the DC energy that the power stage takes from the start; with the relay open it takes none."""
        if self.cap is None or until <= self.start:
            return 0.0
        hours = (until - self.start) / 3600
        power = self.light.power
        if not self.capped:
            most_w = self.stage.dc(self._level_w(self.cap))
            return hours * mean_below(power.at(self.start), power.at(until), most_w)
        ends = self.cap.line.first, self.cap.line.at(until)
        first, middle, last = (self.stage.dc(watt) for watt in (ends[0], sum(ends) / 2, ends[1]))
        return hours * (first + 4 * middle + last) / 6  # Simpson's rule: exact, as the loss is a parabola

    def _level_w(self, cap: Cap) -> float:
        """Return the limit to which the conversion is held: one that moves and does not bind is none."""
        return cap.line.first if _level(cap) else self.stage.rated_w


def mean_below(first: float, last: float, most: float) -> float:
    """Return the mean of a straight line that is held at `most` where it is higher."""
    low, high = min(first, last), max(first, last)
    if high <= most:
        return (low + high) / 2
    if low >= most:
        return most
    return most - (most - low) ** 2 / (2 * (high - low))


def binds(light: Light, cap: Cap | None, stage: Conversion, t: float) -> bool:
    """Tell whether a limit that moves is below what the modules give."""
    if cap is None or _level(cap):
        return False
    return stage.ac(light.power.at(t), stage.rated_w) > cap.line.at(t)


def turns(light: Light, cap: Cap | None, stage: Conversion, start: float, end: float) -> float:
    """Return when a limit that moves begins or ceases to bind; `end` when it does not."""
    before = binds(light, cap, stage, start + INSTANT)
    if binds(light, cap, stage, end) == before:
        return end
    while end - start > _PRECISION_S:
        middle = (start + end) / 2
        if binds(light, cap, stage, middle) == before:
            start = middle
        else:
            end = middle
    return end


def _level(cap: Cap) -> bool:
    return cap.line.first == cap.line.last
