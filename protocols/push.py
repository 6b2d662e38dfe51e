"""What a vendor offers whose units report by themselves, over a broker, instead of being asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from protocols.decode import Kind
from protocols.events import Event
from protocols.points import Channel, Value
from protocols.profile import Counter, Device, Model


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The conversation of a vendor whose units dial in.

    A unit publishes on `uplink` and hears on `downlink`, each followed by its serial; it reports every `every_s`.
    `hear` takes a payload and the UTC time, s, and raises RemoteProtocolError; `user` and `password` are those that
    the units have from the factory.
    """

    uplink: str
    downlink: str
    every_s: float
    hear: Callable[[bytes, float], Heard]
    dialler: Callable[[Device], Dialler]
    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushProfile:
    """One vendor whose units report by themselves."""

    name: str
    serials: tuple[range, ...] | None
    models: Mapping[str, Model]
    counters: Callable[[Model], tuple[Counter, ...]]
    events: Callable[[Mapping[Channel, Value]], frozenset[Event]]
    kinds: tuple[Kind, ...]
    push: Push
