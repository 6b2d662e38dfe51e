"""What a gateway has asked, found in the bytes that it wrote to a bridge."""

from collections.abc import Callable

from drivers.recording import Cutter, Request
from drivers.serial_bridge.settings import BridgeSettings
from protocols.modems import radio_bridge
from protocols.modems.radio_frame import OWN_MODULE, Main

_NODE = slice(1, 5)
_BODY = slice(9, -1)  # index and payload


class _Bridge:
    """Every frame is a request, to a unit or to the bridge itself."""

    def __init__(self, *, stuffed: bool) -> None:
        self._deframer = radio_bridge.Deframer(stuffed=stuffed)

    def feed(self, data: bytes) -> list[Request]:
        return [_request(frame) for frame in self._deframer.feed(data)]


def _request(frame: bytes) -> Request:
    own = frame[0] == Main.MODULE or (frame[0] == Main.CHANNEL and frame[9] == OWN_MODULE)
    if own:
        return Request(None, frame[:1] + frame[_BODY])
    return Request(int.from_bytes(frame[_NODE], "big"), frame[_BODY])


def cutter(settings: BridgeSettings) -> Callable[[], Cutter]:
    """Return what makes a finder of requests in the bytes that go to a bridge."""
    return lambda: _Bridge(stuffed=settings.stuffed)
