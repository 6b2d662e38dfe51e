"""Inputs that nobody would send, made from inputs that somebody does: all that follows comes from one seed."""

from collections.abc import Callable, Sequence
from random import Random

MAX_SIZE = 64 * 1024  # of what is made: a cap is tested by a seed of its own
_EDGES = (
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
)
_WORDS = (
    b"null",
    b"NaN",
    b"-1",
    b"1e999",
    b"9" * 40,
    b"[",
    b"{",
    b'"',
    b"\\u0000",
    b"\xed\xa0\x80",
    b"../",
    b"#",
    b"+",
)


def mutated(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Return a seed after one to four changes."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 4)):
        rng.choice(_CHANGES)(rng, data, seeds)
    return bytes(data[:MAX_SIZE])


def _place(rng: Random, data: bytearray) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    del data[at : at + rng.choice((1, 2, 8, len(data)))]


def _double(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    data[at:at] = bytes(data[at : at + rng.choice((1, 4, 64))]) * rng.choice((1, 2, 50))


def _splice(rng: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    other = rng.choice(seeds)
    data[_place(rng, data) :] = other[rng.randrange(len(other) + 1) :]


def _overwrite(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at, edge = _place(rng, data), rng.choice(_EDGES)
    data[at : at + len(edge)] = edge


def _insert(rng: Random, data: bytearray, _: Sequence[bytes]) -> None:
    at = _place(rng, data)
    data[at:at] = rng.choice((rng.randbytes(rng.randint(1, 16)), rng.choice(_WORDS)))


_CHANGES: tuple[Callable[[Random, bytearray, Sequence[bytes]], None], ...] = (
    _flip,
    _cut,
    _double,
    _splice,
    _overwrite,
    _insert,
)
