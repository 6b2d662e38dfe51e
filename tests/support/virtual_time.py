"""An event loop whose clock leaps: waiting costs nothing, and a deadlock is an error at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

from drivers.clock import Trust

T = TypeVar("T")


class DeadlockError(RuntimeError):
    """Nothing is ready and no timer is armed: the test would hang for ever."""


class _LeapingSelector(selectors.SelectSelector):
    """Adds the time-out to the clock instead of waiting; nobody speaks from outside, so the system is never asked."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
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
        return self._leaping.now

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]
        raise RuntimeError("a thread would let virtual time leap")


class FakeClock:
    """A wall clock that follows the running loop and can be stepped."""

    def __init__(self, start_utc: float = 1_782_000_000.0, trust: Trust = Trust.TRUSTED) -> None:
        self.offset = start_utc
        self.trusted = trust

    def utc(self) -> float:
        return self.offset + asyncio.get_running_loop().time()

    def trust(self) -> Trust:
        return self.trusted

    def step(self, seconds: float) -> None:
        """Set the clock forward or back, as NTP does."""
        self.offset += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, on virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
