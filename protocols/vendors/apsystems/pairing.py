"""Pair a unit: find it, take it over, learn its short address, and see that it answers polls.

An exchange over a claim for everybody; the coordinator is up without its greeting. PAN and channel follow from the
gateway's id. A unit that is moved is lost to the gateway that it had.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Send, Step, Wait
from protocols.modems.znp.air import OVERHEAD, Message, Report, content, datagram
from protocols.modems.znp.frame import UART_BYTES
from protocols.modems.znp.network import Network
from protocols.modems.znp.status import SUCCESS, Status
from protocols.pairing import Progress
from protocols.points import Channel, Value
from protocols.profile import Station
from protocols.vendors.apsystems import pairing_frames as f
from protocols.vendors.apsystems.codec import live, live_answer_bytes
from protocols.vendors.apsystems.family import family

PAUSE_S = 2.0  # between two messages of a round: tools take 1.5 to 2 s
ROUNDS = 3
CHECKS = 2  # polls that must succeed before an address is believed
_AF_EXTRA = 31  # bytes of a message to the host beside its L2: frame, head, serial number, trailer


class Stage(Enum):
    """Where pairing stands, in this order; several rounds may be needed."""

    LEAVE = "leave"  # take the unit out of the PAN that it is in
    SCAN = "scan"
    ADD = "add"
    BIND = "bind"
    GREET = "greet"  # the coordinator goes to normal operation
    CHECK = "check"


class Reason(Enum):
    """Why a unit could not be paired."""

    NO_ANSWER = "no_answer"
    BOUND_ELSEWHERE = "bound_elsewhere"
    WRONG_FIRMWARE = "wrong_firmware"
    UART_BUFFER = "uart_buffer"
    NOT_STARTED = "not_started"


ADVICE: Mapping[Reason, str] = {
    Reason.NO_ANSWER: "nobody answers: is there light? come within 4 m, unplug and plug the unit's modules, or try "
    "again tomorrow morning",
    Reason.BOUND_ELSEWHERE: "it is heard but does not come: take it out of its old gateway or switch that off, then "
    "unplug and plug the unit's modules",
    Reason.WRONG_FIRMWARE: "the coordinator cannot send to other networks: its firmware is not one for these units",
    Reason.UART_BUFFER: "it receives but no answer arrives: the serial buffer of the coordinator's firmware is too "
    "small for this unit; use the build for DS3",
    Reason.NOT_STARTED: "the coordinator has no network",
}
_CAUSES: Mapping[Reason, Cause] = {
    Reason.NO_ANSWER: Cause.NO_ANSWER,
    Reason.BOUND_ELSEWHERE: Cause.REFUSED,
    Reason.WRONG_FIRMWARE: Cause.REFUSED,
    Reason.UART_BUFFER: Cause.INCOMPLETE,
    Reason.NOT_STARTED: Cause.LINK_DOWN,
}
_REFUSALS: Mapping[int, Reason] = {
    Status.INVALID_PARAMETER: Reason.WRONG_FIRMWARE,
    Status.NWK_INVALID_REQUEST: Reason.NOT_STARTED,
}


@dataclass(frozen=True, slots=True)
class Paired:
    """A unit and the short address that it has on this gateway's PAN."""

    serial: str
    node: int
    pan: int
    channel: int


class Pairing:
    """Pairs one unit. `taken` are the addresses of other units; `reason` says after a failure why."""

    def __init__(self, serial: str, host: str, net: Network, *, taken: frozenset[int] = frozenset()) -> None:
        self._serial = serial
        self._host = host
        self._net = net
        self._taken = taken
        self._messages: tuple[tuple[Stage, Callable[[], Message]], ...] = (
            (Stage.LEAVE, lambda: f.leave(serial, net)),
            (Stage.SCAN, lambda: f.who(serial)),
            (Stage.ADD, lambda: f.prepare(serial, net)),
            (Stage.BIND, lambda: f.bind(net)),
            (Stage.GREET, lambda: net.hello),
        )
        self._at = 0
        self._round = 1
        self._node: int | None = None
        self._delivered = False
        self._checked = 0
        self._check: Exchange[Mapping[Channel, Value]] | None = None
        self.reason: Reason | None = None

    @property
    def progress(self) -> Progress:
        """Return how far it is."""
        total = len(self._messages) + CHECKS
        stages = [*(stage for stage, _ in self._messages), Stage.CHECK]  # the last one also where a round has failed
        stage = Stage.CHECK if self._check else stages[self._at]
        return Progress(stage, self._at + self._checked, total, self._round, ROUNDS, self._node)

    def start(self) -> Step[Paired]:
        """Begin the first round."""
        return self._say()

    def received(self, raw: bytes) -> Step[Paired]:
        """Take an answer, a refusal of the coordinator, or a poll's answer."""
        try:
            item = content(raw)
        except RemoteProtocolError:
            return Wait()
        match item:
            case Report(_, status) if status in _REFUSALS:
                return self._fail(_REFUSALS[status])
            case Report(node, status):
                self._delivered = self._delivered or (node == self._node and status == SUCCESS)
            case Message():
                found = f.answered(item, self._serial, self._net, self._taken)
                self._node = self._node if found is None else found
        return self._judge(self._check.received(raw)) if self._check else Wait()

    def timed_out(self) -> Step[Paired]:
        """Go on to the next message, or judge the round."""
        if self._check:
            return self._judge(self._check.timed_out())
        self._at += 1
        if self._at < len(self._messages):
            return self._say()
        return self._again(Reason.NO_ANSWER) if self._node is None else self._look(self._node)

    def _say(self) -> Step[Paired]:
        return Send(datagram(self._messages[self._at][1]()), OVERHEAD + f.ANSWER_BYTES, PAUSE_S)

    def _look(self, node: int) -> Step[Paired]:
        self._check = live(Station(self._serial, node, self._host))
        return self._judge(self._check.start())

    def _judge(self, step: Step[Mapping[Channel, Value]]) -> Step[Paired]:
        match step:
            case Done() if self._node is not None:
                self._checked += 1
                if self._checked < CHECKS:
                    return self._look(self._node)
                return Done(Paired(self._serial, self._node, self._net.pan, self._net.channel))
            case Failed(Cause.REFUSED):
                return step  # an encrypted unit
            case Send() | Wait():
                return step
            case _:
                return self._again(self._silence())

    def _silence(self) -> Reason:
        """Return why a unit that was heard does not answer polls."""
        long = live_answer_bytes(family(self._serial)) + _AF_EXTRA > UART_BYTES
        return Reason.UART_BUFFER if self._delivered and long else Reason.BOUND_ELSEWHERE

    def _again(self, reason: Reason) -> Step[Paired]:
        if self._round == ROUNDS:
            return self._fail(reason)
        self._round += 1
        self._at, self._checked, self._check, self._node, self._delivered = 0, 0, None, None, False
        return self._say()

    def _fail(self, reason: Reason) -> Failed:
        self.reason = reason
        return Failed(_CAUSES[reason], f"{reason.value}: {ADVICE[reason]}")
