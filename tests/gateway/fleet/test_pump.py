import asyncio

import pytest

from drivers.link import Urgency
from gateway.fleet import pump
from gateway.fleet.pump import Outcome
from protocols.errors import LocalProtocolError
from protocols.exchange import Cause, Done, Exchange, Failed, Step, Then, Wait
from protocols.modbus.exchange import ReadRegisters
from tests.gateway.acme import LIVE, LIVE_AT
from tests.gateway.fleet.medium import ANSWER_S, Medium, Unit
from tests.support.virtual_time import run


async def talk(medium: Medium, exchange: Exchange[bytes]) -> Outcome[bytes]:
    async with medium.claim(1, Urgency.POLL) as port:
        return await pump.run(port, exchange)


def read(tries: int = 1) -> ReadRegisters:
    return ReadRegisters(1, LIVE_AT, LIVE.size // 2, within_s=0.5, tries=tries)


def test_an_answer_ends_the_conversation_when_it_arrives() -> None:
    async def main() -> Outcome[bytes]:
        return await talk(Medium({1: Unit("SN0001")}), read())

    outcome = run(main())
    assert isinstance(outcome.result, Done)
    assert len(outcome.result.value) == LIVE.size
    assert (outcome.sends, outcome.took_s) == (1, ANSWER_S)


def test_silence_is_asked_again_and_then_a_value() -> None:
    async def main() -> Outcome[bytes]:
        return await talk(Medium({}), read(tries=3))

    assert run(main()) == Outcome(Failed(Cause.NO_ANSWER), 3, 1.5, repeats=2)


def test_a_conversation_of_several_requests_repeats_none() -> None:
    async def main() -> Outcome[bytes]:
        return await talk(Medium({1: Unit("SN0001")}), Then(read(), lambda _: read()))

    outcome = run(main())
    assert (outcome.sends, outcome.repeats) == (2, 0)


def test_a_link_that_goes_down_in_the_middle_is_an_outcome() -> None:
    async def main() -> Outcome[bytes]:
        medium = Medium({})
        asyncio.get_running_loop().call_at(0.7, medium.pull)
        return await talk(medium, read(tries=3))

    outcome = run(main())
    assert outcome.result == Failed(Cause.LINK_DOWN, "pulled")
    assert outcome.sends == 2


class Endless:
    """Waits on after its window has closed."""

    def start(self) -> Step[bytes]:
        return read().start()

    def received(self, datagram: bytes) -> Step[bytes]:
        return Done(datagram)

    def timed_out(self) -> Step[bytes]:
        return Wait()


def test_an_exchange_that_waits_for_ever_is_our_bug() -> None:
    async def main() -> None:
        await talk(Medium({}), Endless())

    with pytest.raises(LocalProtocolError, match="waits for a window that is closed"):
        run(main())
