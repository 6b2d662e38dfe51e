"""What both kinds of session share: a bounded inbox, and the news that the connection is lost."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from drivers.mqtt.session import Message
from protocols.errors import LinkDownError

MAX_INBOX = 1000  # received messages that wait for their reader: a flood costs memory only up to here
ANSWER_WITHIN_S = 10.0  # for an acknowledgement; a broker that needs longer is taken for dead


class Line:
    """One connection's inbox, and whoever waits for the broker's answer on it."""

    def __init__(self) -> None:
        self.dropped = 0
        self._inbox: deque[Message] = deque()
        self._stirred = asyncio.Event()
        self._lost: LinkDownError | None = None
        self._waiting: set[asyncio.Timeout] = set()

    def deliver(self, message: Message) -> None:
        """Put a message in the inbox; drop and count it when the inbox is full."""
        if len(self._inbox) >= MAX_INBOX:
            self.dropped += 1
            return
        self._inbox.append(message)
        self._stirred.set()

    def lose(self, reason: LinkDownError) -> None:
        """End all waiting: the connection is gone. The first reason stays."""
        if self._lost is not None:
            return
        self._lost = reason
        self._stirred.set()
        for scope in self._waiting:
            if not scope.expired():
                scope.reschedule(0.0)

    @asynccontextmanager
    async def answer(self) -> AsyncIterator[None]:
        """Wait for the broker in the body; LinkDownError when the connection is lost or the answer does not come."""
        self.check()
        scope = asyncio.timeout(ANSWER_WITHIN_S)
        try:
            async with scope:
                self._waiting.add(scope)
                try:
                    yield
                finally:
                    self._waiting.discard(scope)
        except TimeoutError:
            self.check()
            raise LinkDownError(f"no answer from the broker within {ANSWER_WITHIN_S:g} s") from None

    async def messages(self) -> AsyncIterator[Message]:
        """Yield what was received; LinkDownError once the connection is lost and the inbox is empty."""
        while True:
            while self._inbox:
                yield self._inbox.popleft()
            self.check()
            self._stirred.clear()
            await self._stirred.wait()

    def check(self) -> None:
        """Raise LinkDownError when the connection is lost."""
        if self._lost is not None:
            raise type(self._lost)(*self._lost.args)  # a fresh one: each carries its own traceback
