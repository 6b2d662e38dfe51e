"""An event loop whose clock leaps: waiting costs nothing, and a deadlock is an error at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

from drivers.clock import Trust

T = TypeVar("T")


class DeadlockError(RuntimeError):
    """Nothing is ready and no timer is armed: the run would hang for ever."""


class _LeapingSelector(selectors.SelectSelector):
    """Adds the time-out to the clock instead of waiting; nobody speaks from outside, so the system is never asked."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let the time pass; return nothing, because nobody speaks."""
        if timeout is None:
            raise DeadlockError("nothing ready and no timer armed")
        if timeout > 0:
            self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """No sockets, no threads: whatever waits, waits in virtual time."""

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        """Return the virtual time, s since the loop was made."""
        return self._leaping.now

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]
        """Refuse: a thread knows nothing of virtual time."""
        raise RuntimeError("a thread would let virtual time leap")


class VirtualClock:
    """A wall clock that follows the running loop and can be stepped."""

    def __init__(self, start_utc: float = 1_782_000_000.0, trust: Trust = Trust.TRUSTED) -> None:
        self.offset = start_utc
        self.trusted = trust

    def utc(self) -> float:
        """Return seconds since 1970-01-01T00:00Z."""
        return self.offset + asyncio.get_running_loop().time()

    def trust(self) -> Trust:
        """Tell whether `utc` may be believed."""
        return self.trusted

    def step(self, seconds: float) -> None:
        """Set the clock forward or back, as NTP does."""
        self.offset += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, on virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
