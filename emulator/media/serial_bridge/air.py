"""The air: bursts on channels, heard by whoever listens there, in the loop's time.

A burst is one frame, on some radios several times in a row. Bursts that overlap on a channel destroy each other from
then on. Nobody hears while he sends, or where he does not listen. Addresses and checksums are the radios' own: what is
for others or damaged never reaches a host.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from config.site import Impairments
from emulator.impairment import Channel


@dataclass(frozen=True, slots=True)
class Waveform:
    """How a frame is sent: `copies` times, each `copy_s` long, with `gap_s` between."""

    copy_s: float
    copies: int = 1
    gap_s: float = 0.0

    @property
    def period_s(self) -> float:
        """Return the time from one copy to the next."""
        return self.copy_s + self.gap_s

    @property
    def length_s(self) -> float:
        """Return how long it takes."""
        return self.copies * self.period_s - self.gap_s


@dataclass(slots=True, eq=False)
class Burst:
    """A frame on the air; `to` is the address by which receivers of some radios pick what is theirs."""

    sender: "Receiver"
    frame: bytes
    channel: int
    to: int | None
    start: float
    wave: Waveform
    spoiled: bool = False

    @property
    def end(self) -> float:
        """Return when it is over."""
        return self.start + self.wave.length_s


class Tuning(Protocol):
    """Where a receiver listens as time goes by."""

    def channel(self, start: float, end: float) -> int | None:
        """Return the channel that it listens to from `start` to `end`; None when there is not one all the time."""
        ...


class Receiver(Protocol):
    """A radio on the air; `linked`: its aerial is there."""

    linked: bool

    def ignores(self, burst: Burst) -> bool:
        """Tell whether it makes no difference whether this radio hears a burst."""
        ...

    def tuning(self, now: float) -> Tuning:
        """Return where it listens from now on, or once it has sent, if nothing is done to it."""
        ...

    def hear(self, burst: Burst) -> None:
        """Take a burst that was received."""
        ...


class Air:
    """One band and the radios on it."""

    def __init__(self, impairments: Impairments, seed: str) -> None:
        self._way = Channel(impairments, seed)
        self._receivers: list[Receiver] = []
        self._bursts: list[Burst] = []
        self.collisions = 0

    def join(self, receiver: Receiver) -> None:
        """Put a radio on the air."""
        self._receivers.append(receiver)

    def leave(self, receiver: Receiver) -> None:
        """Take a radio off the air."""
        self._receivers.remove(receiver)

    def send(self, burst: Burst) -> None:
        """Let a burst begin, now."""
        self._bursts = [other for other in self._bursts if other.end > burst.start]
        for other in self._bursts:
            if other.channel == burst.channel:
                self.collisions += not other.spoiled
                other.spoiled = burst.spoiled = True
        self._bursts.append(burst)
        if not burst.sender.linked:
            return
        loop = asyncio.get_running_loop()
        for receiver in self._receivers:
            if receiver is burst.sender or not receiver.linked or receiver.ignores(burst):
                continue
            tuning = receiver.tuning(burst.start)
            at = heard_at(burst, tuning)
            if at is not None:
                loop.call_at(at, self._arrive, burst, receiver, tuning)

    def _arrive(self, burst: Burst, receiver: Receiver, tuning: Tuning) -> None:
        now = asyncio.get_running_loop().time()
        if burst.spoiled or not receiver.linked or receiver.tuning(now) != tuning:
            return
        if not self._way.lost(now) and self._way.damaged(burst.frame) == burst.frame:
            receiver.hear(burst)


def heard_at(burst: Burst, tuning: Tuning) -> float | None:
    """Return the end of the first copy during which a receiver stays on the burst's channel."""
    for copy in range(burst.wave.copies):
        start = burst.start + copy * burst.wave.period_s
        if tuning.channel(start, start + burst.wave.copy_s) == burst.channel:
            return start + burst.wave.copy_s
    return None
