"""What a gateway has asked, found in the bytes that it wrote to a coordinator."""

from collections.abc import Callable

from drivers.recording import Cutter, Request
from drivers.zigbee.settings import ZigbeeSettings
from protocols.errors import RemoteProtocolError
from protocols.modems.znp.commands import request_of
from protocols.modems.znp.frame import Deframer, Frame


class _Frames:
    """Every frame is a request, to a unit or to the coordinator; the number of a message makes no difference."""

    def __init__(self) -> None:
        self._deframer = Deframer()

    def feed(self, data: bytes) -> list[Request]:
        return [_of_frame(frame) for frame in self._deframer.feed(data)]


def _of_frame(frame: Frame) -> Request:
    try:
        message = request_of(frame).message
    except RemoteProtocolError:
        return Request(None, frame.command.to_bytes(2, "big") + frame.data)
    return Request(message.node, message.cluster.to_bytes(2, "big") + message.data)


def cutter(settings: ZigbeeSettings) -> Callable[[], Cutter]:  # noqa: ARG001 - all coordinators speak alike
    """Return what makes a finder of requests in the bytes that go to a coordinator."""
    return _Frames
