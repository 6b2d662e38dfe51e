"""Clients of a DTU's TCP interface that mean harm: it goes on answering those who do not."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from gateway.faces.dtu_tcp import BOUNDS
from protocols.vendors.hoymiles.northbound import Message
from tests.support.dtu_server import serving
from tests.support.hoymiles_clients import WifiClient
from tests.support.still_dtu import Hands
from tests.support.vectors import one

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PATIENCE_S = 10.0
SEED = 7
QUESTION = one("hoymiles", "tcp_app_realdatanew_request_2").raw
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Return the next answer; nothing when the connection was closed."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readexactly(10)
            return head + await reader.readexactly(int.from_bytes(head[8:], "big") - 10)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def told(port: int, raw: bytes) -> bytes:
    """Say something on a connection of its own, and return the answer."""
    async with connected(port) as (reader, writer):
        writer.write(raw)
        return await heard(reader)


BROKEN = [
    pytest.param(QUESTION[:-1] + bytes((QUESTION[-1] ^ 1,)), id="a wrong CRC"),
    pytest.param(b"HX" + QUESTION[2:], id="another mark"),
    pytest.param(QUESTION[:8] + b"\0\5" + QUESTION[10:], id="a length shorter than the head"),
    pytest.param(QUESTION[:8] + b"\xff\xff" + QUESTION[10:], id="a length beyond what anybody asks"),
    pytest.param(Message(0xA311, 1, b"\x0a\xff\xff").encode(), id="no protobuf"),
    pytest.param(Message(0xA305, 1, b"\x3a\x02\xff\xfe").encode(), id="a text that is none"),
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a browser"),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_what_is_broken_closes_the_connection(raw: bytes) -> None:
    async def act(port: int, hands: Hands) -> None:
        assert await told(port, raw) == b""
        assert await told(port, QUESTION)
        assert hands.taken == []

    serving("dtu_tcp", act)


async def flood_of_noise(port: int) -> None:
    """Send noise until dropped, again and again."""
    noise = random.Random(SEED)
    for _ in range(200):
        async with connected(port) as (reader, writer):
            writer.write(noise.choice((b"", b"HM", QUESTION[:9])) + noise.randbytes(noise.randint(1, 600)))
            writer.write_eof()
            assert await heard(reader) == b""


async def half_open(port: int) -> None:
    """Take all places, say nothing or half a question, and go on."""
    async with AsyncExitStack() as stack:
        for number in range(2 * BOUNDS.clients):
            _, writer = await stack.enter_async_context(connected(port))
            writer.write(QUESTION[: number % 12])
        assert await told(port, QUESTION)


async def greedy(port: int) -> None:
    """Ask as often as possible and take no answer."""
    async with connected(port) as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's transports have it
        for _ in range(200):
            writer.write(QUESTION * 20)
            await asyncio.sleep(0)


async def split_and_joined(port: int) -> None:
    """Ask byte by byte, then several times in one write."""
    async with connected(port) as (reader, writer):
        for byte in QUESTION:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.001)
        assert await heard(reader)
        writer.write(QUESTION * 5)
        assert all([await heard(reader) for _ in range(5)])


@pytest.mark.parametrize(
    "attack",
    [flood_of_noise, half_open, greedy, split_and_joined],
    ids=lambda attack: attack.__doc__.split(".")[0].lower(),
)
def test_an_honest_client_is_answered_beside_those_who(attack: Callable[[int], Awaitable[None]]) -> None:
    async def act(port: int, _: Hands) -> None:
        await attack(port)
        assert (await WifiClient(port).async_get_real_data_new()).dtu_power > 0

    serving("dtu_tcp", act)
