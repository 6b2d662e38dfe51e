"""The conversation of units that report by themselves, over a broker, instead of being asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from protocols.points import Channel, Value


@dataclass(frozen=True, slots=True)
class Heard:
    """What a report says; `answer` must go back at once. `t_ms` is the unit's own time, by whatever clock it has."""

    values: Mapping[Channel, Value]
    answer: bytes
    t_ms: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """The unit ends the connection: it waited for an answer in vain. It dials again after `again_s`."""

    again_s: float


class Dialler(Protocol):
    """The unit's side of the conversation: what an emulated inverter runs. Times are seconds of the loop's clock."""

    def connected(self, now: float) -> None:
        """Begin: the broker has let the unit in."""
        ...

    def next_deadline(self) -> float:
        """Return when `tick` will do something."""
        ...

    def tick(self, now: float) -> bytes | HangUp | None:
        """Return what the unit says now, if anything, or that it hangs up."""
        ...

    def heard(self, payload: bytes, now: float) -> None:
        """Take what came from the server."""
        ...
