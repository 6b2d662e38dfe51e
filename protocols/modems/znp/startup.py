"""Bring a coordinator up: a machine without I/O and clock that is told what was heard.

Order of the note's captures: startup option, reset, extended address, logical type, PAN, channel, endpoint, start,
state, greeting. Frames that belong to no present question are passed over: the reset's word may come late, state 08
comes any number of times, and a state may come before the answer to the start.
"""

from dataclasses import dataclass
from typing import TypeAlias

from protocols.errors import RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.frame import Frame
from protocols.modems.znp.network import Network
from protocols.modems.znp.status import SUCCESS, State, state_text, status_text

TRIES = 3  # of one question
ANSWER_S = 2.0  # tools wait as long; a write is answered in milliseconds
RESET_S = 2.5
JOIN_S = 5.0  # from the start to state 09: 0.5 to 3 s
STATE_PAUSE_S = 0.7
STATE_TRIES = 10  # looks at the state while it says "starting"
CLEAR_ALL = 0x03  # startup option: forget configuration and state


@dataclass(frozen=True, slots=True)
class Send:
    """Write the frame and go on listening for `within_s`."""

    frame: Frame
    within_s: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Say nothing; time out after `within_s`. None: the window that is open goes on."""

    within_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The coordinator is up."""


@dataclass(frozen=True, slots=True)
class Broken:
    """It is not: the question that failed, and why."""

    question: str
    detail: str


Step: TypeAlias = Send | Listen | Ready | Broken


@dataclass(frozen=True, slots=True)
class _Question:
    name: str
    frame: Frame
    answer: int
    within_s: float = ANSWER_S
    needed: bool = True  # silence is a failure
    tries: int = TRIES


def _configure(name: str, setting: c.Setting, value: bytes) -> _Question:
    return _Question(name, c.write_configuration(setting, value), c.Command.WRITE_CONFIGURATION_ANSWER)


def _questions(network: Network, *, full: bool, greet: bool) -> tuple[_Question, ...]:
    pan = network.pan.to_bytes(2, "little")
    reset = _Question("reset", c.reset(hard=full), c.Command.RESET_INDICATION, RESET_S, needed=False)
    configuration = (
        _configure("startup option", c.Setting.STARTUP_OPTION, bytes((CLEAR_ALL,))),
        reset,
        _configure("extended address", c.Setting.EXTENDED_ADDRESS, network.address),
        _configure("logical type", c.Setting.LOGICAL_TYPE, b"\0"),
        _configure("PAN", c.Setting.PAN_ID, pan),
        _configure("channel", c.Setting.CHANNELS, network.channels),
    )
    start = (
        _Question("endpoint", c.register(), c.Command.REGISTER_ANSWER),
        _Question("start", c.start(), c.Command.START_ANSWER),
        _Question("network", c.device_info(), c.Command.DEVICE_INFO_ANSWER, tries=STATE_TRIES),
    )
    greeting = _Question("greeting", c.data_request(network.hello, trans=1), c.Command.DATA_ANSWER)
    return (*(configuration if full else (reset,)), *start, *((greeting,) if greet else ()))


class StartUp:
    """Asks one question after the other; `start` once, then `received` or `timed_out` until Ready or Broken.

    `full` False keeps the chip's configuration: a soft reset and a start. `greet` False leaves the last broadcast out,
    as pairing wants it.
    """

    def __init__(self, network: Network, *, full: bool = True, greet: bool = True) -> None:
        self._questions = _questions(network, full=full, greet=greet)
        self._at = 0
        self._tries_left = TRIES
        self._why = ""
        self._up = False  # state 09 was heard
        self._awaits_state = False

    @property
    def progress(self) -> float:
        """Return how much is done, 0 to 1."""
        return self._at / len(self._questions)

    @property
    def _question(self) -> _Question:
        return self._questions[self._at]

    def start(self) -> Step:
        """Ask the first question."""
        return self._ask()

    def received(self, frame: Frame) -> Step:
        """Take a frame."""
        if frame.command == c.Command.STATE_CHANGE:
            self._up = frame.data[:1] == bytes((State.STARTED,))
            return self._next() if self._awaits_state and self._up else Listen()
        if self._awaits_state or frame.command != self._question.answer:
            return Listen()
        try:
            return self._answered(frame)
        except RemoteProtocolError as error:
            return Broken(self._question.name, str(error))

    def timed_out(self) -> Step:
        """Ask again, go on without, or give up."""
        if self._awaits_state:
            return self._next()  # the state itself is asked for next
        if not self._question.needed:
            return self._next()
        self._tries_left -= 1
        if not self._tries_left:
            return Broken(self._question.name, self._why)
        return Send(self._question.frame, self._question.within_s)

    def _answered(self, frame: Frame) -> Step:
        match frame.command:
            case c.Command.RESET_INDICATION:
                return self._next()
            case c.Command.START_ANSWER:
                self._awaits_state = True
                return self._next() if self._up else Listen(JOIN_S)
            case c.Command.DEVICE_INFO_ANSWER:
                return self._judge(c.device_info_of(frame).state)
            case _:
                status = c.status_of(frame)
                return self._next() if status == SUCCESS else Broken(self._question.name, status_text(status))

    def _judge(self, state: int) -> Step:
        if state == State.STARTED:
            return self._next()
        self._why = state_text(state)
        return Listen(STATE_PAUSE_S)

    def _next(self) -> Step:
        self._awaits_state = False
        self._at += 1
        return self._ask() if self._at < len(self._questions) else Ready()

    def _ask(self) -> Step:
        self._tries_left, self._why = self._question.tries, "no answer"
        return Send(self._question.frame, self._question.within_s)
