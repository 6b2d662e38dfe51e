from typing import Literal

import pytest

from drivers.plc.requests import cutter
from drivers.plc.settings import PlcSettings
from drivers.recording import Request
from protocols.modbus import rtu
from protocols.modbus.pdu import ReadRequest, WriteRequest
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, NAK, Frame, Mib, Modulation

READ = ReadRequest(0x100, 20).encode()
WRITE = WriteRequest(0x200, b"\x00\x32").encode()
OPTIONS = st7580.data_options(Modulation.BPSK_CODED)
CONFIGURE = st7580.mib_write(Mib.MODEM_CONFIGURATION, b"\x11")


def asked(frame: Frame, *, repeated: bool = False) -> bytes:
    return st7580.encode(frame, repeated=repeated)


def framed(datagram: bytes, *, repeated: bool = False) -> bytes:
    return asked(st7580.data_request(datagram, OPTIONS), repeated=repeated)


@pytest.mark.parametrize(
    ("modem", "written", "found"),
    [
        pytest.param("transparent", rtu.encode(3, READ), [Request(3, READ)], id="a read on a bare line"),
        pytest.param(
            "transparent",
            rtu.encode(3, READ) + rtu.encode(0, WRITE),
            [Request(3, READ), Request(0, WRITE)],
            id="a read and a broadcast in one piece",
        ),
        pytest.param("transparent", b"\xff\xfe", [], id="what is no request"),
        pytest.param("st7580", framed(rtu.encode(3, READ)), [Request(3, READ)], id="a read through the ST7580"),
        pytest.param(
            "st7580", framed(rtu.encode(3, READ), repeated=True), [Request(3, READ)], id="a repeat is the same request"
        ),
        pytest.param("st7580", st7580.encode(ACK) + st7580.encode(NAK), [], id="handshakes"),
        pytest.param("st7580", asked(CONFIGURE), [Request(None, b"\x08\x00\x11")], id="a setting of the modem"),
        pytest.param("st7580", framed(b"\x7e\x01"), [Request(None, b"\x7e\x01")], id="a payload of another protocol"),
    ],
)
def test_requests_are_found_in_what_is_written(
    modem: Literal["transparent", "st7580"], written: bytes, found: list[Request]
) -> None:
    made = cutter(PlcSettings(url="mem://plc", modem=modem))
    assert made().feed(written) == found
    one_by_one = made()
    assert [each for byte in written for each in one_by_one.feed(bytes((byte,)))] == found
