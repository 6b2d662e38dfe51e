"""What a real DTU says to its clients: the head of a TCP message, and the record of one input in the Modbus map.

TCP 10081, 10 bytes, then protobuf:

    byte 0    2        4         6                  8
         4844 command  sequence  CRC-16 of the rest length of all             storage: 14 bytes more before the rest

Modbus, 40 bytes from 0x1000 + 40 n:

    byte 0    1          7     8   10  12  14  16  18    20     24    26      28     30     32    33    34
         kind serial 6   port  PV  PV  AC  Hz  W   day   Wh     °C    status  alarm  count  link  0x07  0
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from protocols.decode import Decoded
from protocols.errors import RemoteProtocolError
from protocols.framing.crc import crc16_modbus
from protocols.layout import Field, Fixed, Layout
from protocols.points import DCA, DCV, DCW, DCWH_DAY, DCWH_INJ, HZ, LNV, TMP_CAB, Channel, Point, Value

MARK = b"HM"
HEAD_BYTES = 10
EXTENDED_BYTES = 24
MAX_MESSAGE = 0xFFFF  # the length is a word
_HEAD = Struct(">2sHHHH")
_EXTENSION = Struct(">HQHH")
_EXTENDED_COMMANDS = frozenset((0xDB, 0xC3))  # high bytes of storage gateways' commands

RECORD_KIND = Point("RecKind", None, "3c, or 0c as some firmware says")
SERIAL_HIGH = Point("SNHigh", None, "first four digits of the serial")
SERIAL_LOW = Point("SNLow", None, "last eight digits of the serial")
PORT = Point("Prt", None, "input, from 1")
STATUS = Point("Status", None, "operating status: 3 when producing")
ALARM = Point("AlrmCode", None, "alarm code")
ALARM_COUNT = Point("AlrmCount", None, "number of alarms")
LINK = Point("Link", None, "1: the inverter can be reached")


def _port_record(name: str, amps_div: int) -> Layout:
    return Layout(
        name,
        40,
        Field(0, "B", RECORD_KIND),
        Field(1, "H", SERIAL_HIGH),
        Field(3, "I", SERIAL_LOW),
        Field(7, "B", PORT),
        Field(8, "H", DCV, 10, saturates=True),
        Field(10, "H", DCA, amps_div, saturates=True),
        Field(12, "H", LNV, 10, saturates=True),
        Field(14, "H", HZ, 100, saturates=True),
        Field(16, "H", DCW, 10, saturates=True),
        Field(18, "H", DCWH_DAY, saturates=True),
        Field(20, "I", DCWH_INJ, saturates=True),
        Field(24, "h", TMP_CAB, 10, saturates=True),
        Field(26, "H", STATUS, saturates=True),
        Field(28, "H", ALARM, saturates=True),
        Field(30, "H", ALARM_COUNT, saturates=True),
        Field(32, "B", LINK),
        Fixed(33, "B", 7),
    )


PORT_RECORD = _port_record("hoymiles.port_record", 100)
PORT_RECORD_MI = _port_record("hoymiles.port_record_mi", 10)  # serials that begin with 10


def port_record(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return one record of the Modbus map. Raises RemoteProtocolError."""
    if len(frames) != 1:
        raise RemoteProtocolError("more than one record")
    values = (PORT_RECORD_MI if frames[0][1:2] == b"\x10" else PORT_RECORD).unpack(frames[0])
    serial = frames[0][1:7].hex().upper()
    measured = {channel: value for channel, value in values.items() if channel.point.unit is not None}
    named = {channel.point.name: value for channel, value in values.items() if channel.point.unit is None}
    plausible = values[Channel(RECORD_KIND)] in (0x0C, 0x3C) and values[Channel(LINK)] in (0, 1)
    return Decoded(measured, fields=named, serial=serial, plausible=plausible)


def dtu_serial(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return the DTU's serial in the answer to a read of 0x2000: byte count, six bytes. Raises RemoteProtocolError."""
    if len(frames) != 1 or len(frames[0]) != 7 or frames[0][0] != 6:
        raise RemoteProtocolError("no serial of a DTU")
    return Decoded(fields={"byte_count": 6, "dtu_serial": frames[0][1:].hex()})


@dataclass(frozen=True, slots=True)
class Message:
    """A TCP message; `extension` is (serial, zero, number) where a storage gateway's message has them."""

    command: int
    sequence: int
    body: bytes
    extension: tuple[int, int, int] | None = None

    def encode(self) -> bytes:
        """Return the bytes of the message."""
        extra = b"" if self.extension is None else _EXTENSION.pack(_EXTENSION.size, *self.extension)
        length = HEAD_BYTES + len(extra) + len(self.body)
        return _HEAD.pack(MARK, self.command, self.sequence, crc16_modbus(self.body), length) + extra + self.body


def message(data: bytes) -> Message:
    """Return the TCP message in `data`. Raises RemoteProtocolError when mark, length or CRC is wrong."""
    if len(data) < HEAD_BYTES or data[:2] != MARK:
        raise RemoteProtocolError("no TCP message")
    _, command, sequence, crc, length = _HEAD.unpack_from(data)
    extended = command >> 8 in _EXTENDED_COMMANDS
    start = EXTENDED_BYTES if extended else HEAD_BYTES
    if length != len(data) or length < start:
        raise RemoteProtocolError(f"a TCP message of {len(data)} bytes that says {length}")
    body = data[start:]
    if crc16_modbus(body) != crc:
        raise RemoteProtocolError("wrong CRC-16 in a TCP message")
    if not extended:
        return Message(command, sequence, body)
    size, *extension = _EXTENSION.unpack_from(data, HEAD_BYTES)
    if size != _EXTENSION.size:
        raise RemoteProtocolError(f"an extension of {size} bytes")
    serial, zero, number = extension
    return Message(command, sequence, body, (serial, zero, number))


def tcp(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return the head of a TCP message and the protobuf as it stands. Raises RemoteProtocolError."""
    if len(frames) != 1:
        raise RemoteProtocolError("more than one TCP message")
    said = message(frames[0])
    fields: dict[str, Value] = {"cmd": f"0x{said.command:04X}", "seq": said.sequence, "length": len(frames[0])}
    if said.extension is not None:
        serial, zero, number = said.extension
        fields |= {"serial": f"{serial:x}", "zero": zero, "number": number}
    return Decoded(fields={**fields, "payload_hex": said.body.hex()})
