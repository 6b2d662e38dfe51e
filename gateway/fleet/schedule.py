"""Whose turn it is on a link: fair to the units that answer, sparing with those that do not."""

from dataclasses import dataclass
from math import inf

SILENT_AFTER = 2  # misses in a row after which a unit is probed instead of polled
UNASKED_S = 2400.0  # no unit waits longer, whatever probing costs: after 60 minutes some believe to have no gateway
BURST_S = 30.0  # probing time is saved up for at most this long
_MAX_DOUBLINGS = 16  # beyond it the back-off is longer than any probe period


@dataclass(frozen=True, slots=True)
class Job:
    """Talk to a unit about an item, both by index; a probe goes to a unit that has not answered of late."""

    unit: int
    item: int
    probe: bool


class _Unit:
    """When a unit's items are due and how it has behaved."""

    __slots__ = ("asked_at", "due", "interval_s", "misses", "not_before", "polled_at")

    def __init__(self, items: int, now: float) -> None:
        self.due = [now] * items
        self.not_before = [-inf] * items
        self.misses = 0
        self.asked_at = now
        self.polled_at: float | None = None
        self.interval_s: float | None = None

    @property
    def silent(self) -> bool:
        return self.misses >= SILENT_AFTER


class Schedule:
    """Earliest due first, on the grid of the items' periods; when the link cannot keep them the cycle stretches.

    Units that miss are probed with doubling pauses. While any unit answers, the time that misses cost (from the second
    in a row on) stays below `probe_share` of all time: it is paid from a purse that time fills; a probe needs a purse
    that is not empty, and may overdraw it once. A unit that nobody has asked for UNASKED_S since the link came up is
    asked all the same, in its turn. Of those that are due at the same time the longest unasked goes first.
    """

    def __init__(self, units: int, periods_s: tuple[float, ...], *, probe_share: float, now: float) -> None:
        self._units = [_Unit(len(periods_s), now) for _ in range(units)]
        self._periods_s = periods_s
        self._share = probe_share
        self._purse_s = 0.0
        self._filled_at = now
        self._resumed_at = now

    @property
    def cycle_s(self) -> float | None:
        """Return the longest time between the last two polls of any unit that answers; None before the second."""
        return max((u.interval_s for u in self._units if not u.silent and u.interval_s is not None), default=None)

    def next(self, now: float, probe_s: float) -> Job | float:
        """Return what to do at `now`, or the instant to ask again; a silent unit is probed every `probe_s` at most."""
        self._fill(now)
        purse_at = self._purse_at(now)
        best, best_due, best_asked = 0, inf, inf
        for index, unit in enumerate(self._units):
            due = self._probe_due(unit, probe_s, purse_at) if unit.silent else min(unit.due)
            if due < best_due or (due == best_due and unit.asked_at < best_asked):
                best, best_due, best_asked = index, due, unit.asked_at
        if best_due > now:
            return best_due
        unit = self._units[best]
        return Job(best, 0, probe=True) if unit.silent else Job(best, unit.due.index(best_due), probe=False)

    def pressing(self, now: float) -> bool:
        """Tell whether a unit has waited so long that it must not be kept waiting by anything else."""
        return any(self._pressing_at(unit) <= now for unit in self._units)

    def report(self, job: Job, started: float, ended: float, *, answered: bool) -> None:
        """Take note of how a job went between two instants."""
        unit = self._units[job.unit]
        if not answered:
            self._missed(unit, started, ended - started)
        elif unit.silent:
            unit.misses = 0
            unit.interval_s = None
        else:
            unit.misses = 0
            unit.due[job.item] = max(unit.due[job.item] + self._periods_s[job.item], started)
            if job.item == 0:
                unit.interval_s = None if unit.polled_at is None else started - unit.polled_at
                unit.polled_at = started
        unit.asked_at = started

    def postpone(self, index: int, item: int, until: float) -> None:
        """Read an item of a unit next at `until`, whenever it was due, and not before that whatever comes."""
        self._units[index].due[item] = self._units[index].not_before[item] = until

    def hasten(self, index: int, now: float) -> None:
        """Make every item of a unit due now: it has just joined; a postponed one stays so."""
        self._units[index].due = [max(now, earliest) for earliest in self._units[index].not_before]
        self._units[index].polled_at = None

    def resume(self, now: float) -> None:
        """Start afresh after a pause of the link: everybody is due, and nobody's pause counts as a long cycle."""
        for index in range(len(self._units)):
            self.hasten(index, now)
        self._filled_at = self._resumed_at = now

    def _missed(self, unit: _Unit, started: float, cost_s: float) -> None:
        if unit.misses and self._anyone_live():
            self._purse_s -= cost_s
        unit.misses += 1
        unit.polled_at = None  # the time to the next answer is no cycle
        unit.due = [max(due, started + self._periods_s[0]) for due in unit.due]

    def _anyone_live(self) -> bool:
        return any(not unit.silent for unit in self._units)

    def _fill(self, now: float) -> None:
        self._purse_s = min(self._purse_s + self._share * (now - self._filled_at), self._share * BURST_S)
        self._filled_at = now

    def _purse_at(self, now: float) -> float:
        """Return when the purse allows a probe; with nobody live there is nobody to protect."""
        if self._purse_s > 0 or not self._anyone_live():
            return -inf
        return now + max(-self._purse_s / self._share, 1e-3)

    def _probe_due(self, unit: _Unit, probe_s: float, purse_at: float) -> float:
        pause_s = min(self._periods_s[0] * 2.0 ** min(unit.misses - SILENT_AFTER, _MAX_DOUBLINGS), probe_s)
        due = self._resumed_at if unit.asked_at < self._resumed_at else unit.asked_at + pause_s
        return min(max(due, purse_at), self._pressing_at(unit))

    def _pressing_at(self, unit: _Unit) -> float:
        return max(unit.asked_at, self._resumed_at) + UNASKED_S
