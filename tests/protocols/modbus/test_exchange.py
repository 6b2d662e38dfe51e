import pytest

from protocols.exchange import Cause, Done, Failed, Send, Step, Wait
from protocols.modbus import rtu
from protocols.modbus.exchange import ReadRegisters, WriteRegisters, broadcast, read_answer_bytes
from protocols.modbus.pdu import ExceptionAnswer, ReadAnswer, ReadRequest, WriteAnswer, WriteRequest

ASK = Send(rtu.encode(17, ReadRequest(0x1100, 2).encode()), 9, 0.1)
GOOD = rtu.encode(17, ReadAnswer(b"\0\1\0\2").encode())
WRITE = Send(rtu.encode(17, WriteRequest(0x1200, b"\0\1").encode()), 8, 0.1)


def reading(tries: int = 2) -> ReadRegisters:
    return ReadRegisters(17, 0x1100, 2, within_s=0.1, tries=tries)


def writing(tries: int = 1) -> WriteRegisters:
    return WriteRegisters(17, 0x1200, b"\0\1", within_s=0.1, tries=tries)


def test_a_read_says_how_long_its_answer_is() -> None:
    assert reading().start() == ASK
    assert len(GOOD) == ASK.reply_bytes == read_answer_bytes(2)


def test_the_answer_ends_the_read() -> None:
    exchange = reading()
    exchange.start()
    assert exchange.received(GOOD) == Done(b"\0\1\0\2")


FOREIGN = [
    pytest.param(rtu.encode(18, ReadAnswer(b"\0\1\0\2").encode()), id="another node answers"),
    pytest.param(rtu.encode(17, ReadAnswer(b"\0\1").encode()), id="a late answer to a shorter read"),
    pytest.param(rtu.encode(17, WriteAnswer(0x1200, 1).encode()), id="a late answer to a write"),
    pytest.param(ASK.datagram, id="the echo of our own request"),
]


@pytest.mark.parametrize("datagram", FOREIGN)
def test_what_is_not_the_answer_is_waited_past_and_is_no_damage(datagram: bytes) -> None:
    exchange = reading(tries=1)
    exchange.start()
    assert exchange.received(datagram) == Wait()
    assert exchange.timed_out() == Failed(Cause.NO_ANSWER)


@pytest.mark.parametrize("datagram", [b"", b"\x11\x03", GOOD[:-1], GOOD[:-1] + b"\0"])
def test_damage_is_waited_past_and_remembered(datagram: bytes) -> None:
    exchange = reading(tries=1)
    exchange.start()
    assert exchange.received(datagram) == Wait()
    assert exchange.timed_out() == Failed(Cause.DAMAGED)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_a_read_is_repeated_as_often_as_it_was_told(tries: int) -> None:
    exchange = reading(tries)
    steps: list[Step[bytes]] = [exchange.start()] + [exchange.timed_out() for _ in range(tries)]
    assert steps == [ASK] * tries + [Failed(Cause.NO_ANSWER)]


def test_the_second_try_may_succeed() -> None:
    exchange = reading()
    assert [exchange.start(), exchange.timed_out(), exchange.received(GOOD)] == [ASK, ASK, Done(b"\0\1\0\2")]


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6])
def test_an_exception_is_a_refusal(code: int) -> None:
    exchange = reading()
    exchange.start()
    refused = rtu.encode(17, ExceptionAnswer(3, code).encode())
    assert exchange.received(refused) == Failed(Cause.REFUSED, f"Modbus exception {code}")


def test_an_exception_for_another_function_is_waited_past() -> None:
    exchange = reading()
    exchange.start()
    assert exchange.received(rtu.encode(17, ExceptionAnswer(16, 4).encode())) == Wait()


def test_a_write_is_done_when_it_is_answered() -> None:
    exchange = writing()
    assert exchange.start() == WRITE
    assert exchange.received(rtu.encode(17, WriteAnswer(0x1200, 1).encode())) == Done(None)


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(rtu.encode(17, WriteAnswer(0x1201, 1).encode()), id="another register"),
        pytest.param(rtu.encode(17, WriteAnswer(0x1200, 2).encode()), id="another count"),
        pytest.param(WRITE.datagram, id="the echo of our own request"),
    ],
)
def test_the_answer_to_another_write_is_waited_past(datagram: bytes) -> None:
    exchange = writing()
    exchange.start()
    assert exchange.received(datagram) == Wait()


def test_a_broadcast_expects_no_answer() -> None:
    step = broadcast(0x0F00, b"\0\5")
    assert step == Send(bytes.fromhex("00100f000001020005") + step.datagram[-2:], 0, 0.0)
    assert rtu.decode(step.datagram) == (0, WriteRequest(0x0F00, b"\0\5").encode())
