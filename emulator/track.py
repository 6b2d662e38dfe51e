"""Quantities as functions of time: knots that are made in blocks when they are asked for, linear in between."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

BLOCKS_KEPT = 4  # two serve a query at a seam, two more a reader that lags behind

T = TypeVar("T")


class Line(NamedTuple):
    """A straight piece of a function of time."""

    start: float
    end: float
    first: float
    last: float

    def at(self, t: float) -> float:
        """Return the value at `t`."""
        return self.first + (self.last - self.first) * (t - self.start) / (self.end - self.start)

    def crossing(self, level: float) -> float | None:
        """Return when the line crosses `level`; None when it does not."""
        if (self.first < level) == (self.last < level):
            return None
        return self.start + (self.end - self.start) * (level - self.first) / (self.last - self.first)


class Knots(Generic[T]):
    """Knots in a row, `per_block` of them made at once by `make(block)`.

    `make` depends on the block's number alone, so the order of asking changes nothing. `shift` moves the seams
    between blocks by that many knots.
    """

    def __init__(self, per_block: int, make: Callable[[int], Sequence[T]], *, shift: int = 0) -> None:
        self._per_block = per_block
        self._make = make
        self._shift = shift
        self._blocks: OrderedDict[int, Sequence[T]] = OrderedDict()

    def knot(self, index: int) -> T:
        """Return a knot."""
        number, place = divmod(index + self._shift, self._per_block)
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = self._make(number)
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block[place]


class Track(Knots[float]):
    """A number on knots every `every_s` seconds."""

    def __init__(
        self, every_s: float, per_block: int, make: Callable[[int], Sequence[float]], *, shift: int = 0
    ) -> None:
        super().__init__(per_block, make, shift=shift)
        self.every_s = every_s

    def at(self, t: float) -> float:
        """Return the value at time `t`, s."""
        index, rest = divmod(t, self.every_s)
        low = self.knot(int(index))
        return low + (self.knot(int(index) + 1) - low) * rest / self.every_s

    def line(self, t: float) -> Line:
        """Return the piece that begins at or before `t` and ends after it."""
        index = int(t // self.every_s)
        return Line(index * self.every_s, (index + 1) * self.every_s, self.knot(index), self.knot(index + 1))
