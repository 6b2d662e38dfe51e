"""An independent SunSpec client over a responder, without a medium."""

from sunspec2.modbus.client import SunSpecModbusClientDevice, SunSpecModbusClientError

from protocols.exchange import Responder
from protocols.modbus.pdu import MAX_READ, ExceptionAnswer, ReadAnswer, ReadRequest, WriteRequest
from tests.support.talk import ask


class SunSpecClient(SunSpecModbusClientDevice):  # type: ignore[misc]  # the library has no types
    """What the library calls for, carried as frames."""

    def __init__(self, responder: Responder, node: int) -> None:
        super().__init__()
        self._responder = responder
        self._node = node

    def read(self, addr: int, count: int) -> bytes:
        data = b""
        while len(data) < 2 * count:
            at = addr + len(data) // 2
            answer = ask(self._responder, self._node, ReadRequest(at, min(MAX_READ, addr + count - at)))
            if not isinstance(answer, ReadAnswer):
                raise SunSpecModbusClientError(str(answer))
            data += answer.data
        return data

    def write(self, addr: int, data: bytes) -> None:
        answer = ask(self._responder, self._node, WriteRequest(addr, data, single=len(data) == 2))
        if isinstance(answer, ExceptionAnswer):
            raise SunSpecModbusClientError(str(answer))
