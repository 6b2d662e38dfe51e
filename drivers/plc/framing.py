"""Whole frames in the bytes that pass between a host and a power-line modem, and how one is changed."""

from collections.abc import Callable

from drivers.plc.settings import PlcSettings
from drivers.redaction import Framing, Mask, Reseal
from protocols.modbus import rtu
from protocols.modems import st7580
from protocols.modems.st7580 import Frame


class _Transparent:
    """Datagrams, and nothing around them."""

    def __init__(self) -> None:
        self._deframer = rtu.Deframer()

    def feed(self, data: bytes) -> list[bytes]:
        return self._deframer.feed(data)

    def masked(self, frame: bytes, mask: Mask, reseal: Reseal) -> bytes:
        return reseal(frame, mask.over(frame))


class _St7580:
    """Host frames; their first byte may say that one is a repeat."""

    def __init__(self) -> None:
        self._deframer = st7580.Deframer()

    def feed(self, data: bytes) -> list[bytes]:
        items = self._deframer.feed(data)
        return [st7580.encode(item)[1:] for item in items if isinstance(item, Frame)]

    def masked(self, frame: bytes, mask: Mask, reseal: Reseal) -> bytes:
        start = bytes((st7580.STX,))
        return st7580.reseal(start + frame, start + mask.over(frame), reseal)[1:]


def framing(settings: PlcSettings) -> Callable[[], Framing]:
    """Return what makes a finder of frames in one direction of a modem's bytes."""
    match settings.modem:
        case "transparent":
            return _Transparent
        case "st7580":
            return _St7580
