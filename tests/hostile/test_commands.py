"""A 10 MB command, a flood of commands, and topics with wildcards: from clients of a broker, where anybody may be."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers.mqtt.client import MAX_PACKET
from drivers.mqtt.line import MAX_INBOX
from drivers.mqtt.session import Message
from gateway.control.order import Code, Refusal
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.commands import MAX_REPLIES
from gateway.mqtt.topics import Tree
from tests.support.bridges import ROOT, bridge, greeted, running_bridge
from tests.support.brokers import Broker
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_site import StillSite, running
from tests.support.orders import ScriptedOrders

COMMAND, LIMIT = f"{ROOT}/bridge/request/command", f"{ROOT}/inverter/roof-1/set/limit_w"
TEN_MB = 10 * 1024 * 1024
FLOOD = 5000


async def answers(ear: Listener) -> Any:
    """Return what the gateway answers to a question: it is there, and well."""
    await ear.publish(Message(f"{ROOT}/bridge/request/health", b'{"transaction":"alive"}', qos=1))
    await ear.until(lambda: (ear.last(f"{ROOT}/bridge/response/health") or {}).get("transaction") == "alive")
    return ear.last(f"{ROOT}/bridge/response/health")["status"]


async def subjected(broker: Broker, orders: ScriptedOrders, attack: Any) -> Bridge:
    """Let a client attack a gateway, and see that it answers afterwards in the same session."""
    subject = bridge(broker, StillSite(running()), orders=orders)
    async with listening(broker.url, f"{ROOT}/#") as ear, running_bridge(subject):
        await greeted(ear)
        await attack(ear)
        assert await answers(ear) == "ok"
    return subject


@pytest.mark.parametrize("topic", [COMMAND, LIMIT, f"{ROOT}/bridge/request/alarm", f"{ROOT}/bridge/devices"])
def test_a_command_of_10_mb(broker: Broker, topic: str) -> None:
    orders = ScriptedOrders()

    async def attack(_: Listener) -> None:
        async with listening(broker.url, "nothing", client_id="attacker") as attacker:
            await attacker.publish(Message(topic, b'{"command":"' + b"x" * TEN_MB + b'"}', qos=1))

    with capture_logs() as logs:
        counters = broker.run(subjected(broker, orders, attack)).counters()
    assert TEN_MB > MAX_PACKET  # a real broker keeps it from us; the in-process one hands it over
    assert orders.taken == []
    assert (counters["connects"], counters["failures"]) == (1, 0)
    assert [log["event"] for log in logs if log["log_level"] in {"warning", "error"}] == []


def test_a_flood_of_commands(broker: Broker) -> None:
    """What a client sends faster than it is answered is bounded at every place where it may wait."""
    orders = ScriptedOrders(Refusal(Code.NOT_SUPPORTED, "later"))
    order = json.dumps({"target": "roof-1", "command": "limit", "value": 70, "unit": "%"}).encode()

    async def attack(_: Listener) -> None:
        async with listening(broker.url, "nothing", client_id="attacker") as attacker:
            for _n in range(FLOOD):
                await attacker.publish(Message(COMMAND, order))
            await attacker.publish(Message(COMMAND, order, qos=1))
        await asyncio.sleep(1.0)

    counters = broker.run(subjected(broker, orders, attack)).counters()
    taken, lost = len(orders.taken), counters["dropped_inbound"]
    assert MAX_INBOX <= taken <= FLOOD + 1
    assert taken + lost <= FLOOD + 1  # a real broker may drop some of its own
    assert counters["dropped_replies"] <= max(taken - MAX_REPLIES, 0)
    assert (counters["connects"], counters["failures"]) == (1, 0)


TOPICS = [
    pytest.param(b"opencombiner/home/inverter/+/set/limit_w", id="a plus for a slot"),
    pytest.param(b"opencombiner/home/inverter/#", id="a hash at the end"),
    pytest.param(b"opencombiner/home//set/limit_w", id="an empty level"),
    pytest.param(b"opencombiner/home/inverter/roof-1/set/", id="an empty key"),
    pytest.param(b"opencombiner/home/inverter/" + b"x" * 60_000 + b"/set/limit_w", id="without end"),
    pytest.param(b"opencombiner/home/inverter/\xff\xfe/set/limit_w", id="no UTF-8"),
    pytest.param(b"opencombiner/home/inverter/a\0b/set/limit_w", id="a zero byte"),
    pytest.param("opencombiner/home/inverter/röf/set/limit_w".encode(), id="letters that no slot has"),
]


def published(topic: bytes) -> bytes:
    """Return what a rude client sends: it greets as an MQTT 3.1.1 client does, and publishes 70."""
    payload = b"70"
    rest = len(topic).to_bytes(2, "big") + topic + payload
    size, length = bytearray(), len(rest)
    while True:
        length, low = divmod(length, 128)
        size.append(low | (0x80 if length else 0))
        if not length:
            break
    return bytes.fromhex("100c00044d5154540402001e0000") + b"\x30" + bytes(size) + rest


@pytest.mark.integration
@pytest.mark.enable_socket
@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_with_wildcards(tmp_path: Path, topic: bytes) -> None:
    there = Mosquitto(tmp_path)
    there.start()
    orders = ScriptedOrders()

    async def attack(_: Listener) -> None:
        with socket.create_connection(("127.0.0.1", there.port), timeout=5) as rude:
            rude.sendall(published(topic))
            rude.settimeout(0.3)
            assert rude.recv(4) == bytes.fromhex("20020000")  # it is let in; what it says may end it

    class Real:
        url = there.url

    try:
        asyncio.run(subjected(Real(), orders, attack))  # type: ignore[arg-type]
    finally:
        there.stop()
    assert [order.target for order in orders.taken] == []


@pytest.mark.parametrize("wanted", ["#", "a/+/b", "", "x" * 70_000, f"{ROOT}/inverter/roof-1/state", "a\0b"])
def test_an_answer_never_goes_where_no_answer_belongs(wanted: str) -> None:
    assert Tree("opencombiner", "home").answer_to("command", wanted) == f"{ROOT}/bridge/response/command"
