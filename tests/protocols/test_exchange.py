from dataclasses import dataclass, field

import pytest

from protocols.errors import RemoteProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Mapped, Send, Step, Then, Wait


@dataclass
class Scripted:
    """Walks through its steps, whatever happens, and notes what that was."""

    steps: list[Step[int]]
    heard: list[object] = field(default_factory=list)

    def start(self) -> Step[int]:
        return self._next("start")

    def received(self, datagram: bytes) -> Step[int]:
        return self._next(datagram)

    def timed_out(self) -> Step[int]:
        return self._next("time-out")

    def _next(self, what: object) -> Step[int]:
        self.heard.append(what)
        return self.steps.pop(0)


SEND = Send(b"?", 5, 0.1)


def play(exchange: Exchange[object]) -> list[Step[object]]:
    return [exchange.start(), exchange.received(b"noise"), exchange.timed_out(), exchange.received(b"answer")]


def test_a_mapped_exchange_passes_all_on_and_converts_the_value() -> None:
    inner = Scripted([SEND, Wait(), SEND, Done(21)])
    assert play(Mapped(inner, lambda value: 2 * value)) == [SEND, Wait(), SEND, Done(42)]
    assert inner.heard == ["start", b"noise", "time-out", b"answer"]


def test_a_mapped_exchange_passes_failure_on() -> None:
    failed = Failed(Cause.REFUSED, "no")
    assert play(Mapped(Scripted([SEND, Wait(), SEND, failed]), str))[-1] == failed


def test_a_value_that_cannot_be_converted_fails_the_exchange() -> None:
    def broken(_: int) -> int:
        raise RemoteProtocolError("half a payload")

    step = Mapped(Scripted([Done(1)]), broken).start()
    assert step == Failed(Cause.DAMAGED, "half a payload")


def test_one_exchange_follows_another() -> None:
    second = Scripted([SEND, Wait(), Done(2)])
    made_from = []

    def follow(value: int) -> Scripted:
        made_from.append(value)
        return second

    exchange = Then(Scripted([SEND, Done(1)]), follow)
    steps = [exchange.start(), exchange.received(b"one"), exchange.received(b"noise"), exchange.timed_out()]
    assert steps == [SEND, SEND, Wait(), Done(2)]
    assert made_from == [1]
    assert second.heard == ["start", b"noise", "time-out"]


@pytest.mark.parametrize("cause", list(Cause))
def test_the_second_does_not_begin_when_the_first_fails(cause: Cause) -> None:
    second = Scripted([])
    exchange = Then(Scripted([SEND, Failed(cause)]), lambda _: second)
    assert [exchange.start(), exchange.timed_out()] == [SEND, Failed(cause)]
    assert second.heard == []
