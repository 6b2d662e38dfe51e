"""The comparators and timers behind the protection stages.

A timer starts when the limit is crossed, starts anew after the value came back over the drop-out limit, and acts when
it is full. What acted stays until the value has been back for a while.

    idle ──beyond the limit──> timing ──full──> acted ──back for clear_s──> idle
                                 └────back────> idle

An outage suppresses the other stages of the grid: with no voltage they would only repeat it.
"""

from collections.abc import Iterable, Mapping
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
        self._marks: tuple[float, ...] = ()
        self.value: float | None = None
        self.band = NOWHERE
        self.busy = False  # a timer has begun

    def mark(self, *levels: float) -> None:
        """Look at these levels too."""
        if levels != self._marks:
            self._marks = levels
            self.band = NOWHERE

    def observe(self, now: float, value: float | None, *, in_window: bool, suppressed: bool) -> bool:
        """Take the value that is so from `now` on; return whether anything may have changed."""
        self.value = value
        if value is not None and not self.busy and self.band[0] < value < self.band[1]:
            return False
        for timer in self._timers:
            if suppressed and timer.stage.code in SUPPRESSED:
                timer.reset()
            else:
                timer.observe(now, value, in_window=in_window)
        self.busy = any(timer.since is not None for timer in self._timers)
        self.band = self._around(value)
        return True

    def _around(self, value: float | None) -> tuple[float, float]:
        if value is None:
            return -inf, inf
        low, high = -inf, inf
        for level in (*(timer.level for timer in self._timers), *self._marks):
            if level <= value:
                low = max(low, level)
            else:
                high = min(high, level)
        return low, high

    def note(self, value: float) -> None:
        """Take the value that was so until now, for the extremes."""
        self.value = value
        for timer in self._timers:
            timer.note(value)

    def forget(self) -> None:
        """Lose everything."""
        for timer in self._timers:
            timer.reset()
        self.busy, self.band = False, NOWHERE


class Protection:
    """All stages of a device. Without a clock, as the firmware around it.

    `holding`: the codes whose condition holds; what an outage suppresses is left out. `due`: when a stage acts or
    clears if nothing changes.
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.timers = [Timer(stage) for stage in stages]
        self.watches: Mapping[Quantity, Watch] = {
            quantity: Watch(timer for timer in self.timers if timer.stage.quantity is quantity) for quantity in Quantity
        }
        self.holding: frozenset[int] = frozenset()
        self.due = inf

    def observe(self, now: float, values: Mapping[Quantity, float | None], *, in_window: bool) -> None:
        """Take what is so from `now` on; a quantity that is left out has not moved out of its band."""
        suppressed, changed = OUTAGE in self.holding, False
        for quantity, value in values.items():
            changed |= self.watches[quantity].observe(now, value, in_window=in_window, suppressed=suppressed)
        if changed:
            self._settle()

    def tick(self, now: float) -> list[Timer]:
        """Let timers that are full act, and return them; let those clear whose value has been back."""
        acted: list[Timer] = []
        for timer in self.timers:
            if timer.due > now or (timer.stage.code in SUPPRESSED and OUTAGE in self.holding):
                continue
            if timer.acted:
                timer.reset()
                if timer.stage.code == OUTAGE:
                    self._look_anew()
            else:
                timer.acted = True
                acted.append(timer)
            self._settle()
        return acted

    def forget(self) -> None:
        """Lose what is not in non-volatile memory."""
        for watch in self.watches.values():
            watch.forget()
        self._settle()

    def _look_anew(self) -> None:
        """Judge every value anew: what was suppressed is so no longer."""
        for watch in self.watches.values():
            watch.band = NOWHERE

    def _settle(self) -> None:
        codes = frozenset(timer.stage.code for timer in self.timers if timer.acted)
        self.holding = codes - SUPPRESSED if OUTAGE in codes else codes
        self.due = min((timer.due for timer in self.timers), default=inf)


def since(then: float | None, now: float, *, holds: bool) -> float | None:
    """Return since when something holds: `then` if it did already, None when it does not."""
    if not holds:
        return None
    return now if then is None else then
