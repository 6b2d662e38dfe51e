"""Captures in the pcapng form (draft-ietf-opsawg-pcapng), as far as the bytes of a link need it.

block       type 4 | length 4 | body | length 4           a multiple of 4 bytes, in the writer's byte order
section     0a0d0d0a | length | 1a2b3c4d | version 2 + 2 | bytes of the section 8, -1: not known | options
interface   00000001 | length | link type 2 | 0 2 | most bytes of a packet 4 | options: name 2, description 3,
            time resolution 9 (10^-n s, with the high bit 2^-n s), time offset 14 (s)
packet      00000006 | length | interface 4 | time, high half 4, low half 4 | bytes kept 4 | bytes in all 4 | data |
            options: flags 2 (the two low bits: 1 inbound, 2 outbound)
option      code 2 | length 2 | value, padded to a multiple of 4; code 0 ends the list

A packet of four bytes that went out on interface 0, little-endian, 1.5 s after 1970 began, time in ns:
06000000 30000000 | 00000000 00000000 002f6859 04000000 04000000 | 01030a02 | 0200 0400 02000000 00000000 | 30000000
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final, TypeAlias

from protocols.errors import OpenCombinerError

MAX_FILE_BYTES = 256 * 1024 * 1024  # four days of twenty units, asked every 5 s; a replay holds all of it in memory
USER0 = 147  # LINKTYPE_USER0: what the bytes mean is between us and the reader
NS: Final = 1_000_000_000  # in a second

_SECTION, _INTERFACE, _PACKET = 0x0A0D_0D0A, 1, 6
_MAGIC = 0x1A2B_3C4D
_END, _NAME, _DESCRIPTION, _PROGRAM, _FLAGS, _RESOLUTION, _OFFSET = 0, 2, 3, 4, 2, 9, 14
_INBOUND, _OUTBOUND = 1, 2
_NANOSECONDS = 9
_SHORTEST = 12  # a block without a body
_MICROSECONDS = b"\x06"  # what a missing resolution means
_MAX_POWER = 18  # of ten, of two: 60; finer than any clock, and the arithmetic stays small


class PcapngError(OpenCombinerError):
    """The bytes are no capture in this form."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A link that was captured; a tick of its stamps is 1 / `ticks_per_s`."""

    name: str
    ticks_per_s: int
    offset_s: int


@dataclass(frozen=True, slots=True)
class Packet:
    """Bytes that went over a link at `at_ns` since 1970-01-01T00:00Z; `inbound` None: nobody noted the direction."""

    interface: Interface
    at_ns: int
    inbound: bool | None
    data: bytes


Item: TypeAlias = Interface | Packet


def section(program: str) -> bytes:
    """Return the block that begins a capture."""
    body = _LITTLE.word(_MAGIC) + _LITTLE.halves(1, 0) + b"\xff" * 8
    return _block(_SECTION, body + _option(_PROGRAM, program.encode()) + _option(_END, b""))


def interface(name: str, description: str) -> bytes:
    """Return the block that describes a link; its packets are stamped in ns."""
    options = (
        _option(_NAME, name.encode())
        + _option(_DESCRIPTION, description.encode())
        + _option(_RESOLUTION, bytes((_NANOSECONDS,)))
        + _option(_END, b"")
    )
    return _block(_INTERFACE, _LITTLE.halves(USER0, 0) + _LITTLE.word(0) + options)


def packet(number: int, at_ns: int, data: bytes, *, inbound: bool) -> bytes:
    """Return the block for bytes on the link whose interface block is the `number`th, from 0."""
    head = b"".join(map(_LITTLE.word, (number, at_ns >> 32, at_ns & 0xFFFF_FFFF, len(data), len(data))))
    flags = _option(_FLAGS, _LITTLE.word(_INBOUND if inbound else _OUTBOUND))
    return _block(_PACKET, head + _padded(data) + flags + _option(_END, b""))


def items(raw: bytes) -> Iterator[Item]:
    """Yield links and packets in the order of the file; what ends in the middle of a block ends before it.

    Blocks of other kinds are passed over. Raises PcapngError.
    """
    if int.from_bytes(raw[:4], "big") != _SECTION:
        raise PcapngError("it is no pcapng capture")
    at, order = 0, _LITTLE
    links: list[Interface] = []
    while at + _SHORTEST <= len(raw):
        if int.from_bytes(raw[at : at + 4], "big") == _SECTION:  # the same in either byte order
            order, links = _order_of(raw[at + 8 : at + 12]), []
        kind, length = order.word_at(raw, at), order.word_at(raw, at + 4)
        if length < _SHORTEST or length % 4:
            raise PcapngError(f"a block of {length} bytes at {at}")
        if at + length > len(raw):
            return
        body = raw[at + 8 : at + length - 4]
        if kind == _INTERFACE:
            links.append(_link(order, body))
            yield links[-1]
        elif kind == _PACKET:
            yield _packet(order, body, links)
        at += length


class _Order:
    """Numbers in one byte order."""

    def __init__(self, mark: str) -> None:
        self._word = Struct(f"{mark}I")
        self._halves = Struct(f"{mark}HH")

    def word(self, value: int) -> bytes:
        return self._word.pack(value)

    def halves(self, one: int, two: int) -> bytes:
        return self._halves.pack(one, two)

    def word_at(self, raw: bytes, at: int) -> int:
        return int(self._word.unpack_from(raw, at)[0])

    def halves_at(self, raw: bytes, at: int) -> tuple[int, int]:
        one, two = self._halves.unpack_from(raw, at)
        return int(one), int(two)


_LITTLE, _BIG = _Order("<"), _Order(">")


def _order_of(magic: bytes) -> _Order:
    for order in (_LITTLE, _BIG):
        if order.word(_MAGIC) == magic:
            return order
    raise PcapngError("a section in no known byte order")


def _link(order: _Order, body: bytes) -> Interface:
    if len(body) < 8:
        raise PcapngError("an interface block without its head")
    options = _options(order, body, 8)
    resolution = (options.get(_RESOLUTION) or _MICROSECONDS)[0]
    power = resolution & 0x7F
    binary = bool(resolution & 0x80)
    if power > (60 if binary else _MAX_POWER):
        raise PcapngError(f"stamps of a resolution of {'2' if binary else '10'}^-{power} s")
    offset = options.get(_OFFSET, b"")
    offset_s = int.from_bytes(offset, "little" if order is _LITTLE else "big", signed=True) if len(offset) == 8 else 0
    return Interface(options.get(_NAME, b"").decode("utf-8", "replace"), (2 if binary else 10) ** power, offset_s)


def _packet(order: _Order, body: bytes, links: list[Interface]) -> Packet:
    if len(body) < 20:
        raise PcapngError("a packet block without its head")
    number, high, low, kept, _ = (order.word_at(body, at) for at in range(0, 20, 4))
    if number >= len(links) or 20 + kept > len(body):
        raise PcapngError(f"a packet of {kept} bytes on interface {number}")
    link = links[number]
    flags = _options(order, body, 20 + kept + -kept % 4).get(_FLAGS, bytes(4))
    way = (order.word_at(flags, 0) if len(flags) == 4 else 0) & 3
    at_ns = (high << 32 | low) * NS // link.ticks_per_s + link.offset_s * NS
    return Packet(link, at_ns, {_INBOUND: True, _OUTBOUND: False}.get(way), body[20 : 20 + kept])


def _options(order: _Order, body: bytes, at: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while at + 4 <= len(body):
        code, length = order.halves_at(body, at)
        if code == _END:
            break
        found.setdefault(code, body[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4
    return found


def _option(code: int, value: bytes) -> bytes:
    return _LITTLE.halves(code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _block(kind: int, body: bytes) -> bytes:
    length = _LITTLE.word(_SHORTEST + len(body))
    return _LITTLE.word(kind) + length + body + length
