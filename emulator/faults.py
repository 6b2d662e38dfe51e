"""What goes wrong between a gateway and its units, set from outside: the medium's faults, and units that answer oddly.

It lies between a unit's modem and its protocol side, so that it is the same on every medium. What the line itself does,
as collisions and bursts, is the medium's own; delays and a modem that hangs are at the gateway's adapter.
"""

from dataclasses import dataclass
from random import Random

from protocols.exchange import Responder

_CUT = 2  # bytes that a short answer lacks, and a long one has too many


@dataclass(slots=True)
class Faults:
    """Of one gateway's medium: chances 0 … 1, for each datagram at each unit; `bit_errors` for each bit."""

    rng: Random
    loss: float = 0.0
    bit_errors: float = 0.0
    duplicates: float = 0.0
    reorder: float = 0.0
    truncation: float = 0.0

    @property
    def none(self) -> bool:
        """Tell whether the medium is good."""
        return not (self.loss or self.bit_errors or self.duplicates or self.reorder or self.truncation)

    def happens(self, chance: float) -> bool:
        """Tell whether something of a chance happens now."""
        return chance > 0 and self.rng.random() < chance

    def carried(self, datagram: bytes) -> tuple[bytes, ...]:
        """Return what arrives of a datagram: nothing, the same, damaged, cut, or twice."""
        if self.happens(self.loss):
            return ()
        if datagram and self.happens(self.truncation):
            datagram = datagram[: self.rng.randrange(len(datagram))]
        if self.bit_errors > 0:
            datagram = self._damaged(datagram)
        return (datagram, datagram) if self.happens(self.duplicates) else (datagram,)

    def _damaged(self, datagram: bytes) -> bytes:
        damaged = bytearray(datagram)
        for bit in range(8 * len(damaged)):
            if self.rng.random() < self.bit_errors:
                damaged[bit // 8] ^= 1 << bit % 8
        return bytes(damaged)


class FaultyResponder:
    """A unit's protocol side behind the faults of its medium; `manner` is how its own firmware answers."""

    def __init__(self, inner: Responder, faults: Faults) -> None:
        self.inner = inner
        self._faults = faults
        self.concerns = inner.concerns  # asked for every frame on the medium
        self.manner = "right"
        self._held: bytes | None = None  # an answer that the next one overtakes
        self._last: tuple[bytes, ...] = ()  # what was answered last

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        """Return what reaches the medium's other end."""
        if self._faults.none and self._held is None:
            return self._answers(datagram, now)
        heard = self._faults.carried(datagram)
        answers = [answer for each in heard for answer in self._answers(each, now)]
        return tuple(piece for answer in self._in_order(answers) for piece in self._faults.carried(answer) if piece)

    def _answers(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        right = self.inner.answer(datagram, now)
        match self.manner:
            case "silent":
                return ()
            case "short":
                return tuple(each[:-_CUT] for each in right)
            case "long":
                return tuple(each + bytes(_CUT) for each in right)
            case "stale":
                last, self._last = self._last, right or self._last
                return last if right else ()
            case _:
                self._last = right or self._last
                return right

    def _in_order(self, answers: list[bytes]) -> list[bytes]:
        """Return the answers in the order in which they arrive: one may wait for the next request's."""
        if not answers:
            return answers
        if self._held is not None:
            answers, self._held = [*answers, self._held], None
        elif self._faults.happens(self._faults.reorder):
            self._held = answers.pop()
        return answers
