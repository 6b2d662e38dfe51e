"""The link against a peer that answers late, wrong, or not at all."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from drivers.link import Urgency
from drivers.modbus_tcp.link import FRAMES, PATIENCE_S, ModbusTcpLink
from drivers.modbus_tcp.requests import cutter
from drivers.modbus_tcp.settings import ModbusTcpSettings
from drivers.modbus_tcp.timing import transaction_s
from drivers.recording import Request
from drivers.stream import listen
from drivers.transport import ByteStream
from protocols.errors import LinkDownError, LocalProtocolError
from protocols.modbus import mbap
from protocols.modbus.pdu import ReadAnswer, ReadRequest
from tests.support.virtual_time import run

UNIT, WITHIN_S, LATENCY_S = 3, 0.2, 0.1
ASK, OTHER = (mbap.encode(UNIT, ReadRequest(start, 1).encode()) for start in (40000, 40002))

Say = Callable[[ByteStream, bytes, int], Coroutine[Any, Any, None]]


def answer(request: bytes, word: int = 0) -> bytes:
    said = mbap.encode(UNIT, ReadAnswer(word.to_bytes(2, "big")).encode())
    return mbap.stamped(said, mbap.transaction(request))


def conversing(folder: Path, say: Say, act: Callable[[ModbusTcpLink], Coroutine[Any, Any, None]]) -> ModbusTcpLink:
    """Act on a link whose peer does what `say` does with each request and its number."""

    async def main() -> ModbusTcpLink:
        url = f"mem://{folder.name}"
        listener = await listen(url)
        link = ModbusTcpLink("hub", ModbusTcpSettings(url=url, latency_s=LATENCY_S))

        async def peer() -> None:
            number = 0
            while True:
                stream, deframer = await listener.accept(), mbap.Deframer()
                try:
                    while True:
                        for request in deframer.feed(await stream.read()):
                            await say(stream, request, number)
                            number += 1
                except LinkDownError:
                    continue

        tasks = [asyncio.ensure_future(peer()), asyncio.ensure_future(link.run())]
        try:
            await link.wait_up()
            await act(link)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            listener.close()
        return link

    return run(main())


async def asked(link: ModbusTcpLink, datagram: bytes = ASK) -> int | None:
    """Return the word that answers, None for none."""
    async with link.claim(UNIT, Urgency.POLL) as port:
        await port.send(datagram, reply_bytes=11, within_s=WITHIN_S)
        heard = await port.receive()
    return None if heard is None else int.from_bytes(heard[-2:], "big")


def test_an_answer_comes_back(tmp_path: Path) -> None:
    async def say(stream: ByteStream, request: bytes, number: int) -> None:
        await stream.write(answer(request, number))

    async def act(link: ModbusTcpLink) -> None:
        assert [await asked(link), await asked(link), await asked(link, OTHER)] == [0, 1, 2]

    link = conversing(tmp_path, say, act)
    assert (link.counters.sent, link.counters.received, link.counters.opened) == (3, 3, 1)


def test_an_answer_that_comes_late_does_not_pass_for_the_next(tmp_path: Path) -> None:
    async def say(stream: ByteStream, request: bytes, number: int) -> None:
        if number == 0:
            asyncio.get_running_loop().call_later(WITHIN_S + LATENCY_S + PATIENCE_S + 0.1, later, stream, request)
        elif number == 1:
            await asyncio.sleep(0.2)
            await stream.write(answer(request, 22))
        else:
            await stream.write(answer(request, 33))

    def later(stream: ByteStream, request: bytes) -> None:
        late.append(asyncio.ensure_future(stream.write(answer(request, 11))))

    late: list[asyncio.Future[None]] = []

    async def act(link: ModbusTcpLink) -> None:
        assert await asked(link) is None
        assert [await asked(link), await asked(link)] == [22, 33]

    assert conversing(tmp_path, say, act).counters.received == 3


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda request: mbap.stamped(answer(request), 1 ^ mbap.transaction(request)), id="transaction"),
        pytest.param(lambda _: b"", id="silence"),
    ],
)
def test_what_is_no_answer_ends_with_the_window(tmp_path: Path, wrong: Callable[[bytes], bytes]) -> None:
    async def say(stream: ByteStream, request: bytes, _: int) -> None:
        if said := wrong(request):
            await stream.write(said)

    async def act(link: ModbusTcpLink) -> None:
        began = asyncio.get_running_loop().time()
        assert await asked(link) is None
        waited_s = asyncio.get_running_loop().time() - began
        assert waited_s == pytest.approx(LATENCY_S + WITHIN_S + PATIENCE_S, abs=0.01)

    conversing(tmp_path, say, act)


def test_a_peer_that_speaks_otherwise_loses_the_connection_and_is_called_again(tmp_path: Path) -> None:
    async def say(stream: ByteStream, request: bytes, number: int) -> None:
        await stream.write(b"HTTP/1.1 400 Bad Request" if number == 0 else answer(request, 5))

    async def act(link: ModbusTcpLink) -> None:
        with pytest.raises(LinkDownError, match="does not speak Modbus TCP"):
            await asked(link)
        await link.wait_up()
        assert await asked(link) == 5

    assert conversing(tmp_path, say, act).counters.opened == 2


def test_a_flood_of_answers_is_bounded(tmp_path: Path) -> None:
    async def say(stream: ByteStream, request: bytes, _: int) -> None:
        await stream.write(answer(request, 1) * 300)

    async def act(link: ModbusTcpLink) -> None:
        async with link.claim(UNIT, Urgency.POLL) as port:
            await port.send(ASK, reply_bytes=11, within_s=WITHIN_S)
            await asyncio.sleep(WITHIN_S)
            heard = 0
            while await port.receive() is not None:
                heard += 1
        assert 1 <= heard <= FRAMES

    conversing(tmp_path, say, act)


def test_a_question_to_nobody_is_an_error_of_ours(tmp_path: Path) -> None:
    async def say(stream: ByteStream, request: bytes, _: int) -> None:
        await stream.write(answer(request))

    async def act(link: ModbusTcpLink) -> None:
        async with link.claim(UNIT, Urgency.POLL) as port:
            with pytest.raises(LocalProtocolError, match="answers once"):
                await port.send(ASK, reply_bytes=0, within_s=WITHIN_S)

    conversing(tmp_path, say, act)


def test_requests_are_found_in_what_was_written_whatever_their_transaction() -> None:
    settings = ModbusTcpSettings(url="mem://x")
    found = cutter(settings)().feed(ASK + mbap.stamped(ASK, 9))
    assert found == [Request(UNIT, ASK[mbap.HEADER :])] * 2
    assert transaction_s(settings, 12, (17, 11)) == pytest.approx(0.1)
