"""Clients of an ECU's TCP interface that mean harm: it goes on answering those who do not."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from gateway.faces import ecu_tcp
from protocols.vendors.apsystems import ecu_tcp as t
from tests.support.mosquitto import free_port
from tests.support.still_dtu import Hands, StillDesk
from tests.support.still_ecu import ECU_ID, plant, site, tcp_section

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PATIENCE_S = 20.0
SEED = 7
QUESTION = t.Request(t.INVERTERS, ECU_ID).encode() + b"\n"
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def serving(act: Callable[[int], Awaitable[None]]) -> None:
    """Run an act against the face of a plant that stands still."""

    async def main() -> None:
        port, hands = free_port(), Hands()
        server = ecu_tcp.serve(tcp_section(port=port), site(), StillDesk(plant(), hands), "faces[0]")
        task = asyncio.create_task(server.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await server.ready.wait()
                await act(port)
            assert (server.counters.failures, hands.taken) == (0, [])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


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
        head = await reader.readexactly(9)
        return head + await reader.readexactly(int(head[5:]) + 1 - len(head))
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def told(port: int, raw: bytes) -> bytes:
    """Say something on a connection of its own, and return the answer."""
    async with connected(port) as (reader, writer):
        writer.write(raw)
        return await heard(reader)


BROKEN = [
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a browser"),
    pytest.param(b"APS12" + QUESTION[5:], id="another group"),
    pytest.param(b"APS11002x0002END", id="no number for a length"),
    pytest.param(b"APS110028\xff\xff\xff\xffEND", id="no number for a command"),
    pytest.param(b"APS11002800021234END", id="an id that is too short"),
    pytest.param(b"APS1100280002" + b"\x80" * 12 + b"END", id="an id that is no text"),
    pytest.param(b"APS1100280002" + b"1" * 500, id="no end"),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_what_is_broken_closes_the_connection(raw: bytes) -> None:
    async def act(port: int) -> None:
        assert await told(port, raw) == b""
        assert len(t.inverters_of(await told(port, QUESTION)).records) == 3

    serving(act)


async def flood_of_noise(port: int) -> None:
    """Send noise until dropped, again and again."""
    noise = random.Random(SEED)
    for _ in range(200):
        async with connected(port) as (reader, writer):
            writer.write(noise.choice((b"", b"APS11", QUESTION[:9])) + noise.randbytes(noise.randint(1, 600)))
            writer.write_eof()
            assert await heard(reader) == b""


async def half_open(port: int) -> None:
    """Take all places, say nothing or half a question, and go on."""
    async with AsyncExitStack() as stack:
        for number in range(2 * ecu_tcp.BOUNDS.clients):
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


async def line_feeds(port: int) -> None:
    """Send nothing but line feeds."""
    async with connected(port) as (_, writer):
        writer.write(b"\n" * 100_000)
        await asyncio.sleep(0.1)


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
    [flood_of_noise, half_open, greedy, line_feeds, split_and_joined],
    ids=lambda attack: attack.__doc__.split(".")[0].lower(),
)
def test_an_honest_client_is_answered_beside_those_who(attack: Callable[[int], Awaitable[None]]) -> None:
    async def act(port: int) -> None:
        await attack(port)
        assert t.system_of(await told(port, t.Request(t.SYSTEM).encode())).power_w > 0

    serving(act)
