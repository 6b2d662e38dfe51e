"""How long a radio needs for a request and its fragments, and how long to wait for the next one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from drivers.serial_bridge.settings import BridgeSettings
from protocols.modems import cmt2300a, nrf24
from protocols.modems.radio_frame import FULL_FRAME

UART_BITS = 10  # per byte: start, 8 data, stop
MARGIN_S = 0.03  # a fragment may be so late: units differ by 8 ms, a busy small computer by more
SILENT = 4  # fragments in a row: where so many are missing the rest has gone as well. Newer units skip two at a time
TURNAROUND_S = 0.005  # before the next request: the unit is to have gone back to listening


@dataclass(frozen=True, slots=True)
class Pace:
    """A radio's time: of so many bytes in the air, of the unit before it answers, from one fragment to the next."""

    air_s: Callable[[int], float]
    pause_s: float
    spacing_s: float


PACES: Mapping[str, Pace] = {
    "nrf24": Pace(nrf24.air_s, 0.0625, 0.046),  # the first is heard after 45 to 85 ms, the others every 42 to 50
    "cmt2300a": Pace(cmt2300a.air_s, 0.010, 0.0485),  # every 47 to 50 ms, of which a full fragment is 35 in the air
}


def pace_of(settings: BridgeSettings) -> Pace:
    """Return the pace of a bridge's radio."""
    return PACES[settings.radio]


def uart_s(settings: BridgeSettings, frame_bytes: int) -> float:
    """Return the time of a frame between host and bridge, its two marks with it."""
    return (frame_bytes + 2) * UART_BITS / settings.baud


def transaction_s(settings: BridgeSettings, request_bytes: int, answers: Sequence[int]) -> float:
    """Return the paper time of a request and the fragments of its answer, from the host and back, s."""
    pace = pace_of(settings)
    asked_s = uart_s(settings, request_bytes) + pace.air_s(request_bytes)
    if not answers:
        return asked_s + TURNAROUND_S
    heard_s = (
        pace.pause_s + (len(answers) - 1) * pace.spacing_s + pace.air_s(answers[-1]) + uart_s(settings, answers[-1])
    )
    return asked_s + heard_s + TURNAROUND_S


class Window:
    """When to stop listening for `replies` fragments after a request of so many bytes that leaves now."""

    def __init__(
        self, settings: BridgeSettings, now: float, request_bytes: int, *, replies: int, within_s: float
    ) -> None:
        pace = pace_of(settings)
        self._replies = replies
        self._spacing_s = pace.spacing_s
        self._slack_s = settings.latency_s + uart_s(settings, FULL_FRAME) + MARGIN_S
        self.free_at = now + uart_s(settings, request_bytes) + pace.air_s(request_bytes)
        self.deadline = self.free_at + (within_s + self._slack_s if replies else settings.latency_s)

    def heard(self, now: float, number: int) -> None:
        """Take note of fragment `number`: those that follow it are due one by one."""
        due = min(max(self._replies - number, 0), SILENT)
        self.deadline = now + due * self._spacing_s + self._slack_s
