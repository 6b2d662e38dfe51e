"""Whole frames in the bytes that pass between a gateway and an address, and how one is changed."""

from collections.abc import Callable

from drivers.modbus_tcp.settings import ModbusTcpSettings
from drivers.redaction import Framing, Mask, Reseal
from protocols.modbus import mbap


class _Frames:
    """ADUs; TCP has the checksum."""

    def __init__(self) -> None:
        self._deframer = mbap.Deframer()

    def feed(self, data: bytes) -> list[bytes]:
        return self._deframer.feed(data)

    def masked(self, frame: bytes, mask: Mask, reseal: Reseal) -> bytes:
        return reseal(frame, frame[: mbap.HEADER] + mask.over(frame[mbap.HEADER :]))


def framing(_: ModbusTcpSettings) -> Callable[[], Framing]:
    """Return what makes a finder of frames in one direction of an address's bytes."""
    return _Frames
