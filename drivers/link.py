"""What a link offers to the gateway: a medium shared by many nodes, claimed for one conversation at a time."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol


class Urgency(IntEnum):
    """Who goes first when several wait for the medium."""

    COMMAND = 0
    POLL = 1
    PROBE = 2


class Port(Protocol):
    """The medium, granted for one conversation with one node."""

    async def send(self, datagram: bytes, *, reply_bytes: int, within_s: float, replies: int = 1) -> None:
        """Put a datagram on the medium and open the window for its answer.

        The window lasts as long as the medium needs for both datagrams plus `within_s` for the device; with
        `reply_bytes` 0 it lasts until the medium is free again. `replies` datagrams have `reply_bytes` together. Raises
        LinkDownError, and LocalProtocolError where units of this medium do not answer in so many datagrams.
        """
        ...

    async def receive(self) -> bytes | None:
        """Return the next datagram heard; None once the window has closed. Raises LinkDownError."""
        ...


@dataclass(slots=True)
class LinkCounters:
    """What a link has counted since the daemon started, and what it lacks."""

    opened: int = 0  # grows with each opening, so that nobody misses a short absence
    sent: int = 0
    received: int = 0
    damaged: int = 0  # frames that a checksum refused
    noise_bytes: int = 0  # bytes that belonged to no frame
    revived: int = 0  # times that an adapter which had stalled was brought back
    reason: str | None = None  # why the link is not up


class Link(Protocol):
    """One medium behind one serial port, socket or in-process pipe."""

    counters: LinkCounters

    @property
    def up(self) -> bool:
        """Tell whether the far end is open."""
        ...

    async def run(self) -> None:
        """Open the link and keep it open, with backoff, until cancelled."""
        ...

    async def wait_up(self) -> None:
        """Return once the link is open."""
        ...

    def claim(self, node: int, urgency: Urgency) -> AbstractAsyncContextManager[Port]:
        """Wait for the medium and hold it for one conversation. Raises LinkDownError."""
        ...
