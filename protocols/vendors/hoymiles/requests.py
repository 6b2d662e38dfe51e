"""What a DTU asks of an inverter.

Information, 27 bytes, and the repeat of one fragment of its answer, 11 bytes:

    byte 0  1        5        9  10    12       16   18       20       24   26
         15 83063371 80167388 80 0b 00 6614e08f 0000 0000     00000000 d24c b7     live values at 1712644239
         15 83063371 80167388 84 3b                                                fragment 4 again
                              |  kind  UTC      gap  sequence password CRC-16 CRC-8
"""

from collections.abc import Mapping
from enum import IntEnum
from struct import Struct

from protocols.errors import RemoteProtocolError
from protocols.framing.crc import crc16_modbus
from protocols.modems.radio_frame import LAST, Main, RadioFrame

INDEX = 0x80
MAX_FRAGMENTS = 12  # an inverter numbers the fragments of an answer 1 to 12
REQUEST_BYTES = 27
_BODY = Struct(">BxIHHI")
_CRC_BYTES = 2


class DataType(IntEnum):
    """What information is asked for; `NAMES` has the maker's words."""

    DEV_INFO_SIMPLE = 0x00
    DEV_INFO_ALL = 0x01
    GRID_PROFILE = 0x02
    HARDWARE_CONFIG = 0x03
    SIMPLE_CALIBRATION = 0x04
    CONFIG = 0x05
    REALTIME = 0x0B
    REALTIME_REALITY = 0x0C
    REALTIME_A = 0x0D
    REALTIME_B = 0x0E
    REALTIME_C = 0x0F
    ALARM_DATA = 0x11
    ALARM_UPDATE = 0x12
    RECORD = 0x13
    INTERNAL = 0x14
    LOSS_RATE = 0x15
    SELF_CHECK = 0x1E
    INIT = 0xFF


NAMES: Mapping[int, str] = {
    0x00: "InverterDevInform_Simple",
    0x01: "InverterDevInform_All",
    0x02: "GridOnProFilePara",
    0x03: "HardWareConfig",
    0x04: "SimpleCalibrationPara",
    0x05: "SystemConfigPara",
    0x0B: "RealTimeRunData_Debug",
    0x0C: "RealTimeRunData_Reality",
    0x0D: "RealTimeRunData_A_Phase",
    0x0E: "RealTimeRunData_B_Phase",
    0x0F: "RealTimeRunData_C_Phase",
    0x11: "AlarmData",
    0x12: "AlarmUpdate",
    0x13: "RecordData",
    0x14: "InternalData",
    0x15: "GetLossRate",
    0x1E: "GetSelfCheckState",
    0xFF: "InitDataState",
}


def sealed(payload: bytes) -> bytes:
    """Return a payload with its CRC-16, high byte first."""
    return payload + crc16_modbus(payload).to_bytes(_CRC_BYTES, "big")


def opened(sealed_payload: bytes) -> bytes:
    """Return a payload without its CRC-16. Raises RemoteProtocolError when that is wrong."""
    payload, crc = sealed_payload[:-_CRC_BYTES], sealed_payload[-_CRC_BYTES:]
    if len(crc) < _CRC_BYTES or crc16_modbus(payload) != int.from_bytes(crc, "big"):
        raise RemoteProtocolError("wrong CRC-16")
    return payload


def information(inverter: int, dtu: int, kind: int, utc: float, sequence: int = 0) -> RadioFrame:
    """Return the request for information; it sets the inverter's clock to `utc` (s since 1970)."""
    body = _BODY.pack(kind, int(utc) & 0xFFFF_FFFF, 0, sequence, 0)
    return RadioFrame(Main.INFORMATION, inverter, dtu, INDEX, sealed(body))


def again(inverter: int, dtu: int, number: int) -> RadioFrame:
    """Return the request for one fragment of the last answer."""
    return RadioFrame(Main.INFORMATION, inverter, dtu, LAST | number)


class Information:
    """A request for information that was heard."""

    __slots__ = ("gap", "kind", "password", "sequence", "utc")

    def __init__(self, frame: RadioFrame) -> None:
        body = opened(frame.payload)
        if frame.main != Main.INFORMATION or frame.index != INDEX or len(body) != _BODY.size:
            raise RemoteProtocolError("no request for information")
        self.kind, self.utc, self.gap, self.sequence, self.password = _BODY.unpack(body)


def repeated(frame: RadioFrame) -> int | None:
    """Return the number of the fragment that a frame asks for, None when it asks for none."""
    asks = frame.main == Main.INFORMATION and frame.index & LAST and not frame.payload
    return frame.number if asks else None
