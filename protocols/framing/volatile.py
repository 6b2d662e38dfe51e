"""Bytes of a request that differ each time it is sent: a time, a sequence number."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Volatile:
    """`count` bytes from `at`, in every request whose body begins with `prefix`.

    The body is what follows the node's address, without a checksum.
    """

    prefix: bytes
    at: int
    count: int


def masked(body: bytes, volatile: Iterable[Volatile]) -> bytes:
    """Return the body with zeros for what is volatile: equal for two requests that ask the same."""
    for each in volatile:
        if body.startswith(each.prefix):
            end = each.at + each.count
            body = body[: each.at] + bytes(len(body[each.at : end])) + body[end:]
    return body
