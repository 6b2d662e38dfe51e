"""A Modbus TCP client of few words: it sends what a test tells it, also what no client should."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from struct import pack, unpack

PATIENCE_S = 10.0


@dataclass
class Refused:
    """An exception answer."""

    code: int


def adu(unit: int, pdu: bytes, transaction: int = 1) -> bytes:
    """Return a frame."""
    return pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


@dataclass
class ModbusClient:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = 0

    async def ask(self, unit: int, pdu: bytes) -> bytes | Refused:
        """Return the PDU of the answer."""
        self.sent += 1
        self.writer.write(adu(unit, pdu, self.sent))
        transaction, answered, answer = await self.heard()
        assert (transaction, answered) == (self.sent, unit)
        return Refused(answer[1]) if answer[0] & 0x80 else answer

    async def heard(self) -> tuple[int, int, bytes]:
        """Return transaction, unit and PDU of the next frame."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readexactly(7)
            transaction, protocol, length, unit = unpack(">HHHB", head)
            assert protocol == 0
            return transaction, unit, await self.reader.readexactly(length - 1)

    async def read(self, unit: int, start: int, count: int) -> list[int] | Refused:
        """Return registers, by function 3."""
        answer = await self.ask(unit, pack(">BHH", 3, start, count))
        if isinstance(answer, Refused):
            return answer
        assert answer[:2] == bytes((3, 2 * count))
        return list(unpack(f">{count}H", answer[2:]))

    async def write(self, unit: int, start: int, words: Sequence[int]) -> Refused | None:
        """Write registers by function 16."""
        head = pack(">BHHB", 16, start, len(words), 2 * len(words))
        answer = await self.ask(unit, head + pack(f">{len(words)}H", *words))
        if isinstance(answer, Refused):
            return answer
        assert answer == head[:5]
        return None

    async def write_one(self, unit: int, register: int, word: int) -> Refused | None:
        """Write a register by function 6."""
        request = pack(">BHH", 6, register, word)
        answer = await self.ask(unit, request)
        if isinstance(answer, Refused):
            return answer
        assert answer == request
        return None

    async def models(self, unit: int, base: int = 40000) -> dict[int, tuple[int, int]]:
        """Return where each model begins and how long it is, by walking the chain from header to header."""
        assert await self.read(unit, base, 2) == [0x5375, 0x6E53]
        found: dict[int, tuple[int, int]] = {}
        at = base + 2
        while True:
            header = await self.read(unit, at, 2)
            assert isinstance(header, list)
            if header[0] == 0xFFFF:
                return found
            found[header[0]] = at, header[1]
            at += 2 + header[1]

    async def closed(self) -> bool:
        """Tell whether the server ends the connection, without another word."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.reader.read(1) == b""
        except ConnectionError:
            return True


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[ModbusClient]:
    """Connect to a server on this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield ModbusClient(reader, writer)
    finally:
        writer.transport.abort()
