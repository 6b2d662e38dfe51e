"""What a gateway has asked, found in the bytes that it wrote to a connection."""

from collections.abc import Callable

from drivers.modbus_tcp.settings import ModbusTcpSettings
from drivers.recording import Cutter, Request
from protocols.modbus import mbap


class _Requests:
    """Every ADU is a request; its transaction is no part of what it asks."""

    def __init__(self) -> None:
        self._deframer = mbap.Deframer()

    def feed(self, data: bytes) -> list[Request]:
        return [Request(*mbap.decode(adu)) for adu in self._deframer.feed(data)]


def cutter(_: ModbusTcpSettings) -> Callable[[], Cutter]:
    """Return what makes a finder of requests in the bytes that go to an address."""
    return _Requests
