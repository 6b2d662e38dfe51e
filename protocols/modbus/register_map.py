"""Registers as blocks that are made when they are read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """`count` registers from `at`; `pack` returns their bytes at a device time."""

    at: int
    count: int
    pack: Callable[[float], bytes]


def read(blocks: Iterable[Block], start: int, count: int, now: float) -> bytes | None:
    """Return `count` registers from `start`, across blocks that touch; None when one of them does not exist."""
    by_place = sorted(blocks, key=lambda block: block.at)
    data, at, end = b"", start, start + count
    for block in by_place:
        if block.at <= at < min(end, block.at + block.count):
            data += block.pack(now)[2 * (at - block.at) : 2 * (end - block.at)]
            at = block.at + block.count
    return data if at >= end else None
