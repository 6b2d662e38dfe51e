"""Targets of the faces: what clients send to their servers."""

from collections.abc import Iterator

from protocols.errors import RemoteProtocolError
from tests.fuzz.corpus import EMPTY
from tests.fuzz.target import Target
from tests.support.modbus_client import adu
from tests.support.register_map import server

_SAID = ("03 0000 0001", "03 0063 0002", "06 0005 1234", "10 0001 0002 04 00010002", "2B 0E 01 00", "03 FFFF 0002")


def targets() -> Iterator[Target]:
    """Yield the targets."""
    seeds = (*(adu(1, bytes.fromhex(pdu)) for pdu in _SAID), EMPTY)
    yield Target("Modbus TCP", _modbus, seeds, ("gateway.faces.modbus_server:Modbus.read",), (RemoteProtocolError,))


def _modbus(data: bytes) -> None:
    """Serve one frame after the other, as the server does, until the bytes end or the framing is lost."""
    modbus = server()
    while (length := modbus.length(data)) is not None and length <= len(data):
        answer = modbus.answer(data[:length], "10.0.0.7")
        assert answer is None or len(answer) <= 260
        data = data[length:]
