"""Modbus requests in all their forms, good and bad; the face behind them is a map of 100 registers."""

from struct import pack, unpack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.control.order import Code, Refusal
from gateway.faces.tcp_server import WRITES_BURST
from protocols.errors import RemoteProtocolError
from tests.support.modbus_client import adu
from tests.support.register_map import ORDER, Desk, server


def answered(pdu: bytes, unit: int = 1, **settings: Any) -> bytes | None:
    """Return the PDU of the answer, whose header must repeat that of the request."""
    frame = adu(unit, pdu, 0x1234)
    modbus = server(**settings)
    assert modbus.length(frame) == len(frame)
    answer: bytes | None = modbus.answer(frame, "10.0.0.7")
    if answer is None:
        return None
    assert answer[:7] == pack(">HHHB", 0x1234, 0, len(answer) - 6, unit)
    return answer[7:]


READ = [
    pytest.param("03 0000 0001", "03 02 0000", id="one register"),
    pytest.param("03 0005 0002", "03 04 0005 0006", id="two registers"),
    pytest.param("03 0063 0001", "03 02 0063", id="the last"),
    pytest.param("03 0063 0002", "83 02", id="one beyond the last"),
    pytest.param("03 FFFF 0002", "83 02", id="beyond the end of all addresses"),
    pytest.param("03 0000 0000", "83 03", id="none"),
    pytest.param("03 0000 007E", "83 03", id="126 registers"),
    pytest.param("03 0000", "83 03", id="a request that is too short"),
    pytest.param("03 0000 0001 00", "83 03", id="a request that is too long"),
    pytest.param("04 0000 0001", "84 01", id="input registers"),
    pytest.param("2B 0E 01 00", "AB 01", id="device identification"),
    pytest.param("08 0000 1234", "88 01", id="diagnostics"),
    pytest.param("17 0000 0001 0000 0001 02 0001", "97 01", id="read and write"),
    pytest.param("00", "80 01", id="function 0"),
    pytest.param("83 02", "83 01", id="an exception"),
]


@pytest.mark.parametrize(("request_", "answer"), READ)
def test_a_read_is_answered(request_: str, answer: str) -> None:
    assert answered(bytes.fromhex(request_)) == bytes.fromhex(answer)


WRITES = [
    pytest.param("06 0005 1234", "06 0005 1234", (5, "1234"), id="one register"),
    pytest.param("10 0005 0002 04 12345678", "10 0005 0002", (5, "12345678"), id="two registers"),
    pytest.param("10 0005 0001 02 0001", "10 0005 0001", (5, "0001"), id="one register by function 16"),
    pytest.param("10 0005 0002 02 0001", "90 03", None, id="fewer bytes than registers"),
    pytest.param("10 0005 0001 04 00010002", "90 03", None, id="more bytes than registers"),
    pytest.param("10 0005 0001 02 00", "90 03", None, id="half a register"),
    pytest.param("10 0005 0000 00", "90 03", None, id="nothing"),
    pytest.param("10 0005 007C F6" + "00" * 246, "90 03", None, id="124 registers"),
    pytest.param("10 0005", "90 03", None, id="a request that is too short"),
    pytest.param("10 FFFF 0002 04 00010002", "90 02", None, id="beyond the end of all addresses"),
    pytest.param("06 0005 1234 00", "86 03", None, id="one register and a byte"),
]


@pytest.mark.parametrize(("request_", "answer", "told"), WRITES)
def test_a_write_is_carried_out_or_refused(request_: str, answer: str, told: tuple[int, str] | None) -> None:
    desk = Desk()
    assert answered(bytes.fromhex(request_), desk=desk) == bytes.fromhex(answer)
    assert desk.orders == ([] if told is None else [ORDER])


def test_a_write_bears_its_author() -> None:
    modbus = server()
    modbus.answer(adu(1, bytes.fromhex("10 0005 0002 04 12345678")), "10.0.0.7")
    assert modbus.face.told == [(5, bytes.fromhex("12345678"), "map 10.0.0.7")]


@pytest.mark.parametrize("request_", ["06 0005 1234", "10 0005 0001 02 0001"], ids=["function 6", "function 16"])
def test_no_write_is_taken_until_switched_on(request_: str) -> None:
    desk = Desk()
    pdu = bytes.fromhex(request_)
    assert answered(pdu, writes=False, desk=desk) == bytes((pdu[0] | 0x80, 1))
    assert desk.orders == []


@pytest.mark.parametrize(
    ("code", "exception"),
    [(Code.OUT_OF_RANGE, 3), (Code.NOT_SUPPORTED, 3), (Code.BUDGET, 6), (Code.NO_ANSWER, 4), (Code.ASLEEP, 4)],
    ids=lambda value: getattr(value, "value", f"exception {value}"),
)
def test_a_refused_order_is_an_exception(code: Code, exception: int) -> None:
    assert answered(bytes.fromhex("06 0005 1234"), desk=Desk(Refusal(code, ""))) == bytes((0x86, exception))


@pytest.mark.parametrize("request_", ["03 0000 0001", "06 0000 0001"], ids=["read", "write"])
def test_a_face_may_keep_silent_or_name_the_exception(request_: str) -> None:
    pdu = bytes.fromhex(request_)
    assert answered(pdu, unit=2) is None
    assert answered(pdu, unit=3) == bytes((pdu[0] | 0x80, 11))


def test_more_writes_than_a_manager_needs_are_put_off() -> None:
    modbus = server()
    write = adu(1, bytes.fromhex("06 0005 1234"))
    codes = [modbus.answer(write, "x")[7] for _ in range(WRITES_BURST + 5)]
    assert codes == [6] * WRITES_BURST + [0x86] * 5
    assert len(modbus.desk.orders) == WRITES_BURST
    assert modbus.counters.refused == 5


@pytest.mark.parametrize(
    "head",
    [
        pytest.param("0001 0001 0006", id="another protocol"),
        pytest.param("0001 0000 0000", id="no length"),
        pytest.param("0001 0000 0001", id="no function"),
        pytest.param("0001 0000 00FF", id="a length beyond a PDU"),
        pytest.param("4745 5420 2F20", id="HTTP"),
        pytest.param("1603 0100 C801", id="TLS"),
    ],
)
def test_what_begins_no_frame_is_known_by_its_header(head: str) -> None:
    with pytest.raises(RemoteProtocolError, match="no MBAP header"):
        server().length(bytes.fromhex(head))


@pytest.mark.parametrize("have", range(6))
def test_a_piece_of_a_header_is_waited_for(have: int) -> None:
    assert server().length(bytes.fromhex("000100000006")[:have]) is None


@given(unit=st.integers(0, 255), pdu=st.binary(min_size=1, max_size=253))
def test_no_frame_at_all_does_more_than_get_an_answer(unit: int, pdu: bytes) -> None:
    modbus = server()
    frame = adu(unit, pdu, 7)
    assert modbus.length(frame) == len(frame)
    answer = modbus.answer(frame, "x")
    if answer is not None:
        transaction, protocol, length, who, function = unpack(">HHHBB", answer[:8])
        assert (transaction, protocol, length, who) == (7, 0, len(answer) - 6, unit)
        assert function in {pdu[0], pdu[0] | 0x80}
