"""The PDU codec against published frames, and against pymodbus."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modbus import rtu
from protocols.modbus.pdu import (
    Answer,
    ExceptionAnswer,
    ExceptionCode,
    Function,
    ReadAnswer,
    ReadRequest,
    WriteAnswer,
    WriteRequest,
    decode_answer,
    decode_request,
)
from tests.support.vectors import Vector, load

VECTORS = load("modbus") + load("atmoce")
REQUESTS = [v for v in VECTORS if v.decoded["kind"] in {"read_request", "write_request", "write_single"}]
ANSWERS = [v for v in VECTORS if v.decoded["kind"] in {"read_answer", "write_answer", "write_single", "exception"}]


def request_of(vector: Vector) -> ReadRequest | WriteRequest:
    row = vector.decoded
    if row["kind"] == "read_request":
        return ReadRequest(row["start"], row["count"], Function(row["function"]))
    return WriteRequest(row["start"], bytes.fromhex(row["data"]), single=row["function"] == 6)


def answer_of(vector: Vector) -> ReadAnswer | WriteAnswer | ExceptionAnswer:
    row = vector.decoded
    match row["kind"]:
        case "read_answer":
            return ReadAnswer(vector.payload(), Function(row["function"]))
        case "write_answer":
            return WriteAnswer(row["start"], row["count"])
        case "write_single":
            return WriteAnswer(row["start"], int(row["data"], 16), single=True)
        case _:
            return ExceptionAnswer(row["function"], row["code"])


@pytest.mark.parametrize("vector", REQUESTS, ids=lambda vector: vector.name)
def test_a_request_is_read_and_written(vector: Vector) -> None:
    node, pdu = rtu.decode(vector.raw)
    assert node == vector.decoded["node"]
    assert decode_request(pdu) == request_of(vector)
    assert rtu.encode(node, request_of(vector).encode()) == vector.raw


@pytest.mark.parametrize("vector", ANSWERS, ids=lambda vector: vector.name)
def test_an_answer_is_read_and_written(vector: Vector) -> None:
    node, pdu = rtu.decode(vector.raw)
    assert node == vector.decoded["node"]
    assert decode_answer(pdu) == answer_of(vector)
    assert rtu.encode(node, answer_of(vector).encode()) == vector.raw


@pytest.mark.parametrize(
    ("request_hex", "answer_hex"),
    [("060001 0003", "060001 0003"), ("10 0001 0002 04 000a0102", "10 0001 0002")],
    ids=["one register", "two registers"],
)
def test_a_write_knows_its_answer(request_hex: str, answer_hex: str) -> None:
    request = decode_request(bytes.fromhex(request_hex))
    assert isinstance(request, WriteRequest)
    assert request.answer().encode() == bytes.fromhex(answer_hex)


@pytest.mark.parametrize(
    ("pdu", "function", "code"),
    [
        pytest.param("07", 7, ExceptionCode.ILLEGAL_FUNCTION, id="a function that nobody asked for"),
        pytest.param("00", 0, ExceptionCode.ILLEGAL_FUNCTION, id="function 0"),
        pytest.param("03 0000 0000", 3, ExceptionCode.ILLEGAL_VALUE, id="read nothing"),
        pytest.param("03 0000 007e", 3, ExceptionCode.ILLEGAL_VALUE, id="read more than fits"),
        pytest.param("10 0000 0000 00", 16, ExceptionCode.ILLEGAL_VALUE, id="write nothing"),
        pytest.param("10 0000 0002 02 0000", 16, ExceptionCode.ILLEGAL_VALUE, id="count and bytes disagree"),
        pytest.param("10 0000 007c f8" + 248 * "00", 16, ExceptionCode.ILLEGAL_VALUE, id="write more than is allowed"),
    ],
)
def test_a_bad_request_earns_an_exception(pdu: str, function: int, code: ExceptionCode) -> None:
    assert decode_request(bytes.fromhex(pdu)) == ExceptionAnswer(function, code)


@pytest.mark.parametrize("count", [1, 125], ids=["one register", "as many as fit"])
def test_a_read_may_be_as_long_as_its_answer_fits(count: int) -> None:
    assert decode_request(ReadRequest(0, count).encode()) == ReadRequest(0, count)


@pytest.mark.parametrize(
    "pdu",
    ["", "83 02", "03 06 022b00000064", "03 0000 00", "06 0001 00", "10 0001 0002", "10 0001 0002 04 0000"],
    ids=["nothing", "exception", "read answer", "short read", "short write", "write answer", "write cut off"],
)
def test_what_is_no_request_is_refused(pdu: str) -> None:
    with pytest.raises(RemoteProtocolError, match=r"no (Modbus )?request"):
        decode_request(bytes.fromhex(pdu))


@pytest.mark.parametrize(
    "pdu",
    ["", "03", "03 02 00", "03 02 000000", "10 0001 00", "83", "83 02 00", "07 00 00 00 00"],
    ids=["nothing", "a function", "cut off", "too long", "short write", "short", "long", "unknown function"],
)
def test_what_is_no_answer_is_refused(pdu: str) -> None:
    with pytest.raises(RemoteProtocolError, match="no Modbus answer"):
        decode_answer(bytes.fromhex(pdu))


@pytest.mark.parametrize("size", [0, 1, 3, 248], ids=["nothing", "half a register", "one and a half", "too much"])
def test_a_write_that_cannot_be_is_our_bug(size: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"a write of {size} bytes"):
        WriteRequest(0, bytes(size)).encode()


@given(st.binary(max_size=260))
def test_any_bytes_are_a_request_an_exception_or_refused(pdu: bytes) -> None:
    try:
        request = decode_request(pdu)
    except RemoteProtocolError:
        return
    assert isinstance(request, ExceptionAnswer) or request.encode() == pdu


@given(st.binary(max_size=260))
def test_any_bytes_are_an_answer_or_refused(pdu: bytes) -> None:
    try:
        answer = decode_answer(pdu)
    except RemoteProtocolError:
        return
    assert answer.encode() == pdu


NODE = st.integers(1, 247)
START = st.integers(0, 0xFFFF)
WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=123)
SERVER, CLIENT = FramerRTU(DecodePDU(True)), FramerRTU(DecodePDU(False))


@given(NODE, START, st.integers(1, 125))
def test_pymodbus_makes_the_same_reads(node: int, start: int, count: int) -> None:
    theirs = SERVER.buildFrame(ReadHoldingRegistersRequest(dev_id=node, address=start, count=count))
    assert rtu.encode(node, ReadRequest(start, count).encode()) == theirs
    theirs = SERVER.buildFrame(ReadInputRegistersRequest(dev_id=node, address=start, count=count))
    assert rtu.encode(node, ReadRequest(start, count, Function.READ_INPUT).encode()) == theirs


@given(NODE, START, WORDS)
def test_pymodbus_makes_the_same_writes(node: int, start: int, words: list[int]) -> None:
    data = struct.pack(f">{len(words)}H", *words)
    theirs = SERVER.buildFrame(WriteMultipleRegistersRequest(dev_id=node, address=start, registers=words))
    assert rtu.encode(node, WriteRequest(start, data).encode()) == theirs
    theirs = SERVER.buildFrame(WriteSingleRegisterRequest(dev_id=node, address=start, registers=words[:1]))
    assert rtu.encode(node, WriteRequest(start, data[:2], single=True).encode()) == theirs


@given(NODE, START, WORDS, st.sampled_from(ExceptionCode))
def test_pymodbus_makes_the_same_answers(node: int, start: int, words: list[int], code: ExceptionCode) -> None:
    data = struct.pack(f">{len(words)}H", *words)
    pairs: list[tuple[ModbusPDU, Answer]] = [
        (ReadHoldingRegistersResponse(dev_id=node, registers=words), ReadAnswer(data)),
        (
            WriteMultipleRegistersResponse(dev_id=node, address=start, count=len(words)),
            WriteAnswer(start, len(words)),
        ),
        (
            WriteSingleRegisterResponse(dev_id=node, address=start, registers=words[:1]),
            WriteAnswer(start, words[0], single=True),
        ),
        (ExceptionResponse(3, code, device_id=node), ExceptionAnswer(3, code)),
    ]
    for theirs, ours in pairs:
        frame = CLIENT.buildFrame(theirs)
        assert rtu.encode(node, ours.encode()) == frame
        assert decode_answer(rtu.decode(frame)[1]) == ours
