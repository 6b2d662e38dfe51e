"""Protocol data units: function codes 3, 4, 6, 16 and exceptions.

read request     03 | start 2 | count 2              write many       10 | start 2 | count 2 | bytes 1 | data
read answer      03 | bytes 1 | data                 write answer     10 | start 2 | count 2
write one        06 | register 2 | value 2           exception        function + 80 | code 1
"""

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import TypeAlias

from protocols.errors import LocalProtocolError, RemoteProtocolError

MAX_READ = 125  # registers: the answer must fit a PDU of 253 bytes
MAX_WRITE = 123
_TWO_WORDS = Struct(">BHH")


class Function(IntEnum):
    """Function codes that we speak."""

    READ_HOLDING = 3
    READ_INPUT = 4
    WRITE_SINGLE = 6
    WRITE_MULTIPLE = 16


class ExceptionCode(IntEnum):
    """Why a server refuses."""

    ILLEGAL_FUNCTION = 1
    ILLEGAL_ADDRESS = 2
    ILLEGAL_VALUE = 3
    DEVICE_FAILURE = 4
    BUSY = 6
    NO_SUCH_UNIT = 11  # "gateway target device failed to respond"


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Read `count` registers from `start`."""

    start: int
    count: int
    function: Function = Function.READ_HOLDING

    def encode(self) -> bytes:
        """Return the PDU."""
        if not 1 <= self.count <= MAX_READ:
            raise LocalProtocolError(f"a read of {self.count} registers")
        return _TWO_WORDS.pack(self.function, self.start, self.count)


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """The registers read, big-endian."""

    data: bytes
    function: Function = Function.READ_HOLDING

    def encode(self) -> bytes:
        """Return the PDU."""
        return bytes((self.function, len(self.data))) + self.data


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """Write registers from `start`; `single` uses function 6."""

    start: int
    data: bytes
    single: bool = False

    @property
    def function(self) -> Function:
        """Return the function code."""
        return Function.WRITE_SINGLE if self.single else Function.WRITE_MULTIPLE

    def encode(self) -> bytes:
        """Return the PDU."""
        if len(self.data) % 2 or not 2 <= len(self.data) <= 2 * MAX_WRITE:
            raise LocalProtocolError(f"a write of {len(self.data)} bytes")
        if self.single:
            return _TWO_WORDS.pack(Function.WRITE_SINGLE, self.start, int.from_bytes(self.data, "big"))
        head = _TWO_WORDS.pack(Function.WRITE_MULTIPLE, self.start, len(self.data) // 2)
        return head + bytes((len(self.data),)) + self.data

    def answer(self) -> "WriteAnswer":
        """Return the answer that says: done."""
        if self.single:
            return WriteAnswer(self.start, int.from_bytes(self.data, "big"), single=True)
        return WriteAnswer(self.start, len(self.data) // 2)


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """Registers written: `count` from `start`, or the echo of a single write (`value`)."""

    start: int
    count: int
    single: bool = False

    def encode(self) -> bytes:
        """Return the PDU; for a single write `count` carries the value."""
        function = Function.WRITE_SINGLE if self.single else Function.WRITE_MULTIPLE
        return _TWO_WORDS.pack(function, self.start, self.count)


@dataclass(frozen=True, slots=True)
class ExceptionAnswer:
    """The server refused."""

    function: int
    code: int

    def encode(self) -> bytes:
        """Return the PDU."""
        return bytes((self.function | 0x80, self.code))


_KNOWN = frozenset(Function)

Request: TypeAlias = ReadRequest | WriteRequest
Answer: TypeAlias = ReadAnswer | WriteAnswer | ExceptionAnswer


def decode_request(pdu: bytes) -> Request | ExceptionAnswer:
    """Return the request in a PDU, or the exception that a server owes for it.

    Raises RemoteProtocolError when the PDU has not the length of a request: on a shared line answers are heard too.
    """
    function = pdu[0] if pdu else 0x80
    if function & 0x80:
        raise RemoteProtocolError("an exception, no request")
    match function:
        case Function.WRITE_SINGLE if len(pdu) == 5:
            return WriteRequest(int.from_bytes(pdu[1:3], "big"), pdu[3:], single=True)
        case Function.WRITE_MULTIPLE if len(pdu) >= 6 and len(pdu) == 6 + pdu[5]:
            _, start, count = _TWO_WORDS.unpack(pdu[:5])
            fits = 1 <= count <= MAX_WRITE and pdu[5] == 2 * count
            return WriteRequest(start, pdu[6:]) if fits else ExceptionAnswer(function, ExceptionCode.ILLEGAL_VALUE)
        case Function.READ_HOLDING | Function.READ_INPUT if len(pdu) == 5:
            _, start, count = _TWO_WORDS.unpack(pdu)
            fits = 1 <= count <= MAX_READ
            read = ReadRequest(start, count, Function(function))
            return read if fits else ExceptionAnswer(function, ExceptionCode.ILLEGAL_VALUE)
        case _ if function in _KNOWN:
            raise RemoteProtocolError(f"no Modbus request: {pdu[:8].hex()}")
        case _:
            return ExceptionAnswer(function, ExceptionCode.ILLEGAL_FUNCTION)


def decode_answer(pdu: bytes) -> Answer:
    """Return the answer in a PDU; raises RemoteProtocolError when it is none."""
    function = pdu[0] if pdu else 0
    match function:
        case Function.READ_HOLDING | Function.READ_INPUT if len(pdu) >= 2 and len(pdu) == 2 + pdu[1]:
            return ReadAnswer(pdu[2:], Function(function))
        case Function.WRITE_SINGLE | Function.WRITE_MULTIPLE if len(pdu) == 5:
            _, start, count = _TWO_WORDS.unpack(pdu)
            return WriteAnswer(start, count, single=function == Function.WRITE_SINGLE)
        case _ if function & 0x80 and len(pdu) == 2:
            return ExceptionAnswer(function & 0x7F, pdu[1])
        case _:
            raise RemoteProtocolError(f"no Modbus answer: {pdu[:8].hex()}")
