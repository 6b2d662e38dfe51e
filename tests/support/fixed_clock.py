"""A wall clock that stands still."""

from dataclasses import dataclass

from drivers.clock import Trust


@dataclass(frozen=True, slots=True)
class FixedClock:
    """Shows the same time for ever: 2026-06-21T12:00Z unless told otherwise."""

    now: float = 1_782_043_200.0

    def utc(self) -> float:
        return self.now

    def trust(self) -> Trust:
        return Trust.TRUSTED
