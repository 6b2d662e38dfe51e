"""What a gateway has asked, found in the bytes that it wrote to a power-line modem."""

from collections.abc import Callable

from drivers.plc.settings import PlcSettings
from drivers.recording import Cutter, Request
from protocols.errors import RemoteProtocolError
from protocols.modbus import rtu
from protocols.modems import st7580
from protocols.modems.st7580 import Command, Frame


class _Transparent:
    """Every frame is a request."""

    def __init__(self) -> None:
        self._deframer = rtu.Deframer()

    def feed(self, data: bytes) -> list[Request]:
        return [_of_unit(frame) for frame in self._deframer.feed(data)]


class _St7580:
    """Every host frame is a request, to a unit or to the modem; whether it is a repeat makes no difference."""

    def __init__(self) -> None:
        self._deframer = st7580.Deframer()

    def feed(self, data: bytes) -> list[Request]:
        return [_of_frame(item) for item in self._deframer.feed(data) if isinstance(item, Frame)]


def _of_frame(frame: Frame) -> Request:
    if frame.command == Command.DL_DATA_REQ and frame.data:
        return _of_unit(st7580.payload_of(frame))
    return Request(None, bytes((frame.command,)) + frame.data)


def _of_unit(datagram: bytes) -> Request:
    try:
        return Request(*rtu.decode(datagram))
    except RemoteProtocolError:
        return Request(None, datagram)


def cutter(settings: PlcSettings) -> Callable[[], Cutter]:
    """Return what makes a finder of requests in the bytes that go to a modem."""
    match settings.modem:
        case "transparent":
            return _Transparent
        case "st7580":
            return _St7580
