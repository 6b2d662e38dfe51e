"""The site's day: when it turns, and what a clock that is set back means."""

from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from math import inf
from zoneinfo import ZoneInfo

HOLD_S = 7200.0  # a clock set back by less than this over midnight does not undo the day


class Turn(Enum):
    """What an instant does to the day."""

    SAME = "same"
    NEXT = "next"  # another day begins: energy of the day starts at 0
    BACK = "back"  # the last turn was an error of the clock: energy of the day goes on from before it


class SiteDay:
    """Follows trusted instants; asked about a guessed one it would turn on a guess, so do not ask."""

    def __init__(self, zone: ZoneInfo, *, today: date | None = None, previous: date | None = None) -> None:
        self._zone = zone
        self.today = today
        self.previous = previous
        self._bounds()

    def _bounds(self) -> None:
        """Work out the instants between which nothing turns; a day has 23, 24 or 25 hours."""
        self._start_utc = -inf if self.today is None else self._midnight(self.today)
        self.end_utc = -inf if self.today is None else self._midnight(self.today + timedelta(days=1))

    def _midnight(self, day: date) -> float:
        return datetime.combine(day, time(), self._zone).timestamp()

    def observe(self, utc: float) -> Turn:
        """Return what a trusted instant does to the day, and do it."""
        if self._start_utc - HOLD_S <= utc < self.end_utc:
            return Turn.SAME
        found = datetime.fromtimestamp(utc, UTC).astimezone(self._zone).date()
        if self.today is None:
            turn, self.today = Turn.SAME, found  # what was counted before the clock was known belongs to this day
        elif found == self.previous:
            turn, self.today, self.previous = Turn.BACK, found, None
        else:
            self.previous = self.today if found > self.today else None  # a day that never was is not returned to
            turn, self.today = Turn.NEXT, found
        self._bounds()
        return turn
