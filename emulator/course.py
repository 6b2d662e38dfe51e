"""A quantity of the grid over time, linear between knots, with what somebody sets laid over what nature does."""

from bisect import bisect_right
from collections import OrderedDict
from math import inf
from typing import NamedTuple, Protocol

from emulator.track import Line, Track

REMEMBERED_S = 1300.0  # of what was set: twice what a 10-minute mean looks back
INSTANT = 1e-5  # s: "from now on" means an instant later; UTC in a double resolves a fortieth of it
_HOURS_KEPT = 4


class Course(Protocol):
    """A function of UTC made of straight pieces."""

    def at(self, t: float) -> float:
        """Return the value."""
        ...

    def piece(self, t: float) -> Line:
        """Return the piece that begins at or before `t` and ends after it."""
        ...

    def stays(self, t: float, low: float, high: float) -> float:
        """Return until when the value, between `low` and `high` at `t`, surely stays there: perhaps for longer."""
        ...


def leaves(piece: Line, low: float, high: float) -> float | None:
    """Return when a piece that was between `low` and `high` leaves; None when it ends there."""
    if low < piece.last < high:
        return None
    level = low if piece.last <= low else high
    if piece.first == piece.last:
        return None
    return piece.start + (piece.end - piece.start) * (level - piece.first) / (piece.last - piece.first)


def part(piece: Line, start: float, end: float) -> Line:
    """Return the part of a piece between two instants; a level piece may last for ever."""
    start, end = max(start, piece.start), min(end, piece.end)
    if piece.first == piece.last:
        return Line(start, end, piece.first, piece.last)
    return Line(start, end, piece.at(start), piece.at(end))


class Constant:
    """One value for ever."""

    def __init__(self, value: float) -> None:
        self._value = value

    def at(self, t: float) -> float:  # noqa: ARG002 - it is the same always
        """Return the value."""
        return self._value

    def piece(self, t: float) -> Line:
        """Return all that is left of it."""
        return Line(t, inf, self._value, self._value)

    def stays(self, t: float, low: float, high: float) -> float:  # noqa: ARG002 - it is the same always
        """Return that it never leaves."""
        return inf


class Natural:
    """A track in blocks of `per_block` knots; it knows the extremes of each, so that a quiet block is free."""

    def __init__(self, track: Track, per_block: int) -> None:
        self._track = track
        self._per_block = per_block
        self._extremes: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self.at = track.at

    def piece(self, t: float) -> Line:
        """Return the piece between two knots."""
        return self._track.line(t)

    def stays(self, t: float, low: float, high: float) -> float:
        """Look as far as the block's end."""
        block_s = self._per_block * self._track.every_s
        block = int(t // block_s)
        end = (block + 1) * block_s
        lowest, highest = self._range(block)
        if low < lowest and highest < high:
            return end
        while t < end:
            piece = self._track.line(t)
            out = leaves(piece, low, high)
            if out is not None and out > t:
                return out
            t = piece.end
        return end

    def _range(self, block: int) -> tuple[float, float]:
        known = self._extremes.get(block)
        if known is None:
            first = block * self._per_block
            knots = [self._track.knot(first + k) for k in range(self._per_block + 1)]
            known = self._extremes[block] = min(knots), max(knots)
            if len(self._extremes) > _HOURS_KEPT:
                self._extremes.popitem(last=False)
        return known


class _Change(NamedTuple):
    """From `start` on the value goes to `last` and is there at `end`; `last` None: it goes back to nature."""

    start: float
    end: float
    first: float
    last: float | None


class Scripted:
    """A course with values set over it; where nothing is set, the course beneath shows."""

    def __init__(self, beneath: Course) -> None:
        self._beneath = beneath
        self._changes: list[_Change] = []

    def set(self, now: float, value: float | None, ramp_s: float = 0.0) -> None:
        """Go to `value` in `ramp_s` and stay; None: go back to what is beneath. Nothing may be set in the past."""
        change = _Change(now, now + ramp_s, self.at(now), value)
        forgotten = max(bisect_right(self._changes, now - REMEMBERED_S, key=_start) - 1, 0)
        self._changes = [*self._changes[forgotten:], change]

    def at(self, t: float) -> float:
        """Return the value."""
        return self.piece(t).at(t) if self._changes else self._beneath.at(t)

    def piece(self, t: float) -> Line:
        """Return the piece that begins at or before `t` and ends after it."""
        index = bisect_right(self._changes, t, key=_start) - 1
        until = self._changes[index + 1].start if index + 1 < len(self._changes) else inf
        if index < 0:
            return part(self._beneath.piece(t), -inf, until)
        change = self._changes[index]
        if t < change.end:
            last = self._beneath.at(change.end) if change.last is None else change.last
            return part(Line(change.start, change.end, change.first, last), -inf, until)
        if change.last is not None:
            return Line(change.end, until, change.last, change.last)
        return part(self._beneath.piece(t), change.end, until)

    def stays(self, t: float, low: float, high: float) -> float:
        """Return until when the value, between `low` and `high` at `t`, surely stays there."""
        change = self._changes[-1] if self._changes else None
        if change is None or (change.last is None and t >= change.end):
            return self._beneath.stays(t, low, high)
        piece = self.piece(t)
        out = leaves(piece, low, high)
        return piece.end if out is None or out <= t else out


def _start(change: _Change) -> float:
    return change.start


class Switch:
    """A breaker: closed from the beginning."""

    def __init__(self) -> None:
        self._moves: list[tuple[float, bool]] = [(-inf, True)]

    def move(self, now: float, *, closed: bool) -> None:
        """Open or close it."""
        if self._moves[-1][1] != closed:
            kept = bisect_right(self._moves, now - REMEMBERED_S, key=_when) - 1
            self._moves = [*self._moves[max(kept, 0) :], (now, closed)]

    def closed(self, t: float) -> bool:
        """Tell whether it is closed."""
        return self._moves[self._index(t)][1]

    def since(self, t: float) -> float:
        """Return when it last moved."""
        return self._moves[self._index(t)][0]

    def until(self, t: float) -> float:
        """Return when it moves next; inf when nobody has moved it since `t`."""
        after = self._index(t) + 1
        return self._moves[after][0] if after < len(self._moves) else inf

    def _index(self, t: float) -> int:
        if t >= self._moves[-1][0]:
            return len(self._moves) - 1  # by far the most frequent question
        return max(bisect_right(self._moves, t, key=_when) - 1, 0)


def _when(move: tuple[float, bool]) -> float:
    return move[0]
