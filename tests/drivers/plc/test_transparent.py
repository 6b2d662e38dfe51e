"""The driver on a transparent modem, on virtual time: 2400 bps, so a byte takes 1/300 s."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from drivers.link import Urgency
from drivers.plc.line import FRAMES
from drivers.plc.link import PlcLink
from drivers.plc.settings import PlcSettings
from drivers.plc.timing import CEILING_S, FIRST_S, FLOOR_S, LEEWAY_BYTES, AirTime
from protocols.modbus import pdu, rtu
from tests.support.plc_peer import Say, Script, TransparentPeer, on_line, plugged, read_answer, read_request
from tests.support.virtual_time import run

T = TypeVar("T")
SETTINGS = PlcSettings(url="mem://plc", bit_rate=2400, turnaround_s=0.03)
AIR = AirTime(2400, 0, 0.03)
BYTE_S = 1 / 300
REPLY = read_answer(7)
PAPER_END = 8 * BYTE_S + 0.03 + len(REPLY) * BYTE_S  # of an answer, from its request
WITHIN_S = 0.1


def live(request: bytes) -> list[Say]:
    """Node 7 answers at once, node 8 after 40 ms, nobody else."""
    if request == read_request(7):
        return [on_line(AIR, request, REPLY)]
    return [on_line(AIR, request, read_answer(8), 0.04)] if request == read_request(8) else []


async def ask(link: PlcLink, node: int, request: bytes | None = None, reply_bytes: int = len(REPLY)) -> bytes | None:
    async with link.claim(node, Urgency.POLL) as port:
        await port.send(request or read_request(node), reply_bytes=reply_bytes, within_s=WITHIN_S)
        return await port.receive()


async def timed(awaitable: Awaitable[T]) -> tuple[T, float]:
    now = asyncio.get_running_loop().time
    start = now()
    return await awaitable, now() - start


async def seconds(answer: Awaitable[bytes | None], expected: bytes | None) -> float:
    heard, took = await timed(answer)
    assert heard == expected
    return took


def on(script: Script, test: Callable[[PlcLink, TransparentPeer], Awaitable[T]], settings: PlcSettings = SETTINGS) -> T:
    """Run `test` on a link whose far end follows `script`."""

    async def main() -> T:
        peer = TransparentPeer(script)
        async with plugged(settings, peer) as link:
            return await test(link, peer)

    return run(main())


async def pause() -> None:
    """Wait until the turnaround gap is over."""
    await asyncio.sleep(1.0)


def test_a_conversation_ends_at_the_last_byte_of_the_answer() -> None:
    async def test(link: PlcLink, _: TransparentPeer) -> None:
        assert await seconds(ask(link, 7), REPLY) == pytest.approx(PAPER_END)
        assert (link.counters.sent, link.counters.received) == (1, 1)

    on(live, test)


def test_a_dead_unit_on_a_modem_that_is_not_known_yet_costs_the_whole_window() -> None:
    async def test(link: PlcLink, _: TransparentPeer) -> None:
        assert await seconds(ask(link, 9), None) == pytest.approx(PAPER_END + WITHIN_S + FIRST_S)

    on(live, test)


def test_a_dead_unit_ends_its_window_when_the_first_byte_is_due() -> None:
    async def test(link: PlcLink, _: TransparentPeer) -> None:
        await ask(link, 7)
        await pause()
        first_byte = (8 + LEEWAY_BYTES) * BYTE_S + 0.03 + WITHIN_S + FIRST_S
        assert await seconds(ask(link, 9), None) == pytest.approx(first_byte)
        await pause()
        assert await seconds(ask(link, 9), None) == pytest.approx(first_byte + FIRST_S)  # doubled
        await ask(link, 7)
        await pause()
        ceiling = first_byte + CEILING_S - FIRST_S
        assert await seconds(ask(link, 9), None) == pytest.approx(ceiling)

    on(live, test)


def test_a_modem_that_hands_up_whole_frames_gets_the_whole_window() -> None:
    def script(request: bytes) -> list[Say]:
        return [replace(say, after_s=say.after_s + len(REPLY) * BYTE_S, byte_s=0) for say in live(request)]

    async def test(link: PlcLink, _: TransparentPeer) -> None:
        assert await ask(link, 7) == REPLY
        await pause()
        assert await seconds(ask(link, 9), None) == pytest.approx(PAPER_END + WITHIN_S + FIRST_S)

    on(script, test)


def test_a_modem_that_stops_handing_bytes_up_early_is_noticed() -> None:
    slow = AirTime(100, 0, 0.2)
    paper_end = slow.transaction_s(8, len(REPLY)) - 0.2
    late: list[bool] = []

    def script(request: bytes) -> list[Say]:
        return [Say(REPLY, paper_end) if late else on_line(slow, request, REPLY)]

    async def test(link: PlcLink, _: TransparentPeer) -> list[bytes | None]:
        answers = []
        for _poll in range(3):
            answers.append(await ask(link, 7))
            late.append(True)
            await asyncio.sleep(10)
        return answers

    answers = on(script, test, replace(SETTINGS, bit_rate=100, turnaround_s=0.2))
    assert answers == [REPLY, None, REPLY]


def test_the_allowance_follows_the_unit() -> None:
    async def test(link: PlcLink, peer: TransparentPeer) -> None:
        for _ in range(30):
            assert await ask(link, 7) == REPLY
        await pause()
        peer.script = lambda _: []
        first_byte = (8 + LEEWAY_BYTES) * BYTE_S + 0.03 + WITHIN_S
        assert await seconds(ask(link, 7), None) == pytest.approx(first_byte + FLOOR_S)
        await pause()
        assert await seconds(ask(link, 7), None) == pytest.approx(first_byte + 2 * FLOOR_S)

    on(live, test)


def test_half_an_answer_is_given_up_when_its_rest_is_due() -> None:
    def script(request: bytes) -> list[Say]:
        return [replace(say, data=say.data[:20]) if request[0] == 8 else say for say in live(request)]

    async def test(link: PlcLink, _: TransparentPeer) -> None:
        await ask(link, 7)
        await pause()
        assert await seconds(ask(link, 8), None) == pytest.approx(PAPER_END + 0.04 + FIRST_S)
        assert link.counters.damaged == 1
        assert link.counters.noise_bytes == 20

    on(script, test)


def test_an_answer_is_found_among_noise() -> None:
    def script(request: bytes) -> list[Say]:
        return [Say(b"\x07\x03", 0.01), *live(request), Say(b"\xff", 0.05)]

    async def test(link: PlcLink, _: TransparentPeer) -> None:
        assert await ask(link, 7) == REPLY
        assert await ask(link, 8) == read_answer(8)
        assert link.counters.damaged == 0

    on(script, test)


def test_noise_does_not_hold_the_window_open() -> None:
    async def test(link: PlcLink, peer: TransparentPeer) -> None:
        await ask(link, 7)
        await pause()
        peer.script = lambda _: [Say(b"\x55" * 3, 0.01 * k) for k in range(200)]
        answer, took = await timed(ask(link, 9))
        assert answer is None
        assert took <= PAPER_END + WITHIN_S + 2 * FIRST_S + 1e-6

    on(live, test)


def test_a_damaged_answer_ends_the_window_and_is_counted() -> None:
    damaged = REPLY[:-1] + bytes((REPLY[-1] ^ 1,))

    async def test(link: PlcLink, peer: TransparentPeer) -> None:
        await ask(link, 7)
        peer.script = lambda request: [on_line(AIR, request, damaged)]
        answer, took = await timed(ask(link, 7))
        assert answer is None
        assert took < PAPER_END + WITHIN_S + FIRST_S
        assert link.counters.damaged == 1

    on(live, test)


def test_what_came_too_late_is_forgotten_before_the_next_request() -> None:
    def script(request: bytes) -> list[Say]:
        return [Say(read_answer(9), 2.0)] if request[0] == 9 else live(request)

    async def test(link: PlcLink, _: TransparentPeer) -> None:
        assert await ask(link, 9) is None
        await asyncio.sleep(3.0)
        assert await ask(link, 7) == REPLY

    on(script, test)


def test_a_chatterbox_does_not_fill_the_memory() -> None:
    async def test(link: PlcLink, _: TransparentPeer) -> None:
        async with link.claim(7, Urgency.POLL) as port:
            await port.send(read_request(7), reply_bytes=len(REPLY), within_s=WITHIN_S)
            heard = 0
            while await port.receive() is not None:
                heard += 1
        assert heard == FRAMES
        assert link.counters.received == 80

    on(lambda _: [Say(REPLY * 80)], test)


def test_a_repeat_is_heard_and_teaches_nothing_about_the_unit() -> None:
    async def test(link: PlcLink, peer: TransparentPeer) -> None:
        await ask(link, 7)
        peer.script = lambda request: live(request) if len(peer.requests) != 2 else []
        async with link.claim(7, Urgency.POLL) as port:
            for expected in (None, REPLY):
                await port.send(read_request(7), reply_bytes=len(REPLY), within_s=WITHIN_S)
                assert await port.receive() == expected
        peer.script = lambda _: []
        await pause()
        _, took = await timed(ask(link, 7))
        assert took == pytest.approx((8 + LEEWAY_BYTES) * BYTE_S + 0.03 + WITHIN_S + 2 * FLOOR_S)

    on(live, test)


def test_the_window_of_a_broadcast_is_the_time_until_the_line_is_free() -> None:
    async def test(link: PlcLink, _: TransparentPeer) -> None:
        request = rtu.encode(rtu.BROADCAST, pdu.WriteRequest(0, b"\x00\x01").encode())
        took = len(request) * BYTE_S + 0.03
        assert await seconds(ask(link, 0, request, reply_bytes=0), None) == pytest.approx(took)

    on(live, test)


def test_within_one_conversation_the_line_turns_round_before_the_next_request() -> None:
    async def test(link: PlcLink, peer: TransparentPeer) -> None:
        async with link.claim(7, Urgency.POLL) as port:
            for _ in range(2):
                await port.send(read_request(7), reply_bytes=len(REPLY), within_s=WITHIN_S)
                assert await port.receive() == REPLY
        first, second = (at for at, _ in peer.requests)
        assert second - first == pytest.approx(PAPER_END + 0.03)

    on(live, test)


def test_a_conversation_that_was_cancelled_leaves_the_line_to_its_answer() -> None:
    async def test(link: PlcLink, peer: TransparentPeer) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await ask(link, 7)
        assert await ask(link, 8) == read_answer(8)
        first, second = (at for at, _ in peer.requests)
        assert second - first == pytest.approx(PAPER_END + 0.03)

    on(live, test)


@pytest.mark.parametrize("bit_rate", [960, 2400, 4800])
@pytest.mark.parametrize("overhead_bytes", [0, 8])
def test_the_line_is_used_as_well_as_on_paper(bit_rate: float, overhead_bytes: int) -> None:
    air = AirTime(bit_rate, overhead_bytes, 0.03)
    settings = replace(SETTINGS, bit_rate=bit_rate, overhead_bytes=overhead_bytes)

    async def test(link: PlcLink, _: TransparentPeer) -> float:
        return (await timed(polls(link, 20)))[1]

    took = on(lambda request: [on_line(air, request, REPLY)], test, settings)
    assert 20 * air.transaction_s(8, len(REPLY)) / took > 0.99


async def polls(link: PlcLink, count: int) -> None:
    for _ in range(count):
        assert await ask(link, 7) == REPLY
    async with link.claim(7, Urgency.POLL):
        return  # the last gap is over


ECHO = replace(SETTINGS, echo=True)
SINGLE = rtu.encode(7, pdu.WriteRequest(3, b"\x00\x01", single=True).encode())  # its answer has the same bytes


@pytest.mark.parametrize("request_", [read_request(7), SINGLE], ids=["a read", "a write whose answer is its request"])
@pytest.mark.parametrize(
    ("echo", "at_once"),
    [
        (lambda request: request, False),
        (lambda request: request, True),
        (lambda request: b"\x00" + request, False),
        (lambda request: bytes((request[0] ^ 4,)) + request[1:], False),
        (lambda request: request[:3] + b"\x11" + request[4:], False),
        (lambda request: request[:-1] + bytes((request[-1] ^ 0x80,)), False),
        (lambda request: request[:2] + b"\x28" + request[3:], False),
    ],
    ids=["whole", "at once", "after noise", "first byte", "middle", "last byte", "seems a long answer"],
)
def test_an_echo_is_dropped_whole_or_damaged(
    request_: bytes,
    echo: Callable[[bytes], bytes],
    at_once: bool,  # noqa: FBT001 - a row
) -> None:
    answer = SINGLE if request_ == SINGLE else REPLY

    def script(request: bytes) -> list[Say]:
        return [Say(echo(request), 0.0, 0.0 if at_once else BYTE_S), on_line(AIR, request, answer)]

    async def test(link: PlcLink, _: TransparentPeer) -> None:
        for _again in range(3):
            assert await ask(link, 7, request_, len(answer)) == answer

    on(script, test, ECHO)


def test_an_echo_does_not_keep_the_window_of_a_dead_unit_open() -> None:
    def script(request: bytes) -> list[Say]:
        return [Say(request, 0.0, BYTE_S), *live(request)]

    async def test(link: PlcLink, _: TransparentPeer) -> None:
        await ask(link, 7)
        await pause()
        first_byte = (8 + LEEWAY_BYTES) * BYTE_S + 0.03 + WITHIN_S + FIRST_S
        assert await seconds(ask(link, 9), None) == pytest.approx(first_byte)

    on(script, test, ECHO)
