"""Host frames of the ST7580 power-line modem: what host and modem say to each other on the UART (57600 8N1).

    STX 1 | LEN 1 | CMD 1 | DATA LEN | checksum 2, low byte first       checksum: sum of LEN, CMD and DATA modulo 2^16
    02 | 02 | 50 | 04 AB | 01 01                                        send AB: B-PSK, high frequency
    ACK 06      NAK 15      status message 3F | status 1                STX is 03 when a frame is repeated

Each side acknowledges each frame. DL_DATA_REQ carries one options byte and the payload, its confirmation five parameter
bytes (gain, temperature, over-current, zero-crossing delay), an indication four (modulation and gain, signal-to-noise
ratio, zero-crossing delay) before the payload; the CRC on the line is the modem's own business.

Seen in public drivers for this modem: frame, checksum, handshake bytes, command and MIB numbers, the options byte, the
sizes of the parameters; a request, a confirmation and an indication are captured. Assumed from the vendor's manual:
the busy bits of the status byte, that 0x11 in MIB object 0 selects the data-link service, that STX 03 marks a repeat.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeAlias

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.framing.resync import Resynchroniser

STX = 0x02
STX_REPEATED = 0x03
STATUS = 0x3F
MAX_DATA = 255  # LEN is one byte
MAX_PAYLOAD = 242  # what the data-link service takes in one request
DL_SERVICE = 0x11  # value of Mib.MODEM_CONFIGURATION that selects the data-link service
_HEAD = 3
_EXTRA = 5  # STX, LEN, CMD and the checksum
_BUSY = 0x06


class Command(IntEnum):
    """What a frame says."""

    MIB_WRITE_REQ = 0x08
    MIB_WRITE_CNF = 0x09
    MIB_WRITE_ERR = 0x0B
    MIB_READ_REQ = 0x0C
    MIB_READ_CNF = 0x0D
    MIB_READ_ERR = 0x0F
    PHY_DATA_REQ = 0x24
    PHY_DATA_CNF = 0x25
    PHY_DATA_IND = 0x26
    PHY_DATA_ERR = 0x27
    PING_REQ = 0x2C
    PING_CNF = 0x2D
    SYNTAX_ERR = 0x36
    RESET_REQ = 0x3C
    RESET_CNF = 0x3D
    RESET_IND = 0x3E
    RESET_ERR = 0x3F
    DL_DATA_REQ = 0x50
    DL_DATA_CNF = 0x51
    DL_DATA_IND = 0x52
    DL_DATA_ERR = 0x53


class Mib(IntEnum):
    """Objects of the modem's management information base."""

    MODEM_CONFIGURATION = 0x00  # 1 byte
    PHY_CONFIGURATION = 0x01  # 14 bytes
    FIRMWARE_VERSION = 0x0A


class Modulation(IntEnum):
    """Bits 4-6 of the options byte."""

    BPSK = 0
    QPSK = 1
    PSK8 = 2
    BFSK = 3
    BPSK_CODED = 4
    QPSK_CODED = 5
    BPSK_CODED_PNA = 7  # with peak noise avoidance


class Handshake(Enum):
    """The answer to a frame."""

    ACK = 0x06
    NAK = 0x15


ACK = Handshake.ACK
NAK = Handshake.NAK


@dataclass(frozen=True, slots=True)
class Frame:
    """A command and what it carries."""

    command: Command
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Status:
    """What the modem says before it takes a frame."""

    value: int

    @property
    def busy(self) -> bool:
        """Tell whether the modem is sending or receiving on the line."""
        return bool(self.value & _BUSY)


Item: TypeAlias = Frame | Handshake | Status

_COMMANDS = frozenset(Command)
_HANDSHAKES = frozenset(signal.value for signal in Handshake)
_PARAMETERS = {  # bytes before the payload
    Command.DL_DATA_REQ: 1,
    Command.DL_DATA_IND: 4,
    Command.PHY_DATA_REQ: 1,
    Command.PHY_DATA_IND: 4,
}
_CONFIRMATION_BYTES = 5


def encode(item: Item, *, repeated: bool = False) -> bytes:
    """Return the bytes of a frame, a handshake or a status; raises LocalProtocolError when the data are too long."""
    match item:
        case Handshake():
            return bytes((item.value,))
        case Status(value):
            return bytes((STATUS, value))
        case Frame(command, data):
            if len(data) > MAX_DATA:
                raise LocalProtocolError(f"an ST7580 frame of {len(data)} data bytes")
            body = bytes((len(data), command)) + data
            return bytes((STX_REPEATED if repeated else STX,)) + body + _checksum(body)


def mib_write(mib: Mib, value: bytes) -> Frame:
    """Return the request that writes a MIB object."""
    return Frame(Command.MIB_WRITE_REQ, bytes((mib,)) + value)


def mib_read(mib: Mib) -> Frame:
    """Return the request that reads a MIB object."""
    return Frame(Command.MIB_READ_REQ, bytes((mib,)))


def data_options(modulation: Modulation, *, high_frequency: bool = True, zero_crossing: bool = False) -> int:
    """Return the options byte of a data request: the carrier and gain that the PHY configuration holds."""
    return modulation << 4 | high_frequency << 2 | zero_crossing << 7


def data_request(payload: bytes, options: int) -> Frame:
    """Return the request to send `payload` on the line; raises LocalProtocolError when it is empty or too long."""
    if not 1 <= len(payload) <= MAX_PAYLOAD:
        raise LocalProtocolError(f"an ST7580 payload of {len(payload)} bytes, 1 to {MAX_PAYLOAD} are possible")
    return Frame(Command.DL_DATA_REQ, bytes((options,)) + payload)


def confirmation(parameters: bytes = bytes(_CONFIRMATION_BYTES)) -> Frame:
    """Return the modem's answer to a data request that was sent on the line."""
    if len(parameters) != _CONFIRMATION_BYTES:
        raise LocalProtocolError(f"an ST7580 confirmation of {len(parameters)} bytes")
    return Frame(Command.DL_DATA_CNF, parameters)


def indication(payload: bytes, parameters: bytes = bytes(4)) -> Frame:
    """Return the frame by which the modem hands up what it heard on the line."""
    if len(parameters) != _PARAMETERS[Command.DL_DATA_IND] or len(payload) > MAX_PAYLOAD:
        raise LocalProtocolError(f"an ST7580 indication of {len(parameters)} + {len(payload)} bytes")
    return Frame(Command.DL_DATA_IND, parameters + payload)


def payload_of(frame: Frame) -> bytes:
    """Return what a request or an indication carries; raises RemoteProtocolError when it carries no payload."""
    skip = _PARAMETERS.get(frame.command)
    if skip is None or len(frame.data) < skip:
        raise RemoteProtocolError(f"no payload in {frame.command.name} of {len(frame.data)} bytes")
    return frame.data[skip:]


def reseal(old: bytes, new: bytes, inner: Callable[[bytes, bytes], bytes]) -> bytes:
    """Return `new`, made of the frame `old` by changing bytes in place: with right checksums where `old` had them.

    `inner` does the same for the payload.
    """
    if len(old) != len(new) or len(old) < _EXTRA or not _intact(bytearray(old)):
        return new
    at = _HEAD + _PARAMETERS.get(Command(old[2]), len(old))
    body = new[1:at] + inner(old[at:-2], new[at:-2]) if at < len(old) - 2 else new[1:-2]
    return new[:1] + body + _checksum(body)


class Deframer(Resynchroniser[Item]):
    """Cuts frames, handshakes and status messages out of a stream of bytes with noise in it; holds less than 260."""

    def __init__(self) -> None:
        super().__init__(_size, _parse, _EXTRA)


def _size(buffer: bytearray, at: int) -> int:
    """Return the length of what may start at `at`; 0: nothing starts there."""
    match buffer[at]:
        case 0x02 | 0x03 if len(buffer) - at < _HEAD:
            return _HEAD
        case 0x02 | 0x03 if buffer[at + 2] in _COMMANDS:
            return buffer[at + 1] + _EXTRA
        case 0x3F:
            return 2
        case byte:
            return int(byte in _HANDSHAKES)


def _parse(raw: bytearray) -> Item | None:
    match len(raw):
        case 1:
            return Handshake(raw[0])
        case 2:
            return Status(raw[1])
        case _:
            return Frame(Command(raw[2]), bytes(raw[_HEAD:-2])) if _intact(raw) else None


def _intact(frame: bytearray) -> bool:
    return frame[-2:] == _checksum(frame[1:-2])


def _checksum(body: bytes | bytearray) -> bytes:
    return (sum(body) & 0xFFFF).to_bytes(2, "little")
