"""The comparators and timers behind the protection stages.

A timer starts when the limit is crossed, starts anew after the value came back over the drop-out limit, and acts when
it is full. What acted stays until the value has been back for a while.

    idle ──beyond the limit──> timing ──full──> acted ──back for clear_s──> idle
                                 └────back────> idle

An outage suppresses the other stages of the grid: with no voltage they would only repeat it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf

from emulator.stages import OUTAGE, Quantity, Stage

SUPPRESSED = frozenset({3, 4, 5, 6})  # codes that an outage suppresses
NOWHERE = (inf, -inf)


@dataclass(slots=True)
class Timer:
    """A stage at work. `since`: when the limit was crossed; `worst`: the extreme from then until it acted."""

    stage: Stage
    since: float | None = None
    worst: float = 0.0
    acted: bool = False
    back_since: float | None = None

    @property
    def level(self) -> float:
        """Return the value at which something happens next."""
        return self.stage.limit if self.since is None else self.stage.back

    @property
    def due(self) -> float:
        """Return when it acts or clears if nothing changes."""
        if self.acted:
            return inf if self.back_since is None else self.back_since + self.stage.clear_s
        return inf if self.since is None else self.since + self.stage.act_s

    def observe(self, now: float, value: float | None, *, in_window: bool) -> None:
        """Take what is so from `now` on; None: it cannot be measured."""
        back = value is not None and self._beyond(self.stage.back, value)
        if self.acted:
            clears = back and (in_window or not self.stage.needs_window)
            self.back_since = since(self.back_since, now, holds=clears)
        elif self.since is not None:
            self.since = None if back or value is None else self.since
        elif value is not None and self._beyond(value, self.stage.limit):
            self.since, self.worst = now, value

    def note(self, value: float) -> None:
        """Remember the extreme."""
        if self.since is not None and not self.acted and self._beyond(value, self.worst):
            self.worst = value

    def reset(self) -> None:
        """Forget everything."""
        self.since = self.back_since = None
        self.acted = False

    def _beyond(self, value: float, limit: float) -> bool:
        return value > limit if self.stage.above else value < limit


class Watch:
    """All timers of one quantity.

    While the value stays inside `band`, an open interval, nothing changes in any of them. `marks` are further levels
    at which somebody wants to look.
    """

    def __init__(self, timers: Iterable[Timer]) -> None:
        self._timers = tuple(timers)
        self.marks: tuple[float, ...] = ()
        self.value: float | None = None
        self.band = NOWHERE
        self.busy = False  # a timer has begun

    def observe(self, now: float, value: float | None, *, in_window: bool, suppressed: bool) -> None:
        """Take the value that is so from `now` on."""
        self.value = value
        for timer in self._timers:
            if suppressed and timer.stage.code in SUPPRESSED:
                timer.reset()
            else:
                timer.observe(now, value, in_window=in_window)
        self.look()

    def look(self) -> None:
        """Find the band around the value."""
        self.busy = any(timer.since is not None for timer in self._timers)
        if self.value is None:
            self.band = (-inf, inf)
            return
        levels = (*(timer.level for timer in self._timers), *self.marks)
        low = max((level for level in levels if level <= self.value), default=-inf)
        self.band = low, min((level for level in levels if level > self.value), default=inf)

    def note(self, value: float) -> None:
        """Take the value that was so until now, for the extremes."""
        self.value = value
        for timer in self._timers:
            timer.note(value)


class Protection:
    """All stages of a device. Without a clock, as the firmware around it."""

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.timers = [Timer(stage) for stage in stages]
        self.watches: Mapping[Quantity, Watch] = {
            quantity: Watch(timer for timer in self.timers if timer.stage.quantity is quantity) for quantity in Quantity
        }

    @property
    def holding(self) -> frozenset[int]:
        """Return the codes whose condition holds; what an outage suppresses is left out."""
        codes = frozenset(timer.stage.code for timer in self.timers if timer.acted)
        return codes - SUPPRESSED if OUTAGE in codes else codes

    @property
    def due(self) -> float:
        """Return when a stage acts or clears if nothing changes."""
        return min((timer.due for timer in self.timers), default=inf)

    def observe(self, now: float, values: Mapping[Quantity, float | None], *, in_window: bool) -> None:
        """Take what is so from `now` on; a quantity that is left out has not moved out of its band."""
        suppressed = OUTAGE in self.holding
        for quantity, value in values.items():
            self.watches[quantity].observe(now, value, in_window=in_window, suppressed=suppressed)

    def tick(self, now: float) -> Iterator[Timer]:
        """Let timers that are full act, and yield them; let those clear whose value has been back."""
        for timer in self.timers:
            if timer.due > now or (timer.stage.code in SUPPRESSED and OUTAGE in self.holding):
                continue
            if timer.acted:
                timer.reset()
            else:
                timer.acted = True
                yield timer

    def forget(self) -> None:
        """Lose what is not in non-volatile memory."""
        for timer in self.timers:
            timer.reset()


def since(then: float | None, now: float, *, holds: bool) -> float | None:
    """Return since when something holds: `then` if it did already, None when it does not."""
    if not holds:
        return None
    return now if then is None else then
