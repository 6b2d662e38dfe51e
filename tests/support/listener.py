"""A client that hears everything, for tests that look at a broker from outside."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options, Session
from protocols.errors import LinkDownError

PATIENCE_S = 20.0


class Listener:
    """What has been heard, in order; `publish` speaks with the same session."""

    def __init__(self, session: Session) -> None:
        self.heard: list[Message] = []
        self.lost = False
        self._session = session
        self._stirred = asyncio.Event()

    @property
    def live(self) -> list[Message]:
        """Return what was said while we listened: nothing that a broker replayed."""
        return [message for message in self.heard if not message.retain]

    def topics(self) -> list[str]:
        """Return the topics of what was said while we listened, in order."""
        return [message.topic for message in self.live]

    def last(self, topic: str) -> Any:
        """Return the newest JSON on a topic; None when there is none or it was cleared."""
        payloads = [message.payload for message in self.heard if message.topic == topic]
        return json.loads(payloads[-1]) if payloads and payloads[-1] else None

    def of(self, ending: str) -> list[Any]:
        """Return all JSON on the topics that end so, in order; what was cleared is left out."""
        return [json.loads(said.payload) for said in self.heard if said.topic.endswith(ending) and said.payload]

    async def publish(self, message: Message) -> None:
        """Say something."""
        await self._session.publish(message)

    async def until(self, condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Return once a condition on what was heard holds; give up after a while."""
        async with asyncio.timeout(within_s):
            while not condition():
                self._stirred.clear()
                await self._stirred.wait()

    async def until_said(self, topic: str, payload: bytes | None = None) -> None:
        """Return once something was said on a topic, or just that payload."""
        await self.until(lambda: any(m.topic == topic and payload in {None, m.payload} for m in self.live))

    async def listen(self) -> None:
        """Hear until cancelled or cut off."""
        try:
            async for message in self._session.messages():
                self.heard.append(message)
                self._stirred.set()
        except LinkDownError:
            self.lost = True
            self._stirred.set()


@asynccontextmanager
async def listening(url: str, topic_filter: str = "#", client_id: str = "listener") -> AsyncIterator[Listener]:
    """Hear what is said at a broker."""
    async with connect(Options(url=url, client_id=client_id)) as session, asyncio.TaskGroup() as group:
        await session.subscribe(topic_filter)
        listener = Listener(session)
        task = group.create_task(listener.listen())
        yield listener
        task.cancel()
