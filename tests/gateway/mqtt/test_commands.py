"""Commands as messages: what they mean, and what is said of their end."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from drivers.mqtt.session import Message
from gateway.control.order import Code, Order, Outcome, Refusal, Report, UnitResult, Verb
from gateway.mqtt.commands import MAX_REPLIES, Commands
from gateway.mqtt.payloads import MAX_AUTHOR, MAX_REQUEST, MAX_TARGET
from gateway.mqtt.topics import Tree
from tests.support import virtual_time
from tests.support.alarms import ScriptedAlarms
from tests.support.mqtt_site import NOON
from tests.support.orders import ScriptedOrders

ROOT = "opencombiner/home"
ASK = f"{ROOT}/bridge/request/command"
ANSWERS = f"{ROOT}/bridge/response/command"
LONG = b"x" * (MAX_AUTHOR + 1)
DONE = UnitResult(50.0, 50.0, NOON)
ASLEEP = Refusal(Code.ASLEEP, "no light")
REFUSED = Refusal(Code.REFUSED_BY_DEVICE, "told 5 %, it says 10 %")


def said(message: Message, outcome: Outcome | None = None) -> tuple[list[Order], list[Message]]:
    """Return the orders that a message makes, and the replies once they have come to an end."""

    async def main() -> tuple[list[Order], list[Message]]:
        orders = ScriptedOrders(outcome or Report({"a": DONE}))
        commands = Commands(Tree("opencombiner", "home"), orders, ScriptedAlarms(), lambda: NOON)
        commands.take(message)
        replies: list[Message] = []
        try:
            async with asyncio.timeout(1):
                while True:
                    replies.append(await commands.reply())
        except TimeoutError:
            return orders.taken, replies

    return virtual_time.run(main())


def request(retain: bool = False, **facts: Any) -> Message:  # noqa: FBT001, FBT002 - as the message has it
    return Message(ASK, json.dumps(facts).encode(), 1, retain=retain)


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("inverter/a/set/limit_w", b"200", Order(target="a", verb=Verb.LIMIT, by="mqtt", value=200.0, unit="W")),
        ("inverter/a/set/limit_pct", b"55.5", Order(target="a", verb=Verb.LIMIT, by="mqtt", value=55.5, unit="%")),
        ("inverter/a/set/enabled", b"true", Order(target="a", verb=Verb.ENABLE, by="mqtt")),
        ("inverter/a/set/enabled", b"false", Order(target="a", verb=Verb.DISABLE, by="mqtt")),
        ("inverter/a/set/restart", b"PRESS", Order(target="a", verb=Verb.RESTART, by="mqtt")),
        ("inverter/a/set/restart", b"", Order(target="a", verb=Verb.RESTART, by="mqtt")),
        ("site/set/limit_w", b"900", Order(target="site", verb=Verb.LIMIT, by="mqtt", value=900.0, unit="W")),
        ("site/set/limit_pct", b"0", Order(target="site", verb=Verb.LIMIT, by="mqtt", value=0.0, unit="%")),
        ("site/set/enabled", b"false", Order(target="site", verb=Verb.DISABLE, by="mqtt")),
        ("site/set/restart", b"", Order(target="site", verb=Verb.RESTART, by="mqtt")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_simple_writes_are_orders_and_what_is_done_shows_in_the_state_alone(
    topic: str, payload: bytes, expected: Order
) -> None:
    assert said(Message(f"{ROOT}/{topic}", payload, 1)) == ([expected], [])


def test_a_request_is_an_order() -> None:
    taken, _ = said(
        request(
            target="branch/b1",
            command="limit",
            value=700,
            unit="W",
            for_s=60,
            by="ems",
            transaction="t1",
            ts="2026-06-21T12:00:00Z",
        )
    )
    assert taken == [
        Order(
            target="branch/b1",
            verb=Verb.LIMIT,
            by="ems",
            value=700.0,
            unit="W",
            for_s=60.0,
            transaction="t1",
            issued_at=NOON,
        )
    ]


def test_a_limit_may_be_one_that_units_keep_in_their_memory() -> None:
    taken, _ = said(request(target="a", command="limit", value=50, unit="%", persistent=True))
    assert taken == [Order(target="a", verb=Verb.LIMIT, by="mqtt", value=50.0, unit="%", persistent=True)]


@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_every_command_of_the_contract_is_known(verb: Verb) -> None:
    taken, _ = said(request(target="site", command=verb.value))
    assert taken == [Order(target="site", verb=verb, by="mqtt")]


def test_the_retain_flag_goes_with_the_order() -> None:
    assert said(request(retain=True, target="a", command="restart"))[0][0].retained
    assert said(Message(f"{ROOT}/inverter/a/set/limit_w", b"5", 1, retain=True))[0][0].retained
    assert said(Message(f"{ROOT}/inverter/a/set/enabled", b"true", 1, retain=True))[0][0].retained
    assert said(Message(f"{ROOT}/site/set/restart", b"", 1, retain=True))[0][0].retained


def test_the_answer_for_one_inverter() -> None:
    _, (answer,) = said(request(target="a", command="limit", value=50, unit="%", transaction="t1"))
    assert (answer.topic, answer.qos, answer.retain) == (ANSWERS, 1, False)
    assert json.loads(answer.payload) == {
        "status": "ok",
        "transaction": "t1",
        "data": {
            "accepted": True,
            "applied": 50.0,
            "read_back": 50.0,
            "at": "2026-06-21T12:00:00.000Z",
            "error": None,
        },
        "error": None,
    }


def test_the_answer_for_a_group_is_by_inverter() -> None:
    outcome = Report({"a": DONE, "b": UnitResult(refusal=ASLEEP, kept=True), "c": UnitResult(5.0, 10.0, NOON, REFUSED)})
    _, (answer,) = said(request(target="site", command="limit", value=50, unit="%"), outcome)
    payload = json.loads(answer.payload)
    assert (payload["status"], payload["error"], payload["data"]["accepted"]) == ("ok", None, True)
    units = payload["data"]["units"]
    assert {slot: unit["accepted"] for slot, unit in units.items()} == {"a": True, "b": True, "c": False}
    assert units["b"]["error"] == {"code": "asleep", "message": "no light"}
    assert (units["c"]["applied"], units["c"]["read_back"], units["c"]["error"]["code"]) == (
        5.0,
        10.0,
        "refused_by_device",
    )


@pytest.mark.parametrize(
    ("outcome", "data"),
    [(ASLEEP, False), (Report({"a": UnitResult(refusal=ASLEEP)}), True)],
    ids=["not admitted", "refused by every unit"],
)
def test_a_refusal_has_code_and_message(outcome: Outcome, data: bool) -> None:  # noqa: FBT001 - a column
    _, (answer,) = said(request(target="a", command="disable", transaction=7), outcome)
    payload = json.loads(answer.payload)
    assert (payload["status"], payload["transaction"]) == ("error", 7)
    assert payload["error"] == {"code": "asleep", "message": "no light"}
    assert (payload["data"] is not None) is data


def test_answers_go_where_they_are_wanted_with_their_correlation() -> None:
    wanted = Message(ASK, b'{"target":"a","command":"enable"}', 1, response_topic="me/answers", correlation=b"\x01\x02")
    _, (answer,) = said(wanted)
    assert (answer.topic, answer.correlation) == ("me/answers", b"\x01\x02")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{", "invalid_payload"),
        (b"", "invalid_payload"),
        (b'{"transaction":"t1","target":"a"}', "invalid_payload"),
        (b'{"transaction":"t1","target":"a","command":"explode"}', "not_supported"),
        (b'{"transaction":"t1","target":"a","command":"limit","value":"50"}', "invalid_payload"),
        (b'{"transaction":"t1","target":"a","command":"limit","value":true}', "invalid_payload"),
        (b'{"transaction":"t1","target":"a","command":"limit","value":NaN}', "invalid_payload"),
        (b'{"transaction":"t1","target":"a","command":"limit","value":50,"persistent":"yes"}', "invalid_payload"),
        (b'{"transaction":"t1","target":"a","command":"enable","ts":"2026-06-21T12:00:00"}', "invalid_payload"),
        (b'{"transaction":"t1","target":"a","command":"enable","by":""}', "invalid_payload"),
        (
            b'{"transaction":"t1","target":"a","command":"enable","by":"%s"}' % LONG,
            "invalid_payload",
        ),
        (b'{"transaction":"t1","command":"enable","target":"%s"}' % (b"x" * (MAX_TARGET + 1)), "invalid_payload"),
        (b" " * MAX_REQUEST + b"{}", "invalid_payload"),
    ],
    ids=[
        "cut",
        "empty",
        "without a command",
        "an unknown command",
        "a value that is a text",
        "a value that is a switch",
        "a value that is none",
        "a persistence that is a text",
        "a time without a zone",
        "an author without a name",
        "an author that is too long",
        "a target that is too long",
        "oversized",
    ],
)
def test_requests_that_are_no_order(payload: bytes, code: str) -> None:
    taken, (answer,) = said(Message(ASK, payload, 1))
    read = json.loads(answer.payload)
    assert (taken, read["status"], read["error"]["code"]) == ([], "error", code)
    assert read["transaction"] == ("t1" if b"t1" in payload else None)


@pytest.mark.parametrize(
    ("topic", "payload", "where", "code"),
    [
        ("inverter/a/set/limit_w", b"much", "inverter/a/event", "invalid_payload"),
        ("inverter/a/set/limit_pct", b" " * 64 + b"5", "inverter/a/event", "invalid_payload"),
        ("inverter/a/set/enabled", b"ON", "inverter/a/event", "invalid_payload"),
        ("inverter/a/set/colour", b"red", "inverter/a/event", "not_supported"),
        ("site/set/limit_w", b"{}", "site/event", "invalid_payload"),
    ],
    ids=["no number", "oversized", "no switch", "an unknown key", "no number for the site"],
)
def test_writes_that_are_no_order_are_told_as_an_event(topic: str, payload: bytes, where: str, code: str) -> None:
    taken, (event,) = said(Message(f"{ROOT}/{topic}", payload, 1))
    assert (taken, event.topic, event.qos, event.retain) == ([], f"{ROOT}/{where}", 1, False)
    assert json.loads(event.payload)["error"]["code"] == code


def test_a_refused_write_is_told_as_an_event() -> None:
    _, (event,) = said(Message(f"{ROOT}/inverter/a/set/limit_w", b"900", 1), REFUSED)
    assert event.topic == f"{ROOT}/inverter/a/event"
    assert json.loads(event.payload) == {
        "id": f"{round(NOON * 1000):x}-limit_w-1",
        "ts": "2026-06-21T12:00:00.000Z",
        "kind": "write_refused",
        "key": "limit_w",
        "by": "mqtt",
        "error": {"code": "refused_by_device", "message": "told 5 %, it says 10 %"},
    }


def test_a_write_that_some_units_refuse_names_them() -> None:
    outcome = Report({"a": DONE, "b": UnitResult(refusal=ASLEEP, kept=True), "c": UnitResult(5.0, 10.0, NOON, REFUSED)})
    _, (event,) = said(Message(f"{ROOT}/site/set/limit_pct", b"5", 1), outcome)
    assert list(json.loads(event.payload)["units"]) == ["c"]


def test_a_limit_that_is_kept_for_later_is_no_refusal() -> None:
    outcome = Report({"a": UnitResult(refusal=ASLEEP, kept=True)})
    assert said(Message(f"{ROOT}/inverter/a/set/limit_pct", b"5", 1), outcome)[1] == []


@pytest.mark.parametrize("key", ["limit_w", "limit_pct", "enabled"])
def test_clearing_a_retained_write_means_nothing(key: str) -> None:
    assert said(Message(f"{ROOT}/inverter/a/set/{key}", b"", 1)) == ([], [])


@pytest.mark.parametrize("topic", [f"{ROOT}/bridge/request/health", f"{ROOT}/site/state", f"{ROOT}/inverter/a/set/x/y"])
def test_other_topics_are_no_commands(topic: str) -> None:
    async def main() -> bool:
        commands = Commands(Tree("opencombiner", "home"), ScriptedOrders(), ScriptedAlarms(), lambda: NOON)
        return commands.take(Message(topic, b""))

    assert not virtual_time.run(main())


def after(outcomes: Callable[[ScriptedOrders], None]) -> tuple[int, list[Message]]:
    """Take one request more than replies are kept; return how many were dropped, and the first and last kept."""

    async def main() -> tuple[int, list[Message]]:
        orders = ScriptedOrders(None)
        commands = Commands(Tree("opencombiner", "home"), orders, ScriptedAlarms(), lambda: NOON)
        for n in range(MAX_REPLIES + 1):
            commands.take(request(target="a", command="enable", transaction=n))
        outcomes(orders)
        await asyncio.sleep(0)
        kept = MAX_REPLIES - sum(answer.cancelled() for answer in orders.answers)
        return commands.dropped, [await commands.reply() for _ in range(max(kept, 0))]

    return virtual_time.run(main())


def test_replies_that_nobody_fetches_are_bounded_and_counted() -> None:
    def end_all(orders: ScriptedOrders) -> None:
        for answer in orders.answers:
            answer.set_result(ASLEEP)

    dropped, kept = after(end_all)
    assert dropped == 1
    assert [json.loads(reply.payload)["transaction"] for reply in kept] == list(range(1, MAX_REPLIES + 1))


def test_orders_that_end_with_the_daemon_are_not_answered() -> None:
    def stop(orders: ScriptedOrders) -> None:
        for answer in orders.answers:
            answer.cancel()

    assert after(stop) == (0, [])
