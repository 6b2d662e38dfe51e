"""One Modbus TCP server for every face that speaks it, on pymodbus' framer and messages.

The server loop is ours (`tcp_server.py`): that of pymodbus keeps one request of several that arrive together, waits for
264 bytes after a wrong protocol identifier, has no bound on clients, idle ones and their rate, and answers from a
datastore instead of a function. Nothing else imports pymodbus, and this module is imported when a face is configured.

MBAP: transaction 2 | protocol 2, always 0 | length 2 of what follows | unit 1 | function 1 | …
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct, iter_unpack
from typing import Protocol, TypeAlias

from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from config.faces import Face
from gateway.control.order import Code
from gateway.faces.desk import Desk, Plant, Wish
from gateway.faces.tcp_server import WRITES_BURST, WRITES_PER_S, Bounds, Counters, Pace, TcpServer
from protocols.errors import RemoteProtocolError
from protocols.modbus.pdu import MAX_WRITE, ExceptionCode

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what hostile clients send is counted, not logged

HEADER = 6  # bytes up to and with the length
MOST = 254  # what the length may say: unit, and a PDU of 253 bytes

Answer: TypeAlias = bytes | ExceptionCode | None

_EXCEPTIONS = {
    Code.OUT_OF_RANGE: ExceptionCode.ILLEGAL_VALUE,
    Code.NOT_SUPPORTED: ExceptionCode.ILLEGAL_VALUE,
    Code.BUDGET: ExceptionCode.BUSY,
}


class ModbusFace(Protocol):
    """A register map. Both methods are pure: what they say follows from the plant and from what was asked."""

    def answer(self, plant: Plant, unit: int, address: int, count: int) -> Answer:
        """Return `count` registers from `address`, big-endian; or why not; None: silence."""
        ...

    def written(
        self, plant: Plant, unit: int, address: int, data: bytes, by: str
    ) -> Sequence[Wish] | ExceptionCode | None:
        """Return what a write of registers asks for, by an author; or why it is refused; None: silence."""
        ...


class CoilFace(Protocol):
    """What a map has for the functions of coils, as maps have it whose coils are numbers. Both methods are pure."""

    def coils(self, plant: Plant, unit: int, address: int, count: int) -> Answer:
        """Return the bytes of `count` coils from `address`, at most two for each; or why not; None: silence."""
        ...

    def coil_written(
        self, plant: Plant, unit: int, address: int, value: int, by: str
    ) -> Sequence[Wish] | ExceptionCode | None:
        """Return what a write asks for: the word of function 5, or the number that the bits of function 15 make."""
        ...


@dataclass(frozen=True, slots=True)
class Modbus:
    """A register map as frames: satisfies `Framed`. `name` and the caller's address make the author of a write."""

    face: ModbusFace
    desk: Desk
    name: str
    writes: bool
    framer: FramerSocket
    pace: Pace
    now: Callable[[], float]
    coils: CoilFace | None = None
    counters: Counters = field(default_factory=Counters)

    def length(self, head: bytes) -> int | None:
        """Return how long a frame is."""
        if len(head) < HEADER:
            return None
        length = int.from_bytes(head[4:6], "big")
        if head[2:4] != b"\0\0" or not 2 <= length <= MOST:
            raise RemoteProtocolError(f"no MBAP header: {head[:HEADER].hex()}")
        return HEADER + length

    def answer(self, frame: bytes, peer: str) -> bytes | None:
        """Return the answer to a request."""
        _, unit, transaction, body = self.framer.decode(frame)
        answer = self._answer(unit, body, peer)
        if answer is None:
            return None
        answer.dev_id, answer.transaction_id = unit, transaction
        return self.framer.buildFrame(answer)

    def _answer(self, unit: int, body: bytes, peer: str) -> ModbusPDU | None:
        function = body[0]
        if self.coils is not None and function in _COIL_FUNCTIONS:
            answer = self._coil(self.coils, unit, body, peer)
            return _refused(function, answer) if isinstance(answer, ExceptionCode) else answer
        serve = _FUNCTIONS.get(function)
        if serve is None:
            return _refused(function, ExceptionCode.ILLEGAL_FUNCTION)
        request = self.framer.decoder.decode(body)
        # pymodbus takes what is too long, too short or disagrees with itself; said again it would read otherwise
        count = 0 if request is None else request.count or len(request.registers)
        if request is None or not 1 <= count <= _MOST[function] or request.encode() != body[1:]:
            return _refused(function, ExceptionCode.ILLEGAL_VALUE)
        if request.address + count > 1 << 16:
            return _refused(function, ExceptionCode.ILLEGAL_ADDRESS)
        came_of_it = serve(self, unit, request, peer)
        return _refused(function, came_of_it) if isinstance(came_of_it, ExceptionCode) else came_of_it

    def read(self, unit: int, request: ModbusPDU, _: str) -> ModbusPDU | ExceptionCode | None:
        """Answer a read."""
        data = self.face.answer(self.desk, unit, request.address, request.count)
        return ReadHoldingRegistersResponse(registers=_words(data)) if isinstance(data, bytes) else data

    def write_one(self, unit: int, request: ModbusPDU, peer: str) -> ModbusPDU | ExceptionCode | None:
        """Answer a write of one register."""
        done = WriteSingleRegisterResponse(address=request.address, registers=request.registers)
        return self._written(unit, request, peer, done)

    def write_many(self, unit: int, request: ModbusPDU, peer: str) -> ModbusPDU | ExceptionCode | None:
        """Answer a write of several registers."""
        done = WriteMultipleRegistersResponse(address=request.address, count=request.count)
        return self._written(unit, request, peer, done)

    def _coil(self, coils: CoilFace, unit: int, body: bytes, peer: str) -> ModbusPDU | ExceptionCode | None:
        """Answer a request about coils; its answer to a write repeats the first five bytes."""
        function, wanted = body[0], _coil_request(body)
        if wanted is None:
            return ExceptionCode.ILLEGAL_VALUE
        address, number = wanted
        if function in _COIL_READS:
            data = coils.coils(self.desk, unit, address, number)
            return _Plain(function, bytes((len(data),)) + data) if isinstance(data, bytes) else data
        author = f"{self.name} {peer}"
        done = _Plain(function, body[1:5])
        return self._carried_out(lambda: coils.coil_written(self.desk, unit, address, number, author), done)

    def _written(self, unit: int, request: ModbusPDU, peer: str, done: ModbusPDU) -> ModbusPDU | ExceptionCode | None:
        data = b"".join(word.to_bytes(2, "big") for word in request.registers)
        author = f"{self.name} {peer}"
        return self._carried_out(lambda: self.face.written(self.desk, unit, request.address, data, author), done)

    def _carried_out(
        self, ask: Callable[[], Sequence[Wish] | ExceptionCode | None], done: ModbusPDU
    ) -> ModbusPDU | ExceptionCode | None:
        came_of_it = self._came_of(ask, done)
        self.counters.refused += isinstance(came_of_it, ExceptionCode)
        return came_of_it

    def _came_of(
        self, ask: Callable[[], Sequence[Wish] | ExceptionCode | None], done: ModbusPDU
    ) -> ModbusPDU | ExceptionCode | None:
        if not self.writes:
            return ExceptionCode.ILLEGAL_FUNCTION
        if not self.pace.admits(self.now()):
            return ExceptionCode.BUSY
        wishes = ask()
        if wishes is None or isinstance(wishes, ExceptionCode):
            return wishes
        refusal = self.desk.carry_out(wishes)
        return done if refusal is None else _EXCEPTIONS.get(refusal.code, ExceptionCode.DEVICE_FAILURE)


_Serve: TypeAlias = Callable[[Modbus, int, ModbusPDU, str], ModbusPDU | ExceptionCode | None]
_FUNCTIONS: Mapping[int, _Serve] = {
    ReadHoldingRegistersRequest.function_code: Modbus.read,
    WriteSingleRegisterRequest.function_code: Modbus.write_one,
    WriteMultipleRegistersRequest.function_code: Modbus.write_many,
}
_MOST = {3: 125, 6: 1, 16: MAX_WRITE}  # registers at once


_COIL_READS = frozenset((1, 2))
_COIL_FUNCTIONS = _COIL_READS | {5, 15}
_MOST_COILS = 125  # at once: two bytes each, as registers
_MOST_BITS = 16  # of a number by function 15
_COIL_HEAD = Struct(">BHH")


def _coil_request(body: bytes) -> tuple[int, int] | None:
    """Return the address, and the count of a read or the number of a write; None when it is no such request."""
    if len(body) < _COIL_HEAD.size:
        return None
    function, address, number = _COIL_HEAD.unpack_from(body)
    rest = body[_COIL_HEAD.size :]
    if function in _COIL_READS:
        return (address, number) if not rest and 1 <= number <= _MOST_COILS else None
    if function == 5:
        return None if rest else (address, number)
    size = (number + 7) // 8
    if not 1 <= number <= _MOST_BITS or len(rest) != size + 1 or rest[0] != size:
        return None
    return address, int.from_bytes(rest[1:], "little") & (1 << number) - 1


class _Plain(ModbusPDU):
    """An answer whose bytes are there."""

    def __init__(self, function: int, data: bytes) -> None:
        super().__init__()
        self.function_code = function
        self._data = data

    def encode(self) -> bytes:
        """Return them."""
        return self._data


def modbus_server(
    face: ModbusFace, desk: Desk, *, section: Face, name: str, coils: CoilFace | None = None
) -> TcpServer:
    """Return the server of a register map; build it inside the running loop. `name` is its place in the site file."""
    loop = asyncio.get_running_loop()
    framer = FramerSocket(DecodePDU(is_server=True))
    pace = Pace(WRITES_PER_S, WRITES_BURST)
    modbus = Modbus(face, desk, section.kind, section.writes, framer, pace, loop.time, coils)
    server = TcpServer(modbus, address=str(section.address), port=section.port, setting=name, bounds=Bounds())
    server.counters = modbus.counters  # one count of both: what clients do, and what of it is refused
    return server


def _words(data: bytes) -> list[int]:
    return [word for (word,) in iter_unpack(">H", data)]


def _refused(function: int, why: ExceptionCode) -> ExceptionResponse:
    return ExceptionResponse(function, why)
