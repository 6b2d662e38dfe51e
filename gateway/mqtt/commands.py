"""Commands by MQTT: simple writes and the verbs `command` and `alarm`; what comes of them, made into messages."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol, TypeVar

from drivers.mqtt.session import Message
from gateway.alarms.command import Action, Command
from gateway.alarms.reset import Answer
from gateway.control.order import Code, Order, Outcome, Refusal, Verb
from gateway.mqtt import alarms, payloads, replies
from gateway.mqtt.payloads import AlarmQuery, CommandQuery, Json, Query
from gateway.mqtt.topics import Inverter, Request, SiteWide, SiteWrite, Tree, Write

MAX_REPLIES = 1000  # that wait for the broker; beyond that the oldest goes and is counted
AUTHOR = "mqtt"  # of a simple write: the broker does not say whose it is
COMMAND, ALARM = "command", "alarm"  # the verbs of requests
T = TypeVar("T")
_VERBS = {verb.value: verb for verb in Verb}
_ACTIONS = {action.value: action for action in (Action.ACK, Action.RESET, Action.SHELVE, Action.UNSHELVE)}


class Orders(Protocol):
    """Whoever carries orders out."""

    def submit(self, order: Order) -> "asyncio.Future[Outcome]":
        """Take an order; the future holds what came of it."""
        ...


class Operated(Protocol):
    """Whoever does what operators ask of alarms."""

    def command(self, command: Command) -> "asyncio.Future[Answer]":
        """Take a command; the future holds the alarm after it, or why not."""
        ...


class Commands:
    """Takes commands from the broker and keeps the replies until they are sent. `utc` is the time for stamps."""

    def __init__(self, tree: Tree, orders: Orders, operated: Operated, utc: Callable[[], float]) -> None:
        self.dropped = 0
        self._tree = tree
        self._orders = orders
        self._operated = operated
        self._utc = utc
        self._told = 0
        self._replies: deque[Message] = deque()
        self._ready = asyncio.Event()

    def take(self, message: Message) -> bool:
        """Take a command; tell whether the message was one."""
        match self._tree.parse(message.topic):
            case Request("command"):
                self._ask(message)
            case Request("alarm"):
                self._operate(message)
            case Write(slot, key):
                self._write(message, slot, key, Inverter(slot, "event"))
            case SiteWrite(key):
                self._write(message, "site", key, SiteWide("event"))
            case _:
                return False
        return True

    async def reply(self) -> Message:
        """Return the next reply, once there is one."""
        while not self._replies:
            self._ready.clear()
            await self._ready.wait()
        return self._replies.popleft()

    def _ask(self, message: Message) -> None:
        """Take a command."""
        answer, transaction = self._answerer(COMMAND, message)
        wanted = payloads.parse_query(message.payload, CommandQuery)
        if isinstance(wanted, payloads.Refusal):
            answer(payloads.response(wanted, transaction))
        elif wanted.command not in _VERBS:
            text = f"no command {wanted.command}; there are {', '.join(_VERBS)}"
            answer(replies.response(Refusal(Code.NOT_SUPPORTED, text), wanted.target, transaction))
        else:
            order = _order(wanted, retained=message.retain)
            self._submit(order, lambda outcome: answer(replies.response(outcome, order.target, transaction)))

    def _operate(self, message: Message) -> None:
        """Take what an operator asks of an alarm."""
        answer, transaction = self._answerer(ALARM, message)
        wanted = payloads.parse_query(message.payload, AlarmQuery)
        if message.retain:
            wanted = payloads.Refusal("retained", "requests must not be retained")
        if isinstance(wanted, payloads.Refusal):
            answer(payloads.response(wanted, transaction))
        elif wanted.action not in _ACTIONS:
            text = f"no action {wanted.action}; there are {', '.join(_ACTIONS)}"
            answer(payloads.response(payloads.Refusal("not_supported", text), transaction))
        else:
            asked = Command(_ACTIONS[wanted.action], wanted.target, wanted.code, wanted.by, wanted.for_s)
            then = partial(_pass_on, lambda came_of_it: answer(alarms.answer(came_of_it, transaction)))
            self._operated.command(asked).add_done_callback(then)

    def _answerer(self, verb: str, message: Message) -> tuple[Callable[[Json], None], str | int | None]:
        """Return how to answer a request, and its transaction, which comes back even where nothing else can be read."""
        query = payloads.parse_query(message.payload, Query)
        topic = self._tree.answer_to(verb, message.response_topic)

        def answer(payload: Json) -> None:
            self._keep(Message(topic, payloads.encode(payload), qos=1, correlation=message.correlation))

        return answer, query.transaction if isinstance(query, Query) else None

    def _write(self, message: Message, target: str, key: str, event: Inverter | SiteWide) -> None:
        """Take a simple write; an empty payload clears a retained one and means nothing, but for a restart."""
        if not message.payload and key != "restart":
            return
        order = _written(key, target, message)
        if isinstance(order, Order):
            self._submit(order, lambda outcome: self._tell(event, key, replies.refusal(outcome)))
        else:
            self._tell(event, key, {"error": {"code": order.code, "message": order.message}})

    def _submit(self, order: Order, then: Callable[[Outcome], None]) -> None:
        self._orders.submit(order).add_done_callback(partial(_pass_on, then))

    def _tell(self, event: Inverter | SiteWide, key: str, refusal: Json | None) -> None:
        """Tell that a write was refused, if it was."""
        if refusal is None:
            return
        self._told += 1
        utc = self._utc()
        named = {"id": f"{round(utc * 1000):x}-{key}-{self._told}", "ts": payloads.stamp(utc)}
        payload = {**named, "kind": "write_refused", "key": key, "by": AUTHOR, **refusal}
        self._keep(Message(self._tree.topic(event), payloads.encode(payload), qos=1))

    def _keep(self, reply: Message) -> None:
        if len(self._replies) >= MAX_REPLIES:
            self._replies.popleft()
            self.dropped += 1
        self._replies.append(reply)
        self._ready.set()


def _pass_on(then: Callable[[T], None], outcome: "asyncio.Future[T]") -> None:
    if not outcome.cancelled():  # the daemon stops
        then(outcome.result())


def _order(wanted: CommandQuery, *, retained: bool) -> Order:
    return Order(
        target=wanted.target,
        verb=_VERBS[wanted.command],
        by=wanted.by,
        value=wanted.value,
        unit=wanted.unit,
        for_s=wanted.for_s,
        persistent=wanted.persistent,
        transaction=wanted.transaction,
        issued_at=None if wanted.ts is None else wanted.ts.timestamp(),
        retained=retained,
    )


def _written(key: str, target: str, message: Message) -> Order | payloads.Refusal:
    """Return the order that a simple write means."""
    meaning = _MEANINGS.get(key)
    if meaning is None:
        return payloads.Refusal(Code.NOT_SUPPORTED.value, f"no key {key}; there are {', '.join(_MEANINGS)}")
    facts = meaning(message.payload)
    if isinstance(facts, payloads.Refusal):
        return facts
    return Order(target=target, by=AUTHOR, retained=message.retain, **facts)


def _limit(unit: str, payload: bytes) -> Json | payloads.Refusal:
    value = payloads.parse_number(payload)
    if isinstance(value, payloads.Refusal):
        return value
    return {"verb": Verb.LIMIT, "value": value, "unit": unit}


def _switch(payload: bytes) -> Json | payloads.Refusal:
    on = payloads.parse_switch(payload)
    if isinstance(on, payloads.Refusal):
        return on
    return {"verb": Verb.ENABLE if on else Verb.DISABLE}


def _restart(_: bytes) -> Json:
    return {"verb": Verb.RESTART}


_MEANINGS: Mapping[str, Callable[[bytes], Json | payloads.Refusal]] = {
    "limit_w": partial(_limit, "W"),
    "limit_pct": partial(_limit, "%"),
    "enabled": _switch,
    "restart": _restart,
}
