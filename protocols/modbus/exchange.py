"""Conversations of a Modbus master with one unit."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Done, Failed, Send, Step, Wait
from protocols.modbus import mbap, pdu, rtu

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Framing:
    """How node and PDU become an application data unit and back; `overhead`: bytes beside the PDU."""

    encode: Callable[[int, bytes], bytes]
    decode: Callable[[bytes], tuple[int, bytes]]
    overhead: int


RTU = Framing(rtu.encode, rtu.decode, rtu.OVERHEAD)
TCP = Framing(mbap.encode, mbap.decode, mbap.HEADER)


class _Transaction(Generic[T]):
    """A request with one answer, repeated up to `tries` times."""

    def __init__(
        self, node: int, request: pdu.Request, answer_bytes: int, *, within_s: float, tries: int, framing: Framing
    ) -> None:
        self._node = node
        self._framing = framing
        self._function = request.encode()[0]
        self._send = Send(framing.encode(node, request.encode()), framing.overhead + answer_bytes, within_s)
        self._tries_left = tries
        self._damaged = False

    def start(self) -> Step[T]:
        """Send the request."""
        self._tries_left -= 1
        return self._send

    def timed_out(self) -> Step[T]:
        """Send again while tries are left."""
        if self._tries_left > 0:
            return self.start()
        return Failed(Cause.DAMAGED if self._damaged else Cause.NO_ANSWER)

    def received(self, datagram: bytes) -> Step[T]:
        """Take the answer; whatever is not the answer is waited past."""
        try:
            node, body = self._framing.decode(datagram)
        except RemoteProtocolError:
            self._damaged = True
            return Wait()
        if node != self._node or body[0] & 0x7F != self._function:
            return Wait()
        try:
            answer = pdu.decode_answer(body)
        except RemoteProtocolError:  # whole, but no answer: the modem's echo of our request
            return Wait()
        if isinstance(answer, pdu.ExceptionAnswer):
            return Failed(Cause.REFUSED, f"Modbus exception {answer.code}")
        return self._accept(answer)

    def _accept(self, answer: pdu.ReadAnswer | pdu.WriteAnswer) -> Step[T]:
        raise NotImplementedError


class ReadRegisters(_Transaction[bytes]):
    """Read `count` holding registers; the value is their bytes."""

    def __init__(
        self, node: int, start: int, count: int, *, within_s: float, tries: int = 1, framing: Framing = RTU
    ) -> None:
        request, answer_bytes = pdu.ReadRequest(start, count), 2 + 2 * count
        super().__init__(node, request, answer_bytes, within_s=within_s, tries=tries, framing=framing)
        self._bytes = 2 * count

    def _accept(self, answer: pdu.ReadAnswer | pdu.WriteAnswer) -> Step[bytes]:
        if isinstance(answer, pdu.ReadAnswer) and len(answer.data) == self._bytes:
            return Done(answer.data)
        return Wait()  # a late answer to another read


class WriteRegisters(_Transaction[None]):
    """Write holding registers with function 16."""

    def __init__(
        self, node: int, start: int, data: bytes, *, within_s: float, tries: int = 1, framing: Framing = RTU
    ) -> None:
        request = pdu.WriteRequest(start, data)
        super().__init__(node, request, _WRITE_ANSWER_BYTES, within_s=within_s, tries=tries, framing=framing)
        self._expected = pdu.WriteAnswer(start, len(data) // 2)

    def _accept(self, answer: pdu.ReadAnswer | pdu.WriteAnswer) -> Step[None]:
        return Done(None) if answer == self._expected else Wait()


_WRITE_ANSWER_BYTES = 5
READ_REQUEST_BYTES = 8


def read_answer_bytes(count: int) -> int:
    """Return the length of the ADU that answers a read of `count` registers."""
    return rtu.OVERHEAD + 2 + 2 * count


def broadcast(start: int, data: bytes) -> Send:
    """Return the step that writes registers of every unit at once; nobody answers."""
    return Send(rtu.encode(rtu.BROADCAST, pdu.WriteRequest(start, data).encode()), 0, 0.0)
