"""A capture with other serials in it: all other bytes, lengths and times stay, and right checksums stay right."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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

    def reseal(self, old: bytes, new: bytes, inner: Reseal) -> bytes:
        """Return a changed frame with right checksums where it had them; `inner` does it for the datagram inside."""
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
    """Return the packets of a link with their serials masked; between two openings nothing is put together."""
    changed = list(packets)
    for inbound in (True, False):
        for numbers in _runs(packets, inbound=inbound):
            data = _masked([packets[number].data for number in numbers], way, mask)
            at = 0
            for number in numbers:
                packet = packets[number]
                end = at + len(packet.data)
                changed[number] = Packet(packet.interface, packet.at_ns, packet.inbound, data[at:end])
                at = end
    return changed


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


def _masked(pieces: Sequence[bytes], way: Way, mask: Mask) -> bytes:
    framing, at, data = way.framing(), 0, b"".join(pieces)
    new = bytearray(mask.over(data))
    for frame in (frame for piece in pieces for frame in framing.feed(piece)):
        first = data.index(frame, at)
        at = first + len(frame)
        if new[first:at] != frame:
            new[first:at] = framing.reseal(frame, bytes(new[first:at]), way.reseal)
    return bytes(new)
