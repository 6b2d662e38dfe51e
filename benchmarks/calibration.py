"""How fast this machine is at this moment, beside the reference machine: a fixed piece of Python work, timed.

A measured CPU time divided by `slowdown` is what the reference machine would have taken. The work is taken in small
pieces between the pieces of what is measured, so a neighbour on the other hyper-thread slows both alike.
"""

from struct import Struct
from time import thread_time

REFERENCE_S = 0.0058  # one piece on the reference machine, undisturbed: docs/benchmarks.md says which
_ROW = Struct(">BHIhHH")


class _Account:
    """An object as the product has thousands of."""

    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value


def work(rounds: int = 3600) -> float:
    """Do a piece of work in the style of the product: calls, attributes, dictionaries, structures, short texts."""
    account, seen = _Account(), dict[str, float]()
    for number in range(rounds):
        raw = _ROW.pack(number & 0xFF, number & 0xFFFF, number, -1, 7, 9)
        values = {f"p{index}": value / 10 for index, value in enumerate(_ROW.unpack(raw))}
        account.add(sum(values.values()))
        seen.update(values)
    return account.total + len(seen)


class Calibration:
    """Pieces of work taken while something is measured."""

    def __init__(self) -> None:
        self.pieces_s: list[float] = []

    def take(self) -> None:
        """Do one piece and time it."""
        before = thread_time()
        work()
        self.pieces_s.append(thread_time() - before)

    @property
    def spent_s(self) -> float:
        """Return the CPU time that the pieces took."""
        return sum(self.pieces_s)

    @property
    def slowdown(self) -> float:
        """Return how many times slower than the reference machine this one was; raises ValueError before a piece."""
        if not self.pieces_s:
            raise ValueError("no piece of work was timed yet")
        return self.spent_s / len(self.pieces_s) / REFERENCE_S
