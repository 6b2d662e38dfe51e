"""A broker inside the process: retained messages, QoS 1, last wills. It works on virtual time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from drivers.mqtt.filters import matches
from drivers.mqtt.line import Line
from drivers.mqtt.session import ClosedError, Message, Options, Session, TakenOverError
from protocols.errors import LinkDownError

MAX_TRANSCRIPT = 10_000  # messages that the transcript keeps, for whoever looks at a run afterwards
MAX_HELD_UP = 10_000  # requests that wait while the broker hangs; a real socket's buffer is bounded too
_IN_ORDER_S = 1e-6  # between two delayed requests: the loop keeps no order among timers of one instant


@dataclass(frozen=True, slots=True)
class _Subscription:
    topic_filter: str
    qos: int


class _Connection:
    """One client at the broker; it is the session too."""

    def __init__(self, broker: "MemoryBroker", options: Options) -> None:
        self.client_id = options.client_id
        self.will = options.will
        self.line = Line()
        self.subscriptions: dict[str, _Subscription] = {}
        self._broker = broker

    @property
    def dropped(self) -> int:
        return self.line.dropped

    async def publish(self, message: Message) -> None:
        self.line.check()
        if self._broker.prompt:
            self._broker.accept(message)
            return
        accepted = self._broker.request(lambda: self._broker.accept(message))
        if message.qos > 0:
            async with self.line.answer():
                await accepted.wait()

    async def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        async with self.line.answer():
            await self._broker.request(lambda: self._broker.subscribe(self, _Subscription(topic_filter, qos))).wait()

    def messages(self) -> AsyncIterator[Message]:
        return self.line.messages()


class MemoryBroker:
    """The broker, with the controls that a test or a demonstration needs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.transcript: deque[Message] = deque(maxlen=MAX_TRANSCRIPT)
        self.retained: dict[str, Message] = {}
        self._connections: dict[str, _Connection] = {}
        self._up = True
        self._held_up: deque[Callable[[], None]] | None = None  # requests in order, while the broker hangs
        self._delay_s = 0.0
        self._free_at = 0.0  # loop time at which the last delayed request is carried out
        self._pending = 0  # delayed requests
        self._life = 0  # grows with each stop: what was asked of an earlier process is lost
        self.heard: Callable[[Message], None] | None = None  # an ear that no outage of the broker can shut

    def stop(self) -> None:
        """Go away as a killed process does: every session is lost, nothing retained survives."""
        self._up = False
        self._life += 1
        self._held_up = None
        self.retained.clear()
        for connection in self._connections.values():
            connection.line.lose(ClosedError(f"{self.name}: broker stopped"))
        self._connections.clear()

    def start(self) -> None:
        """Come back, empty."""
        self._up = True

    def hang(self) -> None:
        """Answer nothing from now on, and keep what is asked."""
        self._held_up = deque(maxlen=MAX_HELD_UP)

    def resume(self) -> None:
        """Catch up with what was asked while hanging."""
        waiting, self._held_up = self._held_up or (), None
        for act in waiting:
            act()

    def slow(self, delay_s: float) -> None:
        """Carry out every request so much later, in order; 0: at once again."""
        self._delay_s = delay_s

    def serves(self, client_id: str) -> bool:
        """Tell whether a client of that name is connected."""
        return client_id in self._connections

    def drop(self, client_id: str, reason: LinkDownError | None = None) -> None:
        """Cut one client off, as a broken cable does; its will is published."""
        connection = self._connections.pop(client_id)
        connection.line.lose(reason or LinkDownError(f"{self.name}: connection lost"))
        if connection.will is not None:
            self.accept(connection.will)

    def request(self, act: Callable[[], None]) -> asyncio.Event:
        """Carry out a client's request, now or once the broker no longer hangs; the event is its acknowledgement."""
        done, life = asyncio.Event(), self._life

        def carry_out() -> None:
            if life == self._life:
                act()
                done.set()

        def carry_out_late() -> None:
            self._pending -= 1
            carry_out()

        if self.prompt:
            carry_out()
        elif self._held_up is not None:
            self._held_up.append(carry_out)
        else:
            loop = asyncio.get_running_loop()
            self._pending += 1
            self._free_at = max(loop.time() + self._delay_s, self._free_at + _IN_ORDER_S)
            loop.call_at(self._free_at, carry_out_late)
        return done

    def attach(self, connection: _Connection) -> None:
        """Let a client in; whoever had its name before is cut off."""
        if connection.client_id in self._connections:
            self.drop(connection.client_id, TakenOverError(f"{self.name}: another client came under our name"))
        self._connections[connection.client_id] = connection

    def detach(self, connection: _Connection) -> None:
        """Let a client go that says goodbye: no will."""
        if self._connections.get(connection.client_id) is connection:
            del self._connections[connection.client_id]

    @property
    def prompt(self) -> bool:
        """Tell whether requests are carried out at once: it neither hangs nor is slow, and has caught up."""
        return self._held_up is None and not self._delay_s and not self._pending

    def accept(self, message: Message) -> None:
        """Keep a retained message, pass any message on to those who asked."""
        self.transcript.append(message)
        if self.heard is not None:
            self.heard(message)
        if message.retain and message.payload:
            self.retained[message.topic] = message
        elif message.retain:
            self.retained.pop(message.topic, None)
        for connection in self._connections.values():
            granted = [s.qos for s in connection.subscriptions.values() if matches(s.topic_filter, message.topic)]
            if granted:
                live = replace(message, retain=False) if message.retain else message
                connection.line.deliver(_at_most(live, max(granted)))

    def subscribe(self, connection: _Connection, subscription: _Subscription) -> None:
        """Note what a client wants and replay what is retained of it."""
        connection.subscriptions[subscription.topic_filter] = subscription
        for message in self.retained.values():
            if matches(subscription.topic_filter, message.topic):
                connection.line.deliver(_at_most(message, subscription.qos))

    @property
    def up(self) -> bool:
        """Tell whether the broker runs."""
        return self._up


def _at_most(message: Message, qos: int) -> Message:
    """Return a message at the quality of service that was granted."""
    return replace(message, qos=qos) if message.qos > qos else message


_BROKERS: dict[str, MemoryBroker] = {}


def broker(name: str) -> MemoryBroker:
    """Return the broker of that name; the first who asks for it makes it."""
    return _BROKERS.setdefault(name, MemoryBroker(name))


def forget(name: str) -> None:
    """Let a broker be made anew, empty, by the next who asks for it."""
    _BROKERS.pop(name, None)


@asynccontextmanager
async def session(at: MemoryBroker, options: Options) -> AsyncIterator[Session]:
    """Connect to an in-process broker; see `connect`."""
    if not at.up:
        raise LinkDownError(f"{at.name}: no broker of that name runs")
    connection = _Connection(at, options)
    async with connection.line.answer():
        await at.request(lambda: at.attach(connection)).wait()
    try:
        yield connection
    finally:
        at.request(lambda: at.detach(connection))
