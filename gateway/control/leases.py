"""The limits in force by target, their leases, and how both outlast a restart of the daemon.

Every limit is a row of the database. After a restart a limit without a lease is in force again, and a lease goes on
for what was left of it: nothing when it ended meanwhile, and never more than it was given for, whatever the clock says
by then. A lease that has ended leaves the fallback in force, not nothing: the units must be told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from gateway.control.limits import Limit
from gateway.rows import LimitRow

SAVE_RENEWAL_S = 30  # a renewal that moves the end by less is not stored: it may come every second


class Leases:
    """Keeps limits; `save` stores rows. The number of targets bounds them, since unknown ones are not admitted."""

    def __init__(self, save: Callable[[Iterable[LimitRow]], None]) -> None:
        self._save = save
        self._limits: dict[str, Limit] = {}
        self._rows: dict[str, LimitRow] = {}

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Return the limits in force by target."""
        return self._limits

    def restore(self, rows: Iterable[LimitRow], *, now: float, utc: float) -> None:
        """Take up what an earlier run has stored."""
        for row in rows:
            self._rows[row.target] = row
            value = None if row.value_milli is None else row.value_milli / 1000
            until = None
            if row.until_s is not None and row.lease_s is not None:
                until = now + min(max(row.until_s - utc, 0.0), row.lease_s)
            self._limits[row.target] = Limit(value, row.unit, until)

    def put(self, target: str, limit: Limit, by: str, *, now: float, utc: float) -> None:
        """Put a limit in force, or renew its lease."""
        self._limits[target] = limit
        value_milli = None if limit.value is None else round(limit.value * 1000)
        row = LimitRow(target, value_milli, limit.unit, None, None, by)
        if limit.until is not None:
            lease_s = limit.until - now
            row = replace(row, until_s=round(utc + lease_s), lease_s=round(lease_s))
        if not _is_renewal(self._rows.get(target), row):
            self._rows[target] = row
            self._save([row])

    def lapse(self, *, now: float, utc: float) -> list[str]:
        """Put the fallback in place of limits whose lease has ended, and return their targets."""
        ended = [target for target, limit in self._limits.items() if limit.until is not None and limit.until <= now]
        for target in ended:
            self.put(target, Limit(None, "%"), self._rows[target].by, now=now, utc=utc)
        return ended

    def next_deadline(self) -> float | None:
        """Return when the next lease ends."""
        return min((limit.until for limit in self._limits.values() if limit.until is not None), default=None)


def _is_renewal(old: LimitRow | None, new: LimitRow) -> bool:
    """Tell whether nothing but the end of the lease has moved, and by little."""
    if old is None or old.until_s is None or new.until_s is None:
        return old == new
    moved_s = abs(new.until_s - old.until_s)
    return moved_s < SAVE_RENEWAL_S and replace(old, until_s=0, lease_s=0) == replace(new, until_s=0, lease_s=0)
