"""Virtual time, under the names that the tests use."""

import asyncio

from hil.virtual_time import DeadlockError, VirtualTimeLoop, run
from hil.virtual_time import VirtualClock as FakeClock

__all__ = ["DeadlockError", "FakeClock", "VirtualTimeLoop", "clock_at", "run"]


def clock_at(utc: float) -> FakeClock:
    """Return a clock that shows a time now, whatever the running loop's time is: in real time, the machine's uptime."""
    return FakeClock(utc - asyncio.get_running_loop().time())
