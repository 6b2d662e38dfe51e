"""A payload in numbered pieces: cutting it up, and putting it together whatever the order of arrival."""

from collections.abc import Iterator
from dataclasses import dataclass

from protocols.errors import LocalProtocolError


@dataclass(frozen=True, slots=True)
class Fragment:
    """One piece of a payload; `number` counts from 1."""

    number: int
    last: bool
    data: bytes


def split(payload: bytes, size: int, most: int) -> Iterator[Fragment]:
    """Yield a payload in pieces of `size` bytes; raises LocalProtocolError when they are more than `most`."""
    count = max(1, -(-len(payload) // size))
    if count > most:
        raise LocalProtocolError(f"{len(payload)} bytes are {count} fragments, at most {most}")
    for number in range(1, count + 1):
        yield Fragment(number, number == count, payload[size * (number - 1) : size * number])


class Collector:
    """Collects the fragments of one payload, at most `most`; a fragment that comes again replaces the first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: dict[int, bytes] = {}
        self._last: int | None = None

    def __len__(self) -> int:
        return len(self._pieces)

    def add(self, fragment: Fragment) -> bool:
        """Keep a fragment; False for one that is there already, and for a number behind the last or beyond the most."""
        end = self._most if self._last is None else self._last
        if not 1 <= fragment.number <= end:
            return False
        known = fragment.number in self._pieces
        self._pieces[fragment.number] = fragment.data
        if fragment.last:
            self._last = fragment.number
            self._pieces = {number: data for number, data in self._pieces.items() if number <= fragment.number}
        return not known

    @property
    def missing(self) -> int | None:
        """Return the first number that is missing, None when all are there; the one after the end is still to come."""
        end = self._most if self._last is None else self._last
        return next((number for number in range(1, end + 1) if number not in self._pieces), None)

    @property
    def ended(self) -> bool:
        """Tell whether the last fragment was heard: no more will come unasked."""
        return self._last is not None

    @property
    def payload(self) -> bytes:
        """Return what was collected, in order."""
        return b"".join(self._pieces[number] for number in sorted(self._pieces))
