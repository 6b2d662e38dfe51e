"""Inverters of canned frames behind a pseudo-terminal: they answer at once, cost next to nothing, and count."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from config.grid_profiles import grid_profile, on_wire
from drivers.stream import ByteStream, listen
from protocols.modbus import rtu
from protocols.modbus.pdu import ReadAnswer
from protocols.points import DA, DCA, DCV, DCW, HZ, INV_ST, LNV, MD, SN, TOT_WH_INJ, UP_TMS, VR, A, Channel, Value, W
from protocols.states import InvSt
from protocols.vendors.atmoce import blocks, layout

_QUESTION = 8  # bytes of a read


class Canned:
    """The units at nodes 1 … n; `polls` counts the live blocks that were asked for."""

    def __init__(self, serials: Sequence[str]) -> None:
        self.polls = 0
        self._serials = serials
        self._grid_profile = on_wire(grid_profile("eu_en_50549_1_2019"))
        self._waiting: list[tuple[int, asyncio.Event]] = []

    async def until(self, polls: int) -> None:
        """Return when so many polls were answered."""
        reached = asyncio.Event()
        self._waiting.append((polls, reached))
        await reached.wait()

    async def serve(self, stream: ByteStream) -> None:
        """Answer until cancelled."""
        heard = b""
        while True:
            heard += await stream.read()
            while len(heard) >= _QUESTION:
                question, heard = heard[:_QUESTION], heard[_QUESTION:]
                await stream.write(self.answer(question[0], int.from_bytes(question[2:4], "big")))

    def answer(self, node: int, register: int) -> bytes:
        """Return the answer to a read of the block at a register."""
        match register:
            case layout.IDENTITY_AT:
                block = layout.IDENTITY.pack(self._identity(node))
            case layout.GRID_PROFILE_AT:
                block = blocks.grid_profile(self._grid_profile)
            case layout.LIVE_AT:
                block = layout.LIVE.pack(self._live())
                self._count()
            case _:
                raise ValueError(f"there is no canned answer for register {register}")
        return rtu.encode(node, ReadAnswer(block).encode())

    def _count(self) -> None:
        self.polls += 1
        for polls, reached in self._waiting:
            if self.polls >= polls:
                reached.set()

    def _identity(self, node: int) -> dict[Channel, Value]:
        texts: dict[Channel, Value] = {
            Channel(SN): self._serials[node - 1],
            Channel(MD): "MI-500",
            Channel(VR): "1.0.0",
            Channel(DA): node,
        }
        return {**dict.fromkeys(layout.IDENTITY.channels, 500), **texts}

    def _live(self) -> dict[Channel, Value]:
        """Return values that move from poll to poll as those of a real unit do."""
        watt = 300 + self.polls % 97 / 10
        moving = {Channel(W): watt, Channel(DCW, 1): watt * 1.03, Channel(A): watt / 230, Channel(DCA, 1): watt / 34}
        steady = {Channel(LNV): 230.4, Channel(HZ): 50.01, Channel(DCV, 1): 34.2, Channel(INV_ST): int(InvSt.RUNNING)}
        counted = {Channel(TOT_WH_INJ): 1_000_000 + self.polls // 200, Channel(UP_TMS): self.polls / 10}
        return {**dict.fromkeys(layout.LIVE.channels, 0), **moving, **steady, **counted}


@asynccontextmanager
async def canned(path: Path, serials: Sequence[str]) -> AsyncIterator[Canned]:
    """Serve canned units at the pseudo-terminal `path` for the time of the context."""
    units = Canned(serials)
    listener = await listen(f"pty:{path}")
    serving = asyncio.create_task(units.serve(await listener.accept()))
    try:
        yield units
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()
