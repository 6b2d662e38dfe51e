"""Medium access: who may speak when, on a medium that many share."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import TypeAlias

from drivers.link import Urgency

_Waiter: TypeAlias = tuple[Urgency, int, asyncio.Future[None]]


class MediumAccess:
    """Grants a medium to at most `in_flight` conversations; the most urgent goes first, in order of arrival.

    A place stays empty for `gap_s` after each conversation, and is given away only at the end of the gap: a command
    that arrives meanwhile goes before a poll that waited longer.
    """

    def __init__(self, in_flight: int, gap_s: float) -> None:
        self._free = in_flight
        self._gap_s = gap_s
        self._order = count()
        self._waiting: list[_Waiter] = []  # one per task of the link: its poller and the commands that were admitted

    @asynccontextmanager
    async def claim(self, urgency: Urgency) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._acquire(urgency)
        try:
            yield
        finally:
            asyncio.get_running_loop().call_later(self._gap_s, self._release)

    async def _acquire(self, urgency: Urgency) -> None:
        if self._free:
            self._free -= 1
            return
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (urgency, next(self._order), granted)
        heapq.heappush(self._waiting, waiter)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():  # the place was ours already
                self._release()
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
                heapq.heapify(self._waiting)
            raise

    def _release(self) -> None:
        """Give a place to whoever goes first."""
        while self._waiting:
            granted = heapq.heappop(self._waiting)[2]
            if not granted.done():  # cancelled, but not yet run
                granted.set_result(None)
                return
        self._free += 1
