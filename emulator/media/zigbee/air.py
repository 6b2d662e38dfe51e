"""The air of a ZigBee network: one channel that everybody hears, frames that are acknowledged, relays.

IEEE 802.15.4 at 2.4 GHz: 32 µs a byte. Whoever has a frame waits 0 to 2^BE - 1 slots of 320 µs, BE growing from 3 to 5,
and looks whether the channel is free, five times at most. A frame to one receiver is acknowledged; without that it is
sent again, four times in all. Nobody is hidden from anybody, so frames never collide; what is lost is lost to the
impairments.

A message of more than 100 bytes goes as fragments, one after the other, each acknowledged from end to end.
"""

import asyncio
from collections.abc import Sequence
from math import ceil
from random import Random
from typing import Protocol

from config.site import Impairments
from emulator.impairment import Channel
from protocols.modems.znp.status import SUCCESS, Status

BYTE_S = 32e-6
SLOT_S = 320e-6
LOOK_S = 128e-6 + 192e-6  # at the channel, and from listening to sending
HEAD_BYTES = 33  # PHY 6, MAC 11, NWK 8, APS 8
ACK_S = 192e-6 + 11 * BYTE_S
SILENCE_S = 640e-6
LOOKS = (3, 4, 5, 5, 5)  # BE of each
SENDS = 4
MOST_DATA = 100
FRAGMENT_BYTES = 3
RELAY_S = 0.005  # a relay's own time
BROADCASTS = 3  # times that a broadcast is on the air: it is repeated, not acknowledged


class Receiver(Protocol):
    """Who may hear a frame."""

    @property
    def listening(self) -> bool:
        """Tell whether its radio works now."""
        ...


class Air:
    """The channel. `carried` frames were sent, `refused` never got onto it."""

    def __init__(self, impairments: Impairments, seed: str) -> None:
        self._channel = Channel(impairments, seed)
        self._rng = Random(f"{seed}/access")
        self._free_at = 0.0
        self.carried = 0
        self.refused = 0

    async def carry(self, data: bytes, way: Sequence[Receiver]) -> int:
        """Carry a message all the way, past relays to whom it is for; return what became of it."""
        sizes = [len(data)]
        if len(data) > MOST_DATA:
            count = ceil(len(data) / (MOST_DATA - FRAGMENT_BYTES))
            sizes = [ceil(len(data) / count) + FRAGMENT_BYTES] * count
        for size in sizes:
            status = await self._pass_on(size, data, way)
            if status == SUCCESS and len(sizes) > 1:
                status = await self._pass_on(0, data, way)  # the other way, over as many hops
            if status != SUCCESS:
                return status
        return SUCCESS

    async def spread(self, data: bytes) -> bool:
        """Put a broadcast on the air; tell whether the channel was free for it."""
        done = [await self._occupy(len(data), acknowledged=False) for _ in range(BROADCASTS)]
        return any(done)

    def hears_broadcast(self, data: bytes) -> bool:
        """Tell whether one receiver hears at least one of the repeats."""
        return any(self._arrives(data) for _ in range(BROADCASTS))

    async def _pass_on(self, size: int, data: bytes, way: Sequence[Receiver]) -> int:
        for number, stop in enumerate(way):
            if number:
                await asyncio.sleep(RELAY_S)
            status = await self._hop(size, data, stop)
            if status != SUCCESS:
                return status
        return SUCCESS

    async def _hop(self, size: int, data: bytes, receiver: Receiver) -> int:
        """Send a frame until it is acknowledged."""
        for _ in range(SENDS):
            if not await self._occupy(size, acknowledged=True):
                return Status.MAC_CHANNEL_ACCESS_FAILURE
            if receiver.listening and self._arrives(data) and self._arrives(b""):
                return SUCCESS
        return Status.MAC_NO_ACK

    async def _occupy(self, size: int, *, acknowledged: bool) -> bool:
        """Wait for the channel and use it; False when it was never free."""
        now = asyncio.get_running_loop().time
        for exponent in LOOKS:
            await asyncio.sleep(self._rng.randrange(1 << exponent) * SLOT_S + LOOK_S)
            if now() >= self._free_at:
                taken_s = (HEAD_BYTES + size) * BYTE_S + ACK_S * acknowledged
                self._free_at = now() + taken_s + SILENCE_S
                self.carried += 1
                await asyncio.sleep(taken_s)
                return True
        self.refused += 1
        return False

    def _arrives(self, data: bytes) -> bool:
        """Tell whether a receiver gets a frame whole: a wrong bit costs all of it."""
        if self._channel.lost(asyncio.get_running_loop().time()):
            return False
        return self._channel.faithful or self._channel.damaged(data) == data
