"""Whole frames in the bytes that pass between a host and a radio bridge, and how one is changed."""

from collections.abc import Callable

from drivers.redaction import Framing, Mask, Reseal
from drivers.serial_bridge.settings import BridgeSettings
from protocols.modems import radio_bridge


class _Bridge:
    """Radio frames between marks; what looks like a mark inside one is stuffed."""

    def __init__(self, *, stuffed: bool) -> None:
        self._stuffed = stuffed
        self._deframer = radio_bridge.Deframer(stuffed=stuffed)

    def feed(self, data: bytes) -> list[bytes]:
        return [radio_bridge.encode(frame, stuffed=self._stuffed) for frame in self._deframer.feed(data)]

    def masked(self, frame: bytes, mask: Mask, reseal: Reseal) -> bytes:
        [inner] = radio_bridge.Deframer(stuffed=self._stuffed).feed(frame)
        return radio_bridge.encode(reseal(inner, mask.over(inner)), stuffed=self._stuffed)


def framing(settings: BridgeSettings) -> Callable[[], Framing]:
    """Return what makes a finder of frames in one direction of a bridge's bytes."""
    return lambda: _Bridge(stuffed=settings.stuffed)
