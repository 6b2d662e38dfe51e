"""The only place that reads the wall clock."""

import ctypes
import time
from enum import Enum
from pathlib import Path
from typing import Protocol

_TIME_ERROR = 5  # adjtimex(2): the kernel clock is not synchronised
_TIMEX = ctypes.create_string_buffer(256)  # struct timex takes at most 208 bytes; all zero: read only
_RTC = Path("/sys/class/rtc/rtc0/since_epoch")
_AGREE_S = 3600.0  # two clocks of one machine drift apart by minutes in a year; one without a battery is decades off
_RELEASED = 1_790_000_000  # no true clock shows a time before this version was written (September 2026)


class Trust(Enum):
    """How far the wall clock may be believed."""

    TRUSTED = "trusted"
    GUESSED = "guessed"


class Clock(Protocol):
    """Wall-clock time for stamps and calendars; intervals are the business of `loop.time()`."""

    def utc(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""
        ...

    def trust(self) -> Trust:
        """Tell whether `utc` may be believed."""
        ...


class SystemClock:
    """The machine's clock.

    Trusted when the kernel says that it is synchronised, or when a battery-backed clock agrees with it: a Raspberry Pi
    5 has the clock without the battery, and wakes with the time of its last stop. `always` overrides both, for machines
    whose time is kept in a way that cannot be seen from here.
    """

    def __init__(self, *, always: bool = False) -> None:
        self._always = always
        self._libc = ctypes.CDLL(None)

    def utc(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""
        return time.time()  # noqa: TID251 - this is the place

    def trust(self) -> Trust:
        """Tell whether `utc` may be believed."""
        if self._always:
            return Trust.TRUSTED
        kept = self._synchronised() or self._battery_backed()
        return Trust.TRUSTED if kept and self.utc() >= _RELEASED else Trust.GUESSED

    def _battery_backed(self) -> bool:
        try:
            return abs(int(_RTC.read_text()) - self.utc()) < _AGREE_S
        except (OSError, ValueError):  # there is none, or it does not tell
            return False

    def _synchronised(self) -> bool:
        try:
            state = int(self._libc.adjtimex(_TIMEX))
        except AttributeError:  # a C library without it
            return False
        return 0 <= state < _TIME_ERROR
