"""A conversation with one device, without I/O and without a clock.

An `Exchange` is our side, a `Responder` the device's side. Whoever runs an exchange carries out each `Step` and
reports what was heard; foreign, late and damaged datagrams lead to `Wait`, never to an exception.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeAlias, TypeVar

from protocols.errors import RemoteProtocolError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Send:
    """Put `datagram` on the medium and listen.

    `replies` datagrams of `reply_bytes` together are the expected answer on the medium (0: none will come);
    `within_s` is the time that the device itself may take before it answers. The medium's own time is the driver's to
    add.
    """

    datagram: bytes
    reply_bytes: int
    within_s: float
    replies: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """Keep listening: what was heard was not for us."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """The conversation reached its end."""

    value: T_co


class Cause(Enum):
    """Why a conversation failed."""

    NO_ANSWER = "no_answer"
    DAMAGED = "damaged"  # something came, nothing of it was whole
    INCOMPLETE = "incomplete"  # fragments are missing
    REFUSED = "refused"  # the device answered: no
    MISMATCH = "mismatch"  # another device answered
    BUSY = "busy"  # not begun: too many wait for the link
    LINK_DOWN = "link_down"


@dataclass(frozen=True, slots=True)
class Failed:
    """The conversation ended without its value; `detail` is for the log."""

    cause: Cause
    detail: str = ""


Step: TypeAlias = Send | Wait | Done[T] | Failed


class Exchange(Protocol[T_co]):
    """Our side of a conversation; `start` is called once, then one of the others until Done or Failed."""

    def start(self) -> "Step[T_co]":
        """Return the first step."""
        ...

    def received(self, datagram: bytes) -> "Step[T_co]":
        """Return what follows from a datagram that was heard."""
        ...

    def timed_out(self) -> "Step[T_co]":
        """Return what follows when the window closed without (all of) the answer."""
        ...


class Responder(Protocol):
    """The device's side: what an emulated inverter runs."""

    def concerns(self, datagram: bytes) -> bool:
        """Tell at first sight whether a datagram may be for this device; `answer` is silent to all others."""
        ...

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        """Return the datagrams that answer `datagram` at `now` (device time, s); empty for silence."""
        ...


class Mapped(Generic[T, U]):
    """An exchange whose value is passed through a function; where that finds the value broken, the exchange fails."""

    def __init__(self, inner: Exchange[T], convert: Callable[[T], U]) -> None:
        self._inner = inner
        self._convert = convert

    def start(self) -> Step[U]:
        """Start the inner exchange."""
        return self._map(self._inner.start())

    def received(self, datagram: bytes) -> Step[U]:
        """Pass on what was heard."""
        return self._map(self._inner.received(datagram))

    def timed_out(self) -> Step[U]:
        """Pass on the end of the window."""
        return self._map(self._inner.timed_out())

    def _map(self, step: Step[T]) -> Step[U]:
        match step:
            case Done(value):
                return self._converted(value)
            case Send() | Wait() | Failed():
                return step

    def _converted(self, value: T) -> Step[U]:
        try:
            return Done(self._convert(value))
        except RemoteProtocolError as error:
            return Failed(Cause.DAMAGED, str(error))


class Then(Generic[T, U]):
    """An exchange followed by another that is made from its value; the first failure ends both."""

    def __init__(self, first: Exchange[T], follow: Callable[[T], Exchange[U]]) -> None:
        self._first = first
        self._follow = follow
        self._second: Exchange[U] | None = None

    def start(self) -> Step[U]:
        """Start the first exchange."""
        return self._go_on(self._first.start())

    def received(self, datagram: bytes) -> Step[U]:
        """Pass on what was heard."""
        return self._second.received(datagram) if self._second else self._go_on(self._first.received(datagram))

    def timed_out(self) -> Step[U]:
        """Pass on the end of the window."""
        return self._second.timed_out() if self._second else self._go_on(self._first.timed_out())

    def _go_on(self, step: Step[T]) -> Step[U]:
        match step:
            case Done(value):
                self._second = self._follow(value)
                return self._second.start()
            case Send() | Wait() | Failed():
                return step
