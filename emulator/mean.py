"""The moving 10-minute mean of a voltage that is made of straight pieces: exact, and without a step of time."""

from bisect import bisect_right
from collections.abc import Iterable
from math import sqrt

from emulator.track import Line

WINDOW_S = 600.0
_PRECISION_S = 1e-4
_COLLECT = 512  # pieces that left the window before they are thrown away: so throwing away is rare


class MovingMean:
    """The mean of the last 600 s; `squared`: root mean square (EN 50549-1), else linear (AS/NZS 4777.2)."""

    def __init__(self, pieces: Iterable[Line], *, squared: bool) -> None:
        self._squared = squared
        self._pieces: list[Line] = []
        self._sums: list[float] = []  # integral from the first piece's start to this one's
        self._sum = 0.0
        for piece in pieces:
            self.append(piece)

    def append(self, piece: Line) -> None:
        """Take the piece that follows the last one."""
        if piece.end <= piece.start:
            return
        self._pieces.append(piece)
        self._sums.append(self._sum)
        self._sum += self._integral(piece, piece.end)
        gone = bisect_right(self._pieces, piece.end - WINDOW_S, key=_end)
        if gone > _COLLECT:
            del self._pieces[:gone], self._sums[:gone]

    def at(self, t: float, present: Line) -> float:
        """Return the mean at `t`, in the piece `present` that follows the last one."""
        mean = (self._until(t, present) - self._until(t - WINDOW_S, present)) / WINDOW_S
        return sqrt(mean) if self._squared else mean

    def stays(self, t: float, present: Line, low: float, high: float) -> float:
        """Return until when the mean, between `low` and `high` at `t`, stays there; at most the end of `present`."""
        seams = [piece.end + WINDOW_S for piece in self._pieces]
        for seam in (*(seam for seam in seams if t < seam < present.end), present.end):
            if not low < self.at(seam, present) < high:
                return self._crossing(t, seam, present, low, high)
            t = seam
        return t

    def _crossing(self, inside: float, outside: float, present: Line, low: float, high: float) -> float:
        while outside - inside > _PRECISION_S:
            middle = (inside + outside) / 2
            if low < self.at(middle, present) < high:
                inside = middle
            else:
                outside = middle
        return outside

    def _until(self, t: float, present: Line) -> float:
        """Return the integral from the first piece's start to `t`."""
        if t >= present.start or not self._pieces:
            return self._sum + self._integral(present, t)
        index = max(bisect_right(self._pieces, t, key=_start) - 1, 0)
        return self._sums[index] + self._integral(self._pieces[index], t)

    def _integral(self, piece: Line, until: float) -> float:
        """Return the integral from the piece's start."""
        first, last, length = piece.first, piece.at(until), until - piece.start
        if self._squared:
            return length * (first * first + first * last + last * last) / 3
        return length * (first + last) / 2


def _start(piece: Line) -> float:
    return piece.start


def _end(piece: Line) -> float:
    return piece.end
