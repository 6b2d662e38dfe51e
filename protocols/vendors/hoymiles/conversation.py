"""A DTU's side of a conversation: ask, collect the fragments, ask again for what is missing.

What came too late, from another inverter, for another DTU or damaged is waited past. An answer bears no type: only the
request and the length tell what it is, and `read` refuses a payload that cannot be the answer.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Done, Failed, Send, Step, Wait
from protocols.framing.fragments import Collector, Fragment
from protocols.modems.radio_frame import ANSWER, FRAGMENT_BYTES, MIN_FRAME, RadioFrame, decode
from protocols.vendors.hoymiles.control import ANSWER_BYTES, verdict
from protocols.vendors.hoymiles.requests import MAX_FRAGMENTS, again, opened

T = TypeVar("T")

TRIES = 5  # the request and four repeats, where nothing was heard at all
AGAIN_NRF = 5  # requests for single fragments: more, and the link is too bad
AGAIN_CMT = 13  # newer firmware delivers every third fragment, and twelve are the most
FIRST_S = 0.135  # an inverter's first fragment comes 45 to 85 ms after the request; the rest is for our side
AGAIN_S = 0.1  # a single fragment comes about 50 ms after its request
CONTROL_S = 2.0  # within which a command is answered
_CRC_BYTES = 2


def frame_sizes(payload_bytes: int) -> tuple[int, ...]:
    """Return the lengths of the datagrams that carry a payload and its CRC-16."""
    whole, rest = divmod(payload_bytes + _CRC_BYTES, FRAGMENT_BYTES)
    return (MIN_FRAME + FRAGMENT_BYTES,) * whole + ((MIN_FRAME + rest,) if rest else ())


class Ask(Generic[T]):
    """A request for information whose answer is read by `read`; it raises RemoteProtocolError for a wrong one.

    `payload_bytes` is the length of the expected answer, for the window; None where it is not known. `agains` is how
    many single fragments are asked for at most.
    """

    def __init__(
        self,
        request: RadioFrame,
        read: Callable[[bytes], T],
        *,
        payload_bytes: int | None,
        agains: int = AGAIN_NRF,
        tries: int = TRIES,
    ) -> None:
        self._request = request
        self._read = read
        sizes = frame_sizes(FRAGMENT_BYTES * MAX_FRAGMENTS - _CRC_BYTES if payload_bytes is None else payload_bytes)
        self._send = Send(request.encode(), sum(sizes), FIRST_S, len(sizes))
        self._tries_left = tries
        self._agains_left = agains
        self._heard = Collector(MAX_FRAGMENTS)
        self._singly = False  # whether fragments are asked for one by one
        self._failure = Failed(Cause.NO_ANSWER)

    def start(self) -> Step[T]:
        """Send the request."""
        self._tries_left -= 1
        self._heard = Collector(MAX_FRAGMENTS)
        self._singly = False
        return self._send

    def received(self, datagram: bytes) -> Step[T]:
        """Take a fragment; what is missing once the last was heard is asked for at once."""
        frame = self._answer(datagram)
        if frame is None or not self._heard.add(Fragment(frame.number, frame.last, frame.payload)):
            return Wait()
        if self._heard.missing is None:
            return self._judge()
        return self._ask_again() if self._heard.ended or self._singly else Wait()

    def timed_out(self) -> Step[T]:
        """Ask for what is missing, or for everything where nothing was heard."""
        return self._ask_again() if len(self._heard) else self._begin_again()

    def _answer(self, datagram: bytes) -> RadioFrame | None:
        """Return the fragment of an answer in a datagram, None when it is none of ours."""
        try:
            frame = decode(datagram)
        except RemoteProtocolError:
            if self._failure.cause is Cause.NO_ANSWER:
                self._failure = Failed(Cause.DAMAGED)
            return None
        ours = frame.main == self._request.main | ANSWER and frame.inverter == self._request.inverter
        return frame if ours and frame.dtu in (frame.inverter, self._request.dtu) else None

    def _ask_again(self) -> Step[T]:
        missing = self._heard.missing
        if not self._agains_left or missing is None:
            return Failed(Cause.INCOMPLETE, f"fragment {missing} is missing")
        self._agains_left -= 1
        self._singly = True
        request = again(self._request.inverter, self._request.dtu, missing)
        return Send(request.encode(), MIN_FRAME + FRAGMENT_BYTES, AGAIN_S)

    def _judge(self) -> Step[T]:
        """Return what all fragments together say; a wrong answer is as good as none."""
        try:
            return Done(self._read(opened(self._heard.payload)))
        except RemoteProtocolError as error:
            self._failure = Failed(Cause.DAMAGED, str(error))
            return self._begin_again()

    def _begin_again(self) -> Step[T]:
        return self.start() if self._tries_left > 0 else self._failure


class Tell(Generic[T]):
    """A command; its value when the inverter accepts it."""

    def __init__(self, command: RadioFrame, value: T, *, tries: int = TRIES) -> None:
        self._command = command
        self._send = Send(command.encode(), ANSWER_BYTES, CONTROL_S)
        self._value = value
        self._tries_left = tries

    def start(self) -> Step[T]:
        """Send the command."""
        self._tries_left -= 1
        return self._send

    def received(self, datagram: bytes) -> Step[T]:
        """Take the answer."""
        try:
            frame = decode(datagram)
            said = verdict(frame)
        except RemoteProtocolError:
            return Wait()
        command = self._command
        ours = frame.inverter == command.inverter and frame.dtu in (frame.inverter, command.dtu)
        if not ours or said.action != command.payload[0]:
            return Wait()
        if said.status:
            return Failed(Cause.REFUSED, f"status {said.status:04x}")
        return Done(self._value)

    def timed_out(self) -> Step[T]:
        """Send again while tries are left."""
        return self.start() if self._tries_left > 0 else Failed(Cause.NO_ANSWER)


class Announce(Generic[T]):
    """A datagram that nobody answers."""

    def __init__(self, datagram: bytes, value: T) -> None:
        self._send = Send(datagram, 0, 0.0)
        self._value = value

    def start(self) -> Step[T]:
        """Send it."""
        return self._send

    def received(self, datagram: bytes) -> Step[T]:  # noqa: ARG002 - nothing that is heard is an answer
        """Wait past whatever is heard."""
        return Wait()

    def timed_out(self) -> Step[T]:
        """Go on when the window has closed."""
        return Done(self._value)
