"""Commands: what they look like, which of them wear out the inverter's memory, and what the answer means.

    byte 0  1        5        9  10    12    14   16   18
         51 72615582 78563412 81 0b 00 012c  0100 c5c0 3e      30.0 W from now on, and after every night
         d1 72615582 72615582 81 0000  0b00  1407      48      done
                                 status      which

A value is in tenths; its type says of what, and for how long. A persistent value is written to an EEPROM, a temporary
one gives way to it after a night without DC. Newer HMS firmware has other numbers for the persistent types.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems.radio_frame import ANSWER, Main, RadioFrame
from protocols.vendors.hoymiles.requests import opened, sealed

INDEX = 0x81
ACCEPTED = 0x0000
REFUSED = 0x0001  # what our emulated inverters say; the codes of a refusal are not published
ANSWER_BYTES = 17


class Action(IntEnum):
    """What is commanded."""

    ON = 0x00
    OFF = 0x01
    RESTART = 0x02
    LOCK = 0x03
    UNLOCK = 0x04
    ACTIVE_POWER = 0x0B
    REACTIVE_POWER = 0x0C
    POWER_FACTOR = 0x0D
    CLEAR = 0x14
    SELF_CHECK = 0x28
    INIT = 0xFF


_VALUED = {Action.ACTIVE_POWER: 10, Action.REACTIVE_POWER: 10, Action.POWER_FACTOR: 1000}  # steps in one unit


class Codes(Enum):
    """The numbers for (absolute, relative) persistent values."""

    CLASSIC = (0x0100, 0x0101)  # HM, HERF, HMT, and HMS with old firmware
    HMS = (0x0002, 0x0003)  # HMS since firmware 1.1.12 or 2.0.4


_TEMPORARY = (0x0000, 0x0001)


@dataclass(frozen=True, slots=True)
class Order:
    """A command with its value: W or % of the rating by `relative`, or a power factor."""

    action: Action
    value: float | None = None
    relative: bool = True
    persistent: bool = False

    @property
    def wears(self) -> bool:
        """Tell whether carrying it out writes persistent memory."""
        return self.persistent

    def body(self, codes: Codes) -> bytes:
        """Return what the frame carries before the CRC-16. Raises LocalProtocolError for a value out of range."""
        head = bytes((self.action, 0))
        steps = _VALUED.get(self.action)
        if steps is None:
            return head
        raw = round(steps * (self.value or 0.0))
        if self.value is None or not -0x8000 <= raw <= 0xFFFF:
            raise LocalProtocolError(f"{self.action.name} of {self.value}")
        return head + (raw & 0xFFFF).to_bytes(2, "big") + self.type_code(codes).to_bytes(2, "big")

    def type_code(self, codes: Codes) -> int:
        """Return the type of the value."""
        return (codes.value if self.persistent else _TEMPORARY)[self.relative]

    def frame(self, inverter: int, dtu: int, codes: Codes) -> RadioFrame:
        """Return the command on the radio."""
        return RadioFrame(Main.CONTROL, inverter, dtu, INDEX, sealed(self.body(codes)))


_TYPES = {  # both sets at once: no number has two meanings
    code: (bool(relative), persistent)
    for numbers, persistent in ((_TEMPORARY, False), (Codes.CLASSIC.value, True), (Codes.HMS.value, True))
    for relative, code in enumerate(numbers)
}


def order_of(frame: RadioFrame) -> Order:
    """Return the order in a command frame. Raises RemoteProtocolError when it is none that is known."""
    body = opened(frame.payload)
    if frame.main != Main.CONTROL or frame.index != INDEX or len(body) not in (2, 6):
        raise RemoteProtocolError("no command")
    try:
        action = Action(body[0])
        steps = _VALUED.get(action)
        if (steps is None) != (len(body) == 2):
            raise RemoteProtocolError(f"{action.name} with {len(body)} bytes")
        if steps is None:
            return Order(action)
        signed = action is not Action.ACTIVE_POWER
        relative, persistent = _TYPES[int.from_bytes(body[4:], "big")]
        return Order(action, int.from_bytes(body[2:4], "big", signed=signed) / steps, relative, persistent)
    except (ValueError, KeyError) as error:
        raise RemoteProtocolError(f"no command: {body.hex()}") from error


def answer(frame: RadioFrame, dtu: int, status: int) -> bytes:
    """Return the inverter's answer to a command."""
    action = frame.payload[0]
    body = status.to_bytes(2, "big") + bytes((action, 0))
    return RadioFrame(frame.main | ANSWER, frame.inverter, dtu, INDEX, sealed(body)).encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an inverter says to a command: `status` 0 is yes."""

    status: int
    action: int


def verdict(frame: RadioFrame) -> Verdict:
    """Return what an answer says. Raises RemoteProtocolError when it is no answer to a command."""
    body = opened(frame.payload)
    if frame.main != Main.CONTROL | ANSWER or frame.index != INDEX or len(body) != 4:
        raise RemoteProtocolError("no answer to a command")
    return Verdict(int.from_bytes(body[:2], "big"), body[2])
