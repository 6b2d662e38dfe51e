"""How long a conversation takes on the line, and how long to wait for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.plc.settings import PlcSettings

FIRST_S = 0.2  # before a unit has ever answered: a USB adapter, a socket and a modem's own buffers
FLOOR_S = 0.05  # a USB adapter alone holds bytes back for 16 ms, a busy small computer as long
CEILING_S = 0.5  # what a dead unit costs at most beside paper time
LEEWAY_BYTES = 3  # a first byte may be a bit late: start-up of the receiver, a lost first character


@dataclass(frozen=True, slots=True)
class AirTime:
    """The paper time of a medium: frames of n + `overhead_bytes` at `bit_rate`, and the change of direction."""

    bit_rate: float
    overhead_bytes: int
    turnaround_s: float

    def bytes_s(self, count: int) -> float:
        """Return the time of `count` bytes within a frame."""
        return count * 8 / self.bit_rate

    def frame_s(self, count: int) -> float:
        """Return the time of a frame that carries `count` bytes."""
        return self.bytes_s(count + self.overhead_bytes)

    def transaction_s(self, request_bytes: int, reply_bytes: int) -> float:
        """Return the time of a request and its reply, with the two changes of direction; 0 reply bytes: of one."""
        if not reply_bytes:
            return self.frame_s(request_bytes) + self.turnaround_s
        return self.frame_s(request_bytes) + self.frame_s(reply_bytes) + 2 * self.turnaround_s


def transaction_s(settings: PlcSettings, request_bytes: int, answers: Sequence[int]) -> float:
    """Return the paper time of a request and its answer on a modem's line."""
    air = AirTime(settings.bit_rate, settings.overhead_bytes, settings.turnaround_s)
    return air.transaction_s(request_bytes, sum(answers))


class Allowance:
    """What one unit's answers take beyond paper time, smoothed as RFC 6298 smooths round trips, in s.

    FLOOR_S … CEILING_S; doubled after each miss until a first try is answered again.
    """

    def __init__(self) -> None:
        self.seconds = FIRST_S
        self._mean: float | None = None
        self._deviation = 0.0

    def answered(self, excess_s: float) -> None:
        """Take the excess of an answer to a first try; the answer to a repeat tells nothing (Karn's rule)."""
        excess_s = max(excess_s, 0.0)
        if self._mean is None:
            self._mean, self._deviation = excess_s, excess_s / 2
        else:
            self._deviation += (abs(excess_s - self._mean) - self._deviation) / 4
            self._mean += (excess_s - self._mean) / 8
        self.seconds = min(max(self._mean + 4 * self._deviation, FLOOR_S), CEILING_S)

    def missed(self) -> None:
        """Back off."""
        self.seconds = min(self.seconds * 2, CEILING_S)


class Window:
    """When to stop listening after a request that left at `at`.

    `early` (the modem hands bytes up as they come): nothing heard by the time of the first byte ends the window, and
    half an answer ends it when the rest is due. Otherwise it ends when the last byte is due. Without a reply it lasts
    until the medium is free. A modem that confirms gets `confirm_s` to do so: until then the line may be busy.
    """

    def __init__(
        self,
        air: AirTime,
        at: float,
        request_bytes: int,
        reply_bytes: int,
        *,
        wait_s: float,
        early: bool,
        confirm_s: float = 0.0,
    ) -> None:
        self._air = air
        self._reply_bytes = reply_bytes
        self._sent = at + air.frame_s(request_bytes)
        self._confirm_by = self._sent + confirm_s
        free = self._sent + air.turnaround_s
        self.paper_end = free + air.frame_s(reply_bytes) if reply_bytes else free
        self._end_by = self.paper_end + wait_s if reply_bytes else free
        first_byte = free + wait_s + air.bytes_s(air.overhead_bytes + LEEWAY_BYTES)
        self._start_by = min(first_byte, self._end_by) if early else self._end_by
        self._until = self._start_by

    @property
    def deadline(self) -> float:
        """Return when the window ends if nothing more is heard."""
        return max(self._until, self._confirm_by)

    def heard(self, now: float, pending: int, margin_s: float) -> None:
        """Take note of bytes; `pending` of them may belong to an answer that is still growing."""
        self._until = self._start_by
        if pending:
            rest = self._air.bytes_s(max(self._reply_bytes - pending, 0))
            self._until = max(self._start_by, min(now + rest, self._end_by) + margin_s)

    def confirmed(self, now: float) -> None:
        """Take note that the modem has sent the request, perhaps later than on paper."""
        late = max(now - self._sent, 0.0)
        self._sent += late
        self.paper_end += late
        self._start_by += late
        self._end_by += late
        self._until += late
        self._confirm_by = now

    def over(self, now: float) -> None:
        """End the window: no answer can come."""
        self._start_by = self._end_by = self._until = self._confirm_by = now
