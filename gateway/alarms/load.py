"""How many alarms a person is given: the figures of IEC 62682."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from config.alarms import Load
from gateway.alarms.record import Record
from gateway.alarms.states import ACTIVE, AlarmState, Suppression

MAX_RAISES = 4096  # in one flood window: seven a second, far beyond what its verdict needs


@dataclass(frozen=True, slots=True)
class AlarmLoad:
    """Counts of alarms: shown and not back to normal, hidden by kind, and those that deserve a look."""

    standing: int
    suppressed: dict[Suppression, int]
    raised: int
    flood: bool
    chattering: int
    stale: int


class Flood:
    """Whether more alarms are raised than a person can read; ends well below where it begins."""

    def __init__(self, settings: Load) -> None:
        self._settings = settings
        self._raises: deque[float] = deque(maxlen=MAX_RAISES)
        self._on = False

    def raised(self, now_s: float) -> None:
        """Count one alarm that was shown."""
        self._raises.append(now_s)
        self.state(now_s)

    def state(self, now_s: float) -> tuple[int, bool]:
        """Return the raises within the window, and whether this is a flood."""
        while self._raises and self._raises[0] <= now_s - self._settings.flood_s:
            self._raises.popleft()
        count = len(self._raises)
        self._on = count >= self._settings.flood_ends_below if self._on else count > self._settings.flood_above
        return count, self._on


def measure(records: Iterable[Record], settings: Load, utc_s: float, flood: tuple[int, bool]) -> AlarmLoad:
    """Return the load as it is now."""
    known = [record for record in records if record.state is not AlarmState.NORM]
    hidden = [record.suppression for record in known if record.suppression is not Suppression.NONE]
    return AlarmLoad(
        standing=len(known) - len(hidden),
        suppressed={kind: hidden.count(kind) for kind in Suppression if kind is not Suppression.NONE},
        raised=flood[0],
        flood=flood[1],
        chattering=sum(r.raises(utc_s - settings.chatter_s) >= settings.chatter_count for r in known),
        stale=sum(r.state in ACTIVE and utc_s - (r.raised_ts or utc_s) > settings.stale_s for r in known),
    )
