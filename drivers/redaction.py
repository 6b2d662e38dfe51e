"""A capture with other serials in it: all other bytes and all times stay, and right checksums stay right."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Protocol, TypeAlias

from drivers.pcapng import Packet

MIN_NEAR = 8  # bytes of a serial that is known again when it came damaged; of shorter ones too much would look alike
MOST_WRONG = 2  # of its bytes

Reseal: TypeAlias = Callable[[bytes, bytes], bytes]  # old, new: new with right checksums where old had them


class Framing(Protocol):
    """Finds the whole frames of one direction of a link, as they stand there."""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the frames that the bytes complete, in order."""
        ...

    def masked(self, frame: bytes, mask: "Mask", reseal: Reseal) -> bytes:
        """Return a frame with its serials masked and right checksums where it had them.

        `reseal` does it for the datagram inside. Where bytes are stuffed another length may come out.
        """
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """How the frames of a link are found, and how their datagrams are sealed."""

    framing: Callable[[], Framing]
    reseal: Reseal


class Mask:
    """Puts other bytes in the place of some, all at once. `others` are as long as what they replace."""

    def __init__(self, others: Mapping[bytes, bytes]) -> None:
        self._others = dict(others)
        self._near = {old: new for old, new in others.items() if len(old) >= MIN_NEAR}
        halves = {half for old in self._near for half in (old[: len(old) // 2], old[len(old) // 2 :])}
        self._exact = re.compile(_any_of(others))
        self._halves = re.compile(b"(?=(" + _any_of(halves) + b"))")  # they may overlap

    def over(self, data: bytes) -> bytes:
        """Return the data with all of it replaced, also where up to MOST_WRONG bytes of a long one are damaged."""
        changed, done = bytearray(data), bytearray(len(data))  # done: 1 where bytes were replaced
        for found in self._exact.finditer(data):
            changed[found.start() : found.end()] = self._others[found.group()]
            done[found.start() : found.end()] = b"\x01" * len(found.group())
        for at, old in self._candidates(data):
            end = at + len(old)
            there = data[at:end]
            if len(there) == len(old) and not any(done[at:end]) and _wrong(there, old) <= MOST_WRONG:
                pieces = zip(there, old, self._near[old], strict=True)
                changed[at:end] = bytes(byte ^ right ^ other for byte, right, other in pieces)  # as damaged as before
                done[at:end] = b"\x01" * len(old)
        return bytes(changed)

    def _candidates(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield where one of the long ones may stand: half of it is there."""
        for found in self._halves.finditer(data):
            for old in self._near:
                half = len(old) // 2
                if data.startswith(old[:half], found.start()):
                    yield found.start(), old
                if data.startswith(old[half:], found.start()) and found.start() >= half:
                    yield found.start() - half, old


def _any_of(words: Iterable[bytes]) -> bytes:
    """Return the pattern of several words, the longest first; of none: what matches nowhere."""
    return b"|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or b"(?!)"


def _wrong(there: bytes, right: bytes) -> int:
    return sum(one != other for one, other in zip(there, right, strict=True))


def redacted(packets: Sequence[Packet], way: Way, mask: Mask) -> list[Packet]:
    """Return the packets of a link with their serials masked; between two openings nothing is put together.

    One of which nothing is left falls away: no bytes would say that the link was closed.
    """
    changed = list(packets)
    for inbound in (True, False):
        for numbers in _runs(packets, inbound=inbound):
            pieces = _masked([packets[number].data for number in numbers], way, mask)
            for number, data in zip(numbers, pieces, strict=True):
                changed[number] = replace(packets[number], data=data)
    return [new for new, old in zip(changed, packets, strict=True) if new.data or not old.data]


def _runs(packets: Sequence[Packet], *, inbound: bool) -> Iterator[list[int]]:
    """Yield the numbers of the packets of each opening that went one way."""
    run: list[int] = []
    for number, packet in enumerate(packets):
        if not packet.data:
            yield run
            run = []
        elif bool(packet.inbound) is inbound:
            run.append(number)
    yield run


def _masked(pieces: Sequence[bytes], way: Way, mask: Mask) -> list[bytes]:
    """Return consecutive bytes, cut where they were; in a frame of another length the last piece has the difference."""
    framing, at, data = way.framing(), 0, b"".join(pieces)
    around, new, moved = mask.over(data), bytearray(), _Moved()
    for frame in (frame for piece in pieces for frame in framing.feed(piece)):
        first = data.find(frame, at)
        if first < 0:
            continue  # it stands there in another spelling
        new += around[at:first]
        masked = framing.masked(frame, mask, way.reseal)
        moved.frame(first, len(frame), len(new), len(masked))
        new += masked
        at = first + len(frame)
    new += around[at:]
    ends = list(accumulate(map(len, pieces)))
    cuts = [moved.place(end) for end in ends[:-1]]
    return [bytes(new[first:last]) for first, last in pairwise([0, *cuts, len(new)])] if pieces else []


class _Moved:
    """Where places of the old bytes are in the new ones."""

    def __init__(self) -> None:
        self._frames: list[tuple[int, int, int, int]] = [(0, 0, 0, 0)]  # place and length, old and new

    def frame(self, old: int, old_bytes: int, new: int, new_bytes: int) -> None:
        """Note the next frame."""
        self._frames.append((old, old_bytes, new, new_bytes))

    def place(self, old: int) -> int:
        """Return the new place of an old one."""
        first, old_bytes, new, new_bytes = self._frames[bisect_right(self._frames, old, key=lambda row: row[0]) - 1]
        if old >= first + old_bytes:
            return new + new_bytes + old - first - old_bytes
        return new + min(old - first, new_bytes)
