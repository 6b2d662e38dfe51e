"""Clients that mean harm, against the whole daemon: it goes on polling, and goes on answering those who do not."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from struct import pack
from typing import Any

import pytest

from gateway.faces.tcp_server import MAX_CLIENTS
from tests.support.modbus_client import ModbusClient, adu, connected
from tests.support.served import Served, serving

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

SEED = 7


@dataclass(frozen=True)
class Face:
    """A face, a read that it answers with `words`, and writes of its limit by a percentage; `port` once it listens."""

    section: dict[str, Any]
    unit: int
    start: int
    words: list[int]
    limit: Callable[[int], tuple[int, int, list[int]]]
    port: int = 0

    @property
    def read(self) -> bytes:
        """Return the PDU of the read."""
        return pack(">BHH", 3, self.start, len(self.words))

    async def honest(self, client: ModbusClient) -> None:
        """Ask for what is known."""
        assert await client.read(self.unit, self.start, len(self.words)) == self.words


FACES = {
    "sunspec": Face(
        {"kind": "sunspec", "writes": True},
        126,
        40000,
        [0x5375, 0x6E53],
        lambda pct: (1, 40228 + 5, [10 * pct, 0, 60, 0, 1]),
    ),
    "m_gateway": Face(
        {"kind": "m_gateway", "gateway": "east", "unknown": "strict", "writes": True},
        1,
        60027,
        [0, 1300],
        lambda pct: (1, 60301, [1]) if pct == 100 else (1, 60304, [10 * pct]),
    ),
}


async def flood_of_noise(face: Face) -> None:
    """Send noise until dropped, again and again."""
    noise = random.Random(SEED)
    for _ in range(200):
        async with connected(face.port) as client:
            client.writer.write(noise.randbytes(noise.randint(1, 600)))
            client.writer.write_eof()
            await client.closed()


async def nearly_requests(face: Face) -> None:
    """Send requests with a few bytes changed, whose header still fits."""
    noise = random.Random(SEED)
    requests = (face.read, pack(">BHH", 6, face.start, 1), pack(">BHHBI", 16, face.start, 2, 4, 1000))
    async with connected(face.port) as client:
        for number in range(2000):
            pdu = bytearray(noise.choice(requests))
            for _ in range(noise.randint(1, 3)):
                pdu[noise.randrange(len(pdu))] = noise.randrange(256)
            client.writer.write(adu(noise.randrange(256), bytes(pdu), number))
            assert (await client.heard())[0] == number


async def split_and_joined(face: Face) -> None:
    """Send a request byte by byte, then a hundred in one write."""
    async with connected(face.port) as client:
        for byte in adu(face.unit, face.read):
            client.writer.write(bytes((byte,)))
            await client.writer.drain()
            await asyncio.sleep(0.002)
        assert (await client.heard())[2][2:] == pack(f">{len(face.words)}H", *face.words)
        client.writer.write(b"".join(adu(face.unit, face.read, number) for number in range(100)))
        assert [(await client.heard())[0] for _ in range(100)] == list(range(100))


async def crowd(face: Face) -> None:
    """Ask by forty connections at once, several times each."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(face.port)) for _ in range(40)]

        async def work(client: ModbusClient) -> None:
            for _ in range(5):
                await face.honest(client)

        await asyncio.gather(*map(work, clients))


async def half_open(face: Face) -> None:
    """Take all places, say nothing or half a request, and go on."""
    async with AsyncExitStack() as stack:
        for number in range(2 * MAX_CLIENTS):
            client = await stack.enter_async_context(connected(face.port))
            client.writer.write(adu(face.unit, face.read)[: number % 9])
        async with connected(face.port) as honest:
            await face.honest(honest)


async def greedy(face: Face) -> None:
    """Ask for the longest answers and take none of them."""
    async with connected(face.port) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's transports have it
        longest = adu(face.unit, pack(">BHH", 3, face.start, 125)) * 50
        for _ in range(200):
            client.writer.write(longest)
            await asyncio.sleep(0)


async def many_writes(face: Face) -> None:
    """Limit a unit as fast as answers come."""
    async with connected(face.port) as client:
        for number in range(300):
            await client.write(*face.limit(100 - number % 100))


@pytest.mark.parametrize(
    "attack",
    [flood_of_noise, nearly_requests, split_and_joined, crowd, half_open, greedy, many_writes],
    ids=lambda attack: attack.__doc__.split(".")[0].lower(),
)
@pytest.mark.parametrize("kind", FACES)
def test_the_daemon_survives_who(tmp_path: Path, attack: Callable[[Face], Awaitable[None]], kind: str) -> None:
    async def act(plant: Served) -> None:
        face = replace(FACES[kind], port=plant.ports[0])
        before = {slot: view.seq for slot, view in plant.daemon.app.state.views.items()}
        await attack(face)
        async with connected(face.port) as honest:
            await face.honest(honest)
        await plant.daemon.until(
            lambda: all(view.seq > before[slot] + 1 for slot, view in plant.daemon.app.state.views.items())
        )
        assert plant.daemon.app.faces["faces[0]"].condition()["failures"] == 0

    serving(tmp_path, act, FACES[kind].section)
