"""What a unit keeps when it is dark: alarm records, latched alarms, and how often one was raised.

AUTO           clears by itself
MANUAL         9: stays until it is reset
DAY            10: stays until the self-test passes after a night, or until it is reset
AUTO+LOCKOUT   5, 7, 8: raised too often they turn into DAY
"""

from collections import deque
from collections.abc import Mapping
from enum import Enum

from protocols.events import AlarmRecord

RECORDS = 16
DAY_S = 86400.0


class Latch(Enum):
    """What ends an alarm whose condition is gone."""

    DAY = "day"
    MANUAL = "manual"


LATCHES: Mapping[int, Latch] = {9: Latch.MANUAL, 10: Latch.DAY}
LOCKOUTS: Mapping[int, tuple[int, float]] = {5: (10, DAY_S), 7: (5, 3600.0), 8: (6, DAY_S)}  # raises within s


class Memory:
    """The non-volatile memory of one unit."""

    def __init__(self) -> None:
        self.records: deque[AlarmRecord] = deque(maxlen=RECORDS)  # newest first
        self.latched: dict[int, Latch] = {}
        self._raises: dict[int, deque[float]] = {code: deque(maxlen=most) for code, (most, _) in LOCKOUTS.items()}
        self._seq = 0

    def note(self, code: int, stage: int, extreme: float, *, crossed_ms: int, opened_ms: int) -> None:
        """Write a record."""
        self._seq += 1
        self.records.appendleft(AlarmRecord(self._seq, code, stage, extreme, crossed_ms, opened_ms))

    def raised(self, code: int, now: float) -> None:
        """Count a raise; latch what latches."""
        if code in LATCHES:
            self.latched[code] = LATCHES[code]
        if code in LOCKOUTS:
            most, within_s = LOCKOUTS[code]
            raises = self._raises[code]
            raises.append(now)
            if len(raises) == most and raises[0] > now - within_s:
                self.latched[code] = Latch.DAY

    def release(self, code: int) -> None:
        """End a latch; counting begins anew."""
        self.latched.pop(code, None)
        if code in self._raises:
            self._raises[code].clear()
