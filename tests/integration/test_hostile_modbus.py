"""Clients that mean harm, against the whole daemon: it goes on polling, and goes on answering those who do not."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.faces.tcp_server import MAX_CLIENTS
from tests.support.modbus_client import ModbusClient, adu, connected
from tests.support.served import Served, serving

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

FACE: dict[str, Any] = {"kind": "sunspec", "writes": True}
MARK = [0x5375, 0x6E53]
READ = bytes.fromhex("039C400002")
SEED = 7


async def flood_of_noise(port: int) -> None:
    """Send noise until dropped, again and again."""
    noise = random.Random(SEED)
    for _ in range(200):
        async with connected(port) as client:
            client.writer.write(noise.randbytes(noise.randint(1, 600)))
            client.writer.write_eof()
            await client.closed()


async def nearly_requests(port: int) -> None:
    """Send requests with a few bytes changed, whose header still fits."""
    noise = random.Random(SEED)
    async with connected(port) as client:
        for number in range(2000):
            pdu = bytearray(noise.choice((READ, bytes.fromhex("069CA20001"), bytes.fromhex("109CA2000204000103E8"))))
            for _ in range(noise.randint(1, 3)):
                pdu[noise.randrange(len(pdu))] = noise.randrange(256)
            client.writer.write(adu(noise.randrange(256), bytes(pdu), number))
            assert (await client.heard())[0] == number


async def split_and_joined(port: int) -> None:
    """Send a request byte by byte, then a hundred in one write."""
    async with connected(port) as client:
        for byte in adu(126, READ):
            client.writer.write(bytes((byte,)))
            await client.writer.drain()
            await asyncio.sleep(0.002)
        assert (await client.heard())[2][2:] == b"SunS"
        client.writer.write(b"".join(adu(126, READ, number) for number in range(100)))
        assert [(await client.heard())[0] for _ in range(100)] == list(range(100))


async def crowd(port: int) -> None:
    """Ask by forty connections at once, several times each."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(port)) for _ in range(40)]

        async def work(client: ModbusClient) -> None:
            for _ in range(5):
                assert await client.read(126, 40000, 2) == MARK

        await asyncio.gather(*map(work, clients))


async def half_open(port: int) -> None:
    """Take all places, say nothing or half a request, and go on."""
    async with AsyncExitStack() as stack:
        for number in range(2 * MAX_CLIENTS):
            client = await stack.enter_async_context(connected(port))
            client.writer.write(adu(126, READ)[: number % 9])
        async with connected(port) as honest:
            assert await honest.read(126, 40000, 2) == MARK


async def greedy(port: int) -> None:
    """Ask for the longest answers and take none of them."""
    async with connected(port) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's transports have it
        longest = adu(126, bytes.fromhex("039C40007D")) * 50
        for _ in range(200):
            client.writer.write(longest)
            await asyncio.sleep(0)


async def many_writes(port: int) -> None:
    """Limit a unit as fast as answers come."""
    async with connected(port) as client:
        for pct in range(300):
            await client.write(1, 40228 + 5, [1000 - pct, 0, 60, 0, 1])


@pytest.mark.parametrize(
    "attack",
    [flood_of_noise, nearly_requests, split_and_joined, crowd, half_open, greedy, many_writes],
    ids=lambda attack: attack.__doc__.split(".")[0].lower(),
)
def test_the_daemon_survives_who(tmp_path: Path, attack: Callable[[int], Awaitable[None]]) -> None:
    async def act(plant: Served) -> None:
        port = plant.ports[0]
        before = {slot: view.seq for slot, view in plant.daemon.app.state.views.items()}
        await attack(port)
        async with connected(port) as honest:
            assert await honest.read(126, 40000, 2) == MARK
        await plant.daemon.until(
            lambda: all(view.seq > before[slot] + 1 for slot, view in plant.daemon.app.state.views.items())
        )
        assert plant.daemon.app.faces["faces[0]"].condition()["failures"] == 0

    serving(tmp_path, act, FACE)
