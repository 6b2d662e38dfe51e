"""The driver on an ST7580, on virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from drivers.link import Urgency
from drivers.plc.link import PlcLink
from drivers.plc.modems import ACK_S, CONFIRM_S
from drivers.plc.settings import PlcSettings
from drivers.plc.timing import FIRST_S, AirTime
from drivers.stream import listen
from protocols.errors import LinkDownError, LocalProtocolError
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, NAK, Command, Frame
from tests.support.plc_peer import Say, St7580Peer, carried, configured, plugged, read_answer, read_request
from tests.support.virtual_time import run

T = TypeVar("T")
SETTINGS = PlcSettings(url="mem://plc", modem="st7580", baud=57600, bit_rate=4800, overhead_bytes=20, turnaround_s=0.06)
AIR = AirTime(4800, 20, 0.06)
REQUEST = read_request(7)
REPLY = read_answer(7)
PAPER_END = AIR.transaction_s(len(REQUEST), len(REPLY)) - AIR.turnaround_s
WITHIN_S = 0.1
UART_S = (len(REQUEST) + 6) * 10 / 57600


def modem(frame: Frame) -> list[Say]:
    """Be a modem on whose line node 7 answers."""
    if frame.command == Command.DL_DATA_REQ:
        request = st7580.payload_of(frame)
        return carried(AIR, request, REPLY) if request == REQUEST else carried(AIR, request, b"")[:2]
    return configured(frame)


def instead(*says: Say) -> Callable[[Frame], list[Say]]:
    """Be a modem that meets data requests with `says`."""
    return lambda frame: list(says) if frame.command == Command.DL_DATA_REQ else configured(frame)


def once(first: list[Say]) -> Callable[[Frame], list[Say]]:
    """Be a modem that meets its first data request with `first`."""
    met: list[Frame] = []

    def script(frame: Frame) -> list[Say]:
        if frame.command == Command.DL_DATA_REQ:
            met.append(frame)
            return first if len(met) == 1 else modem(frame)
        return modem(frame)

    return script


def on(script: Callable[[Frame], list[Say]], test: Callable[[PlcLink, St7580Peer], Awaitable[T]]) -> T:
    async def main() -> T:
        peer = St7580Peer(script)
        async with plugged(SETTINGS, peer) as link:
            return await test(link, peer)

    return run(main())


async def ask(link: PlcLink, request: bytes = REQUEST) -> tuple[bytes | None, float]:
    """Return the answer and the time it took."""
    now = asyncio.get_running_loop().time
    async with link.claim(request[0], Urgency.POLL) as port:
        start = now()
        await port.send(request, reply_bytes=len(REPLY), within_s=WITHIN_S)
        return await port.receive(), now() - start


def test_the_modem_is_told_to_use_the_data_link_service() -> None:
    async def test(_: PlcLink, peer: St7580Peer) -> None:
        assert peer.frames == [Frame(Command.MIB_WRITE_REQ, b"\x00\x11")]
        await asyncio.sleep(0.01)
        assert peer.acknowledged == 1

    on(modem, test)


def test_a_conversation_ends_with_the_indication() -> None:
    async def test(link: PlcLink, peer: St7580Peer) -> None:
        answer, took = await ask(link)
        assert answer == REPLY
        assert took == pytest.approx(PAPER_END)
        assert peer.frames[-1] == Frame(Command.DL_DATA_REQ, b"\x44" + REQUEST)
        await asyncio.sleep(0.01)
        assert peer.acknowledged == 3  # of the configuration, the confirmation and the indication
        assert (link.counters.sent, link.counters.received, link.counters.damaged) == (1, 1, 0)

    on(modem, test)


def test_a_dead_unit_costs_the_paper_time_of_its_answer() -> None:
    async def test(link: PlcLink, _: St7580Peer) -> None:
        for attempt in range(2):
            answer, took = await ask(link, read_request(9))
            assert answer is None
            assert took == pytest.approx(PAPER_END + WITHIN_S + FIRST_S * (1 + attempt))

    on(modem, test)


def test_a_busy_line_that_delays_the_request_delays_the_end_of_the_window() -> None:
    delay_s = 0.7
    says = [Say(st7580.encode(ACK)), Say(st7580.encode(st7580.confirmation()), AIR.frame_s(len(REQUEST)) + delay_s)]

    async def test(link: PlcLink, _: St7580Peer) -> None:
        answer, took = await ask(link)
        assert answer is None
        assert took == pytest.approx(PAPER_END + delay_s + WITHIN_S + FIRST_S)

    on(instead(*says), test)


@pytest.mark.parametrize(
    ("first", "repeat_after_s"),
    [([Say(st7580.encode(NAK))], AIR.turnaround_s), ([], ACK_S + UART_S)],
    ids=["refused by a NAK", "no acknowledgement"],
)
def test_a_request_is_repeated_once(first: list[Say], repeat_after_s: float) -> None:
    async def test(link: PlcLink, peer: St7580Peer) -> None:
        answer, took = await ask(link)
        assert answer == REPLY
        assert took == pytest.approx(PAPER_END + repeat_after_s)
        assert peer.repeats == 1

    on(once(first), test)


def test_a_confirmation_stands_for_a_lost_acknowledgement() -> None:
    async def test(link: PlcLink, peer: St7580Peer) -> None:
        assert (await ask(link))[0] == REPLY
        assert peer.repeats == 0

    on(once(carried(AIR, REQUEST, REPLY)[1:]), test)


@pytest.mark.parametrize(
    ("says", "took_s"),
    [
        ([Say(st7580.encode(NAK))], 2 * AIR.turnaround_s),
        ([Say(st7580.encode(ACK)), Say(st7580.encode(Frame(Command.DL_DATA_ERR, b"\x01")), 0.02)], 0.02),
        ([Say(st7580.encode(Frame(Command.SYNTAX_ERR, b"\x02")), 0.02)], 0.02),
    ],
    ids=["two NAKs", "an error", "a syntax error"],
)
def test_a_request_that_the_modem_refuses_ends_its_window(says: list[Say], took_s: float) -> None:
    async def test(link: PlcLink, _: St7580Peer) -> None:
        answer, took = await ask(link)
        assert answer is None
        assert took == pytest.approx(took_s)
        assert link.up

    on(instead(*says), test)


def test_a_modem_that_acknowledges_nothing_is_opened_again() -> None:
    async def test(link: PlcLink, _: St7580Peer) -> None:
        with pytest.raises(LinkDownError, match="acknowledges nothing"):
            await ask(link)
        await asyncio.sleep(0)
        assert not link.up
        await link.wait_up()
        assert (await ask(link))[0] == REPLY
        assert link.counters.opened == 2

    silent = [0, 0]

    def script(frame: Frame) -> list[Say]:
        if frame.command == Command.DL_DATA_REQ and silent:
            silent.pop()
            return []
        return modem(frame)

    on(script, test)


def test_a_modem_that_restarts_is_configured_again() -> None:
    reset = st7580.encode(Frame(Command.RESET_IND, b"\x00"))

    async def test(link: PlcLink, peer: St7580Peer) -> None:
        with pytest.raises(LinkDownError, match="has restarted"):
            await ask(link)
        await link.wait_up()
        assert (await ask(link))[0] == REPLY
        assert [frame.command for frame in peer.frames].count(Command.MIB_WRITE_REQ) == 2

    on(once([Say(st7580.encode(ACK)), Say(reset, 0.05)]), test)


def test_a_damaged_indication_is_asked_for_again() -> None:
    indication = st7580.encode(st7580.indication(REPLY))
    damaged = indication[:20] + b"\xff" + indication[21:]
    heard_s = carried(AIR, REQUEST, REPLY)[2].after_s

    async def test(link: PlcLink, peer: St7580Peer) -> None:
        answer, took = await ask(link)
        assert answer == REPLY
        assert took == pytest.approx(heard_s + 0.02)
        assert peer.refused == 1
        assert link.counters.damaged == 1

    says = [*carried(AIR, REQUEST, b"")[:2], Say(damaged, heard_s), Say(b"\x03" + indication[1:], heard_s + 0.02)]
    on(instead(*says), test)


def test_an_indication_too_short_for_its_parameters_is_counted() -> None:
    async def test(link: PlcLink, _: St7580Peer) -> None:
        assert (await ask(link))[0] is None
        assert (link.counters.damaged, link.counters.received) == (1, 0)

    on(instead(Say(st7580.encode(ACK)), Say(st7580.encode(Frame(Command.DL_DATA_IND, b"\x01\x02")), 0.1)), test)


def test_noise_and_status_messages_on_the_uart_do_no_harm() -> None:
    async def test(link: PlcLink, _: St7580Peer) -> None:
        assert (await ask(link))[0] == REPLY
        assert link.counters.noise_bytes == 3

    noise = [Say(b"\xff\x00\xfe", 0.01), Say(b"\x3f\x02", 0.02)]
    on(once([*noise, *carried(AIR, REQUEST, REPLY)]), test)


def test_a_datagram_longer_than_the_modem_carries_is_our_bug() -> None:
    async def test(link: PlcLink, _: St7580Peer) -> None:
        with pytest.raises(LocalProtocolError, match="payload of 243 bytes"):
            await ask(link, bytes(243))

    on(modem, test)


def test_the_line_is_used_as_well_as_on_paper() -> None:
    async def test(link: PlcLink, _: St7580Peer) -> float:
        now = asyncio.get_running_loop().time
        start = now()
        for _poll in range(20):
            assert (await ask(link))[0] == REPLY
        async with link.claim(7, Urgency.POLL):
            return now() - start

    assert 20 * AIR.transaction_s(len(REQUEST), len(REPLY)) / on(modem, test) > 0.99


@pytest.mark.parametrize(
    ("says", "reason", "after_s"),
    [
        ([], "no answer from an ST7580 at 57600 baud", 3 * CONFIRM_S),
        ([Say(st7580.encode(Frame(Command.MIB_WRITE_ERR, b"\x01")), 0.1)], "refuses the data-link service", 0.1),
    ],
    ids=["silence", "an error"],
)
def test_a_modem_that_cannot_be_configured_is_down(says: list[Say], reason: str, after_s: float) -> None:
    async def main() -> None:
        listener = await listen(SETTINGS.url)
        link = PlcLink("plc", SETTINGS)
        tasks = [asyncio.create_task(link.run())]
        tasks.append(asyncio.create_task(St7580Peer(lambda _: says).talk(await listener.accept())))
        with capture_logs() as logs:
            await asyncio.sleep(after_s - 0.01)
            assert logs == []
            await asyncio.sleep(0.02)
        assert [(log["event"], reason in log["reason"]) for log in logs] == [("link_down", True)]
        with pytest.raises(LinkDownError, match=reason):
            async with link.claim(7, Urgency.POLL):
                pass
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(main())
