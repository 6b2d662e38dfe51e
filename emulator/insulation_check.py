"""When a unit measures its insulation: three times at a start, then every 10 minutes while it feeds in, else daily."""

from math import inf

from config.grid_profile import Insulation

READINGS = 3  # of which every one must be low
APART_S = 5.0
RUNNING_S, STANDING_S = 600.0, 86400.0


class InsulationTest:
    """The machine behind alarm 9; `tick` takes a reading when one is due."""

    def __init__(self, limits: Insulation) -> None:
        self._limits = limits
        self.due = inf
        self.low_since: float | None = None
        self.worst_ohm = inf
        self._every_s = STANDING_S
        self._left = 0  # readings of a start
        self._low = self._sound = 0  # in a row

    def start(self, now: float) -> None:
        """Measure as before every connection."""
        self.stop()
        self.due, self._left = now, READINGS

    def stop(self) -> None:
        """Measure no more: there is no power to do so."""
        self.due, self.low_since, self.worst_ohm = inf, None, inf
        self._every_s = STANDING_S
        self._left = self._low = self._sound = 0

    def feeding(self, now: float, *, on: bool) -> None:
        """Measure as often as the law wants while the unit feeds in, and less often while it does not."""
        every_s = RUNNING_S if on else STANDING_S
        if every_s != self._every_s and self.due < inf:
            self._every_s = every_s
            self.due = now + every_s

    def tick(self, now: float, ohm: float) -> bool:
        """Take a reading; True when it is the third low one in a row."""
        self._left = max(self._left - 1, 0)
        self._sound = self._sound + 1 if ohm >= self._limits.clear_ohm else 0
        if ohm < self._limits.trip_ohm:
            self._low += 1
            self.low_since = now if self.low_since is None else self.low_since
            self.worst_ohm = min(self.worst_ohm, ohm)
        else:
            self._low, self.low_since, self.worst_ohm = 0, None, inf
        failed = self._low == READINGS
        again = not failed and (self._left or self._low)
        self.due += APART_S if again else self._every_s
        return failed

    @property
    def sound(self) -> bool:
        """Tell whether the last readings were all good enough to clear an alarm."""
        return self._sound >= READINGS

    def clears(self, ohm: float) -> bool:
        """Tell whether a resistance permits a reset."""
        return ohm >= self._limits.clear_ohm
