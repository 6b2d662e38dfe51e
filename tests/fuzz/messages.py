"""Targets that read what a broker delivers: anybody may publish there."""

from collections.abc import Iterator

from drivers.mqtt.filters import matches
from drivers.mqtt.line import MAX_INBOX, Line
from drivers.mqtt.session import Message
from gateway.control.order import Code, Refusal
from gateway.meter import parse_measured
from gateway.mqtt import payloads
from gateway.mqtt.commands import Commands
from gateway.mqtt.payloads import AlarmQuery, CommandQuery, Query
from gateway.mqtt.questions import Questions
from gateway.mqtt.topics import MAX_TOPIC, Tree
from opencombiner.tables import live_line
from opencombiner.view import MAX_NEWS, View
from tests.fuzz.corpus import DEEP
from tests.fuzz.target import Target
from tests.support.alarms import ScriptedAlarms
from tests.support.bridges import ABOUT, ROOT
from tests.support.held import held
from tests.support.mqtt_site import NOON, StillSite, running
from tests.support.orders import ScriptedOrders
from tests.support.virtual_time import run

_TREE = Tree("opencombiner", "home")
_TOPICS = (
    f"{ROOT}/bridge/request/command",
    f"{ROOT}/bridge/request/alarm",
    f"{ROOT}/bridge/request/health",
    f"{ROOT}/inverter/roof-1/set/limit_w",
    f"{ROOT}/inverter/roof-1/set/enabled",
    f"{ROOT}/inverter/roof-1/set/restart",
    f"{ROOT}/site/set/limit_pct",
)
_ORDER = b'{"transaction":"t1","target":"roof-1","command":"limit","value":70,"unit":"%","for_s":60,"by":"me"}'
_ALARM = b'{"transaction":1,"target":"roof-1","code":3,"action":"shelve","for_s":3600,"by":"me"}'
_STAMPED = b'{"target":"site","command":"enable","ts":"2026-06-21T12:00:00Z"}'
_PAYLOADS = (_ORDER, _ALARM, _STAMPED, b"70.5", b"true", b"", b" " * (payloads.MAX_REQUEST + 1), DEEP, b'{"a":' * 9000)
_MEASURED = (
    b"-812.5",
    b'{"power_w":-812.5,"voltage_v":231.4,"current_a":-3.51}',
    b'{"power_w":NaN}',
    b"1e999",
    b"true",
)
_LONGEST_REPLY = 64 * 1024  # bytes; diagnostics of the two units here has a tenth


def targets() -> Iterator[Target]:
    """Yield the targets."""
    requests = tuple(bytes((at,)) + payload for at in range(len(_TOPICS)) for payload in _PAYLOADS)
    yield Target("request by MQTT", _request, requests, _REQUEST, cost=4)
    names = (
        *_TOPICS,
        f"{ROOT}/inverter/+/set/#",
        f"{ROOT}//",
        f"{ROOT}/inverter/{'x' * MAX_TOPIC}/set/limit_w",
        "",
        "#",
    )
    topics = (*(name.encode() for name in names), f"{ROOT}/\0".encode(), b"\xff\xfe")
    yield Target("topic", _topic, topics, ("gateway.mqtt.topics:Tree.parse", "gateway.mqtt.topics:Tree.answer_to"))
    known = (b'[{"id":"roof-1","channels":2,"gateway":"east","branch":null}]', b"[]", DEEP, b"[" * 30 + b"]" * 30)
    yield Target("inventory of an earlier run", _inventory, known, ("gateway.mqtt.payloads:parse_inventory",))
    heard = tuple(bytes((at % 3,)) + payload for at, payload in enumerate((*_SAID, *known, *_PAYLOADS)))
    yield Target("view of the demo", _view, heard, ("opencombiner.view:View.hear",))
    yield Target("word of a meter", _measured, (*_MEASURED, DEEP, b" " * 5000), ("gateway.meter:parse_measured",))
    yield Target("broker line", _line, (*_PAYLOADS, b"\0" * 64), ("drivers.mqtt.line:Line.deliver",), cost=20)


_REQUEST = (
    "gateway.mqtt.commands:Commands.take",
    "gateway.mqtt.questions:Questions.answer",
    "gateway.mqtt.payloads:parse_query",
    "gateway.mqtt.payloads:parse_number",
    "gateway.mqtt.payloads:parse_switch",
)
_SAID = (
    b'{"transaction":"demo","status":"error","error":{"code":"busy","message":"later"}}',
    b'{"code":3,"kind":"raise","name":"grid","subject":"roof-1","suppression":"none"}',
    b'[{"code":3,"shown":true}]',
    b'{"ts":"2026-06-21T12:00:00Z","p_ac_w":1.5,"site":{}}',
)


def _request(data: bytes) -> None:
    """Ask by the topic that the first byte names; the answer goes where some bytes of the input say."""
    topic, payload = _TOPICS[data[0] % len(_TOPICS)] if data else _TOPICS[0], data[1:]
    wanted = payload[:40].decode("utf-8", "replace") or None
    message = Message(topic, payload, qos=1, retain=len(data) % 5 == 4, response_topic=wanted, correlation=payload[:8])

    async def main() -> None:
        orders = ScriptedOrders(Refusal(Code.NOT_SUPPORTED, "nobody is here"))
        commands = Commands(_TREE, orders, ScriptedAlarms(), lambda: NOON)
        questions = Questions(_TREE, StillSite(running()), ABOUT, lambda: {"ok": True})
        if not commands.take(message):
            answer = questions.answer(message)
            assert answer is not None
            assert len(answer.payload) <= _LONGEST_REPLY
        assert held(orders.taken) <= 4 * payloads.MAX_REQUEST

    run(main())
    for form in (Query, CommandQuery, AlarmQuery):
        payloads.parse_query(payload, form)
    payloads.parse_number(payload)
    payloads.parse_switch(payload)


def _topic(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for topic in (text, f"{ROOT}/{text}", f"{ROOT}/inverter/{text}/set/limit_w"):
        address = _TREE.parse(topic)
        assert address is None or _TREE.topic(address) == topic
        answer = _TREE.answer_to("command", topic)
        assert not set(answer) & {"#", "+", "\0"}
        assert len(answer) <= MAX_TOPIC
        matches(topic, f"{ROOT}/site/state")
        matches(f"{ROOT}/#", topic)


def _measured(data: bytes) -> None:
    said = parse_measured(data)
    assert said is None or abs(said.power_w) <= 1e7


def _inventory(data: bytes) -> None:
    assert len(payloads.parse_inventory(data)) <= len(data)


def _view(data: bytes) -> None:
    leaf = ("site/state", "inverter/roof-1/alarms", "bridge/response/alarm")[data[0] % 3 if data else 0]
    view = View(ROOT)
    for _ in range(2):
        view.hear(Message(f"{ROOT}/{leaf}", data[1:]))
    view.slots_with(3)
    view.heard_from("roof-1")
    live_line(view)
    assert len(view.news) <= MAX_NEWS


def _line(data: bytes) -> None:
    line = Line()
    for _ in range(MAX_INBOX + 3):
        line.deliver(Message(data.decode("utf-8", "replace"), data))
    assert line.dropped == 3
