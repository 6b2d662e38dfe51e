"""A quantity as a function of time, linear between knots that are made in blocks when they are asked for."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

BLOCKS_KEPT = 4  # two serve a query at a seam, two more a reader that lags behind


class Track:
    """Knots every `every_s` seconds, `per_block` of them made at once by `make(block)`.

    `make` depends on the block's number alone, so the order of asking changes nothing. `shift` moves the seams
    between blocks by that many knots.
    """

    def __init__(
        self, every_s: float, per_block: int, make: Callable[[int], Sequence[float]], *, shift: int = 0
    ) -> None:
        self.every_s = every_s
        self._per_block = per_block
        self._make = make
        self._shift = shift
        self._blocks: OrderedDict[int, Sequence[float]] = OrderedDict()

    def knot(self, index: int) -> float:
        """Return the value at time `index * every_s`."""
        number, place = divmod(index + self._shift, self._per_block)
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = self._make(number)
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block[place]

    def at(self, t: float) -> float:
        """Return the value at time `t`, s."""
        index, rest = divmod(t, self.every_s)
        low = self.knot(int(index))
        return low + (self.knot(int(index) + 1) - low) * rest / self.every_s
