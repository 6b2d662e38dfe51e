"""The frame between a Hoymiles DTU and its inverters: the same bytes on nRF24, CMT2300A and the DTU's inner UART.

    byte 0     1          5      9       10 …      last
         main  inverter 4 DTU 4  index   payload   CRC-8, the exclusive or of all before it
         95    72220143 72220143 83      0000…5fff b1

index: requests 80 (information), 81 (control) or 80 + n (send fragment n again); answers 1, 2, 3 …, the last 80 + n.
Main command of an answer: that of the request with bit 7 set. HM and MI repeat the inverter's address where HMS, HMT
and MIT put the DTU's.

What concerns a radio module itself stands here too: who it is (07), and the channel (56), byte 9 telling whom: 1 the
module, 2 the inverter, which hears it on the boot channel; then both sides move.

    56 | inverter | DTU | 02 | 15 21 | CH 14 | [CRC-16 over bytes 10-13] | CRC-8         the CRC-16 may be missing
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.framing.crc import crc8_xor, crc16_modbus

MIN_FRAME = 11
MAX_FRAME = 32  # what a CMT2300A takes; a full fragment is 27
ANSWER = 0x80  # bit 7 of the main command
LAST = 0x80  # bit 7 of the index
FRAGMENT_BYTES = 16  # payload of a full fragment
FULL_FRAME = MIN_FRAME + FRAGMENT_BYTES
_HEAD = 10


class Main(IntEnum):
    """Main commands of requests."""

    MODULE = 0x07
    INFORMATION = 0x15
    CONTROL = 0x51
    CHANNEL = 0x56


@dataclass(frozen=True, slots=True)
class RadioFrame:
    """A frame; the addresses are those of the inverter and of the DTU, in that order."""

    main: int
    inverter: int
    dtu: int
    index: int
    payload: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes of the frame; raises LocalProtocolError when they are too many."""
        if len(self.payload) > MAX_FRAME - MIN_FRAME:
            raise LocalProtocolError(f"a radio frame with {len(self.payload)} bytes of payload")
        head = self.main.to_bytes() + self.inverter.to_bytes(4, "big") + self.dtu.to_bytes(4, "big")
        body = head + self.index.to_bytes() + self.payload
        return body + crc8_xor(body).to_bytes()

    @property
    def last(self) -> bool:
        """Tell whether no fragment follows."""
        return bool(self.index & LAST)

    @property
    def number(self) -> int:
        """Return the number of the fragment."""
        return self.index & ~LAST


def decode(datagram: bytes) -> RadioFrame:
    """Return the frame in a datagram. Raises RemoteProtocolError when its length or its CRC is wrong."""
    if not MIN_FRAME <= len(datagram) <= MAX_FRAME:
        raise RemoteProtocolError(f"a radio frame of {len(datagram)} bytes")
    if crc8_xor(datagram):
        raise RemoteProtocolError("wrong CRC-8")
    inverter, dtu = int.from_bytes(datagram[1:5], "big"), int.from_bytes(datagram[5:9], "big")
    return RadioFrame(datagram[0], inverter, dtu, datagram[9], bytes(datagram[_HEAD:-1]))


def reseal(old: bytes, new: bytes) -> bytes:
    """Return `new`, made of the frame `old` by changing bytes in place: with a right CRC-8 if `old` had one."""
    right = len(old) == len(new) >= MIN_FRAME and crc8_xor(old) == 0
    return new[:-1] + crc8_xor(new[:-1]).to_bytes() if right else new


class Region(Enum):
    """Where a sub-GHz radio may send: index and region bytes as the channel change wants them, and the channels."""

    EU = (2, 0x1521, 860.0, 0x20, 0x14)  # boot at 868 MHz, work at 865 MHz
    AMERICA = (3, 0x173C, 900.0, 0x3C, 0x48)  # boot at 915 MHz, work at 918 MHz

    def __init__(self, index: int, mark: int, base_mhz: float, boot: int, work: int) -> None:
        self.index = index
        self.mark = mark
        self.base_mhz = base_mhz
        self.boot = boot
        self.work = work

    def mhz(self, channel: int) -> float:
        """Return the frequency of a channel."""
        return self.base_mhz + CHANNEL_MHZ * channel


CHANNEL_MHZ = 0.25
OWN_MODULE = 1  # index of a channel change that the radio module itself is to obey
_TAIL = 0x14


def channel_change(
    inverter: int, dtu: int, region: Region, channel: int, *, index: int | None = None, crc16: bool = False
) -> bytes:
    """Return the request that both sides move to `channel`; `crc16`: with the second checksum that some senders add.

    Without `index` it is the inverter's, with OWN_MODULE the radio module's.
    """
    body = region.mark.to_bytes(2, "big") + bytes((channel, _TAIL))
    if crc16:
        body += crc16_modbus(body).to_bytes(2, "big")
    return RadioFrame(Main.CHANNEL, inverter, dtu, region.index if index is None else index, body).encode()


def channel_of(frame: RadioFrame) -> int:
    """Return the channel that a channel change names. Raises RemoteProtocolError when the frame is none."""
    body = frame.payload
    if frame.main != Main.CHANNEL or len(body) not in (4, 6) or body[3] != _TAIL:
        raise RemoteProtocolError("no channel change")
    if len(body) == 6 and crc16_modbus(body[:4]) != int.from_bytes(body[4:], "big"):
        raise RemoteProtocolError("wrong CRC-16 in a channel change")
    return body[2]


def region_of(frame: RadioFrame) -> Region:
    """Return the region that a channel change names. Raises RemoteProtocolError."""
    mark = int.from_bytes(frame.payload[:2], "big")
    for region in Region:
        if region.mark == mark:
            return region
    raise RemoteProtocolError(f"no region {mark:04x}")


def channel_answer(frame: RadioFrame) -> bytes:
    """Return the acknowledgement of a channel change."""
    return RadioFrame(frame.main | ANSWER, frame.inverter, frame.dtu, frame.index, b"\x00" + frame.payload[:2]).encode()


def module_query(dtu: int = 0) -> bytes:
    """Return the question who the radio module is; with an address it announces the DTU's."""
    return RadioFrame(Main.MODULE, dtu, dtu, 0).encode()


def readdressed(datagram: bytes, dtu: int) -> bytes:
    """Return a frame with the DTU's address put in: a DTU's radio module does so with what comes over the UART."""
    frame = decode(datagram)
    return RadioFrame(frame.main, frame.inverter, dtu, frame.index, frame.payload).encode()
