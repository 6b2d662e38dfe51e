"""Virtual time, under the names that the tests use."""

from hil.virtual_time import DeadlockError, VirtualTimeLoop, run
from hil.virtual_time import VirtualClock as FakeClock

__all__ = ["DeadlockError", "FakeClock", "VirtualTimeLoop", "run"]
