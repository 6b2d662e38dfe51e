"""Whole frames in the bytes that pass between a host and a coordinator, and how one is changed."""

from collections.abc import Callable

from drivers.redaction import Framing, Mask, Reseal
from drivers.zigbee.settings import ZigbeeSettings
from protocols.modems.znp.commands import reseal as reseal_message
from protocols.modems.znp.frame import Deframer, Frame, decode_all, encode


class _Frames:
    """ZNP frames; most carry a message."""

    def __init__(self) -> None:
        self._deframer = Deframer()

    def feed(self, data: bytes) -> list[bytes]:
        return [encode(frame) for frame in self._deframer.feed(data)]

    def masked(self, frame: bytes, mask: Mask, reseal: Reseal) -> bytes:
        [old] = decode_all(frame)
        return encode(reseal_message(old, Frame(old.command, mask.over(old.data)), reseal))


def framing(settings: ZigbeeSettings) -> Callable[[], Framing]:  # noqa: ARG001 - all coordinators speak alike
    """Return what makes a finder of frames in one direction of a coordinator's bytes."""
    return _Frames
