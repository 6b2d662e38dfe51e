"""Clients of a TCP interface that mean harm, whatever is spoken there."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

SEED = 7
TIMES = 200
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Victim:
    """An interface: a question that it answers, what its questions begin with, and how one answer is read.

    `answer` returns nothing when the connection was closed; `clients` is how many are served at once.
    """

    port: int
    question: bytes
    mark: bytes
    clients: int
    answer: Callable[[asyncio.StreamReader], Awaitable[bytes]]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Client]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def heard(self, reader: asyncio.StreamReader) -> bytes:
        """Return the next answer; nothing when the connection was closed."""
        try:
            return await self.answer(reader)
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    async def told(self, raw: bytes) -> bytes:
        """Say something on a connection of its own, and return the answer."""
        async with self.connected() as (reader, writer):
            writer.write(raw)
            return await self.heard(reader)


async def flood_of_noise(victim: Victim) -> None:
    """Send noise until dropped, again and again."""
    noise = random.Random(SEED)
    for _ in range(TIMES):
        async with victim.connected() as (reader, writer):
            begun = noise.choice((b"", victim.mark, victim.question[:9]))
            writer.write(begun + noise.randbytes(noise.randint(1, 600)))
            writer.write_eof()
            assert await victim.heard(reader) == b""


async def half_open(victim: Victim) -> None:
    """Take all places, say nothing or half a question, and go on."""
    async with AsyncExitStack() as stack:
        for number in range(2 * victim.clients):
            _, writer = await stack.enter_async_context(victim.connected())
            writer.write(victim.question[: number % 12])
        assert await victim.told(victim.question)


async def greedy(victim: Victim) -> None:
    """Ask as often as possible and take no answer."""
    async with victim.connected() as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # asyncio's transports have it
        for _ in range(TIMES):
            writer.write(victim.question * 20)
            await asyncio.sleep(0)


async def split_and_joined(victim: Victim) -> None:
    """Ask byte by byte, then several times in one write."""
    async with victim.connected() as (reader, writer):
        for byte in victim.question:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.001)
        assert await victim.heard(reader)
        writer.write(victim.question * 5)
        assert all([await victim.heard(reader) for _ in range(5)])


ATTACKS = (flood_of_noise, half_open, greedy, split_and_joined)


def named(attack: Callable[..., object]) -> str:
    """Return what an attack does, in words."""
    return (attack.__doc__ or "").split(".")[0].lower()
