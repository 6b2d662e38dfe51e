"""Lets the units of a plant live in the order of time, so that what one does reaches the others at its instant."""

from heapq import heappop, heappush
from itertools import count
from typing import Protocol


class Living(Protocol):
    """A unit with a next instant."""

    @property
    def due(self) -> float:
        """Return when it must be looked after next."""
        ...

    def step(self) -> None:
        """Live on from that instant."""
        ...


class Order:
    """The calendar of a plant. An entry that its unit has overtaken is skipped."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Living]] = []
        self._number = count()
        self._next = float("inf")

    def enter(self, unit: Living) -> None:
        """Look after a unit when it is due next, whatever was said before."""
        heappush(self._entries, (unit.due, next(self._number), unit))
        self._next = self._entries[0][0]

    def advance(self, t: float) -> None:
        """Live up to and including `t`."""
        if t < self._next:
            return
        while self._entries and self._entries[0][0] <= t:
            due, _, unit = heappop(self._entries)
            if due == unit.due:
                unit.step()
                heappush(self._entries, (unit.due, next(self._number), unit))
        self._next = self._entries[0][0] if self._entries else float("inf")
