"""What limits the power of a unit: rating, owner, ramp, frequency, voltage, temperature. The lowest wins.

Each is a straight line over a piece of time, so that power and energy stay exact. The rating, the owner's limit and
derating stand still; the ramp rises; P(f) follows the frequency at once; P(U) goes a part of the way to its curve at a
time, because the power itself moves the voltage.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import inf
from typing import NamedTuple

from config.grid_profile import Curve, FreqWatt, GridProfileFile
from emulator.stages import OUTAGE_PU
from emulator.thermal import derate_holds_between, derated_share
from emulator.track import Line
from protocols.states import ThrotSrc

P_U_STEPS, P_U_SHARE = 5, 0.45  # steps in a response time; each leaves 0.55 of the way: 5 % after all of them
_OPEN = 0.999  # a limit by voltage above this share is none


class Cap(NamedTuple):
    """One limit over a piece of time; `source` None: nothing that a state tells."""

    line: Line
    source: ThrotSrc | None


def on_curve(curve: Curve, v: float) -> float:
    """Return the output of a curve at a voltage, both in %; before the first point and behind the last it is level."""
    if v <= curve.points[0][0]:
        return curve.points[0][1]
    for (low, first), (high, last) in pairwise(curve.points):
        if v <= high:
            return first + (last - first) * (v - low) / (high - low)
    return curve.points[-1][1]


class Droop:
    """P(f): power falls with over-frequency from what it was when the frequency crossed the start."""

    def __init__(self, settings: FreqWatt, hz_nom: float) -> None:
        self.start_hz = hz_nom + settings.db_of if settings.ena else inf
        self._share_per_hz = 1 / (settings.k_of * hz_nom)
        self.entry_w: float | None = None

    @property
    def active(self) -> bool:
        """Tell whether it limits."""
        return self.entry_w is not None

    def observe(self, hertz: float | None, watt: float) -> None:
        """Take the frequency from now on, and the power until now."""
        if hertz is None or hertz <= self.start_hz:
            self.entry_w = None
        elif self.entry_w is None:
            self.entry_w = watt

    def watt(self, hertz: float) -> float:
        """Return the limit at a frequency."""
        if self.entry_w is None:
            return inf
        return self.entry_w * max(1 - self._share_per_hz * max(hertz - self.start_hz, 0.0), 0.0)


class VoltWatt:
    """P(U): a step towards the curve whenever `due`, while it limits."""

    def __init__(self, curve: Curve, v_nom: float) -> None:
        self._curve = curve
        self._v_nom = v_nom
        self.start_v = curve.points[0][0] * v_nom / 100 if curve.ena else inf
        self._step_s = curve.rsp_s / P_U_STEPS
        self.share = 1.0
        self.due = inf

    def observe(self, now: float, volt: float) -> None:
        """Begin when the voltage is above the start."""
        if volt > self.start_v and self.due == inf:
            self.due = now + self._step_s

    def tick(self, now: float, volt: float) -> None:
        """Go a step, if one is due."""
        if now < self.due:
            return
        wanted = on_curve(self._curve, 100 * volt / self._v_nom) / 100
        share = self.share + P_U_SHARE * (wanted - self.share)
        done = volt <= self.start_v and share > _OPEN
        self.share = 1.0 if done else share
        self.due = inf if done else self.due + self._step_s

    def stop(self) -> None:
        """Begin anew with full power."""
        self.share, self.due = 1.0, inf


class Limits:
    """All limits of one unit."""

    def __init__(self, profile: GridProfileFile, rated_w: float) -> None:
        self.owner_pct = 100.0
        self.droop = Droop(profile.freq_watt, profile.nominal.hz)
        self.volt_watt = VoltWatt(profile.volt_watt, profile.nominal.v_ln)
        self._rated_w = rated_w
        self._ramp_s = profile.enter_service.ramp_s
        self._ramp_from = -inf
        self._derated = 1.0
        self._no_v = OUTAGE_PU * profile.nominal.v_ln
        self._blocked = False  # without voltage there is nothing to feed into
        self.derate_band = derate_holds_between(-inf)

    def connect(self, now: float, *, ramp: bool) -> None:
        """Begin to feed in."""
        self._ramp_from = now if ramp else -inf
        self.volt_watt.stop()
        self.droop.observe(None, 0.0)

    def warm(self, case_c: float) -> None:
        """Take the temperature of the case."""
        low, high = self.derate_band
        if not low < case_c < high:
            self._derated = derated_share(case_c)
            self.derate_band = derate_holds_between(case_c)

    def observe(self, now: float, volt: float, hertz: float | None, watt: float) -> None:
        """Take what the grid is like from `now` on, and the power until now."""
        self._blocked = volt < self._no_v
        self.droop.observe(hertz, watt)
        self.volt_watt.observe(now, volt)

    @property
    def settings(self) -> tuple[float | None, ...]:
        """Return what the limits follow from: when it differs, the output changes."""
        return self._blocked, self.owner_pct, self._derated, self.volt_watt.share, self._ramp_from, self.droop.entry_w

    def watt(self, t: float, hertz: Callable[[float], float]) -> float:
        """Return the lowest limit at an instant."""
        if self._free(t):
            return self._rated_w
        return min(cap.line.first for cap in self.caps(t, t, hertz))

    def lowest(self, start: float, end: float, hertz: Callable[[float], float]) -> Cap:
        """Return the limit that is lowest from `start` on, up to where another becomes lower."""
        if self._free(start):
            return Cap(_level(start, end, self._rated_w), None)
        return lowest(self.caps(start, end, hertz))

    def _free(self, t: float) -> bool:
        """Tell whether there is no limit but the rating: so it is nearly always."""
        alone = self.owner_pct >= 100 and self._derated >= 1 and self.volt_watt.share >= 1 and not self._blocked
        return alone and t >= self.ramp_end and self.droop.entry_w is None

    @property
    def ramp_end(self) -> float:
        """Return when the ramp is over."""
        return self._ramp_from + self._ramp_s

    def caps(self, start: float, end: float, hertz: Callable[[float], float]) -> Iterator[Cap]:
        """Yield each limit between two instants; no change of any of them may lie in between."""
        rated = self._rated_w
        yield Cap(_level(start, end, rated), None)
        if self._blocked:
            yield Cap(_level(start, end, 0.0), ThrotSrc.LVRT)
        if self.owner_pct < 100:
            yield Cap(_level(start, end, rated * self.owner_pct / 100), ThrotSrc.MAX_W)
        if self._derated < 1:
            yield Cap(_level(start, end, rated * self._derated), ThrotSrc.DERATED)
        if self.volt_watt.share < 1:
            yield Cap(_level(start, end, rated * self.volt_watt.share), ThrotSrc.VOLT_WATT)
        if start < self.ramp_end:
            yield Cap(Line(start, end, self._ramp_w(start), self._ramp_w(end)), None)
        if self.droop.active:
            ends = (self.droop.watt(hertz(t)) for t in (start, end))
            yield Cap(Line(start, end, *ends), ThrotSrc.FREQ_WATT)

    def _ramp_w(self, t: float) -> float:
        return self._rated_w * min((t - self._ramp_from) / self._ramp_s, 1.0)


def _level(start: float, end: float, watt: float) -> Line:
    return Line(start, end, watt, watt)


def lowest(caps: Iterator[Cap]) -> Cap:
    """Return the limit that is lowest at first, up to where another becomes lower."""
    first, *others = sorted(caps, key=lambda cap: (cap.line.first, cap.line.last))
    line = first.line
    end = min((_meeting(line, other.line) for other in others if other.line.last < line.last), default=line.end)
    return Cap(Line(line.start, end, line.first, line.at(end)), first.source)


def _meeting(low: Line, other: Line) -> float:
    ahead, behind = other.first - low.first, low.last - other.last
    return low.start + (low.end - low.start) * ahead / (ahead + behind)
