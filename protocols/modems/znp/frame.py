"""Frames on the UART, the same in both directions."""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.framing.resync import Resynchroniser

SOF = 0xFE
MAX_DATA = 250  # what the length byte may say
_HEAD = 4  # SOF, length, command
EXTRA = _HEAD + 1
MAX_FRAME = MAX_DATA + EXTRA
UART_BYTES = 128  # serial buffer of plain community firmware: longer frames to the host are lost
UART_BYTES_LARGE = 265  # of its build for DS3
_TYPES = frozenset({0x20, 0x40, 0x60})  # SREQ, AREQ, SRSP in the high bits of a command


@dataclass(frozen=True, slots=True)
class Frame:
    """A command, high byte first, and its data."""

    command: int
    data: bytes = b""


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame; raises LocalProtocolError when its data are too long."""
    if len(frame.data) > MAX_DATA:
        raise LocalProtocolError(f"a ZNP frame of {len(frame.data)} data bytes")
    body = bytes((len(frame.data),)) + frame.command.to_bytes(2, "big") + frame.data
    return bytes((SOF,)) + body + bytes((_fcs(body),))


def passes(frame: Frame, uart_bytes: int) -> bool:
    """Tell whether a frame goes through a coordinator whose serial buffer has so many bytes."""
    return len(frame.data) + EXTRA <= uart_bytes


def decode_all(raw: bytes) -> list[Frame]:
    """Return the frames of a capture; junk between frames is left out.

    Raises RemoteProtocolError when a frame is damaged or cut short, or when there is none.
    """
    deframer = Deframer()
    frames = deframer.feed(raw)
    if deframer.damaged:
        raise RemoteProtocolError("bad FCS of a ZNP frame")
    if len(deframer):
        raise RemoteProtocolError("ends inside a ZNP frame")
    if not frames:
        raise RemoteProtocolError("no ZNP frame")
    return frames


class Deframer(Resynchroniser[Frame]):
    """Cuts frames out of a stream with junk in it; holds less than MAX_FRAME bytes."""

    def __init__(self) -> None:
        super().__init__(_size, _parse, EXTRA)


def _size(buffer: bytearray, at: int) -> int:
    """Return the length of what may start at `at`, at least that of a head; 0: nothing starts there."""
    head = buffer[at : at + 3]
    if head[0] != SOF or (len(head) > 1 and head[1] > MAX_DATA):
        return 0
    if len(head) < 3:
        return _HEAD
    return head[1] + EXTRA if head[2] & 0xE0 in _TYPES else 0


def _parse(raw: bytearray) -> Frame | None:
    return Frame(int.from_bytes(raw[2:_HEAD], "big"), bytes(raw[_HEAD:-1])) if raw[-1] == _fcs(raw[1:-1]) else None


def _fcs(body: bytes | bytearray) -> int:
    return reduce(xor, body)
