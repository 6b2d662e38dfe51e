"""Commands from the broker to the unit and back: in one process on virtual time, and with Mosquitto over ptys."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt.session import Message
from tests.support.brokers import BOTH_BROKERS, Broker, InProcessBroker, started
from tests.support.daemon import RATED_W, Running, described, running
from tests.support.listener import Listener, listening

ROOT = "opencombiner/home"
ASK, ANSWERS = f"{ROOT}/bridge/request/command", f"{ROOT}/bridge/response/command"
EVENTS = f"{ROOT}/bridge/event"


@pytest.fixture(params=BOTH_BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    yield from started(request.param, tmp_path)


@dataclass(slots=True)
class Client:
    """Somebody at the broker, and the plant behind it."""

    daemon: Running
    heard: Listener

    async def write(self, topic: str, payload: str) -> None:
        """Publish a simple write."""
        await self.heard.publish(Message(f"{ROOT}/{topic}", payload.encode(), 1))

    async def ask(self, **request: Any) -> Any:
        """Publish a request and return its answer."""
        before = len(self.said(ANSWERS))
        transaction = request.setdefault("transaction", f"t{before}")
        await self.heard.publish(Message(ASK, json.dumps(request).encode(), 1))
        await self.heard.until(lambda: len(self.said(ANSWERS)) > before)
        answer = self.said(ANSWERS)[before]
        assert answer["transaction"] == transaction
        return answer

    def said(self, topic: str) -> list[Any]:
        """Return what was said on a topic."""
        return [json.loads(message.payload) for message in self.heard.heard if message.topic == topic]

    async def shows(self, slot: str, **facts: Any) -> None:
        """Return once a slot's state shows facts."""
        topic = f"{ROOT}/inverter/{slot}/state"
        await self.heard.until(lambda: facts.items() <= (self.heard.last(topic) or {}).items())


@asynccontextmanager
async def connected(broker: Broker, folder: Path) -> AsyncIterator[Client]:
    """Run plant, daemon and a client."""
    links = "mem://" if isinstance(broker, InProcessBroker) else f"pty:{folder}/"
    async with (
        listening(broker.url, f"{ROOT}/#") as heard,
        running(described(folder, links=links, broker=broker.url, poll_s=1.0)) as daemon,
    ):
        await heard.until(lambda: heard.last(f"{ROOT}/inverter/d/state") is not None)
        yield Client(daemon, heard)


def test_simple_writes_show_in_the_state(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with connected(broker, tmp_path) as client:
            await client.write("inverter/a/set/limit_pct", "55.5")
            await client.shows("a", limit_pct=55.5, limit_w=222.0)
            await client.write("inverter/b/set/limit_w", "100")
            await client.shows("b", limit_pct=25.0, limit_w=100.0)
            await client.write("inverter/a/set/enabled", "false")
            await client.shows("a", enabled=False)
            await client.write("inverter/a/set/enabled", "true")
            await client.shows("a", enabled=True)
            boot = client.daemon.unit("c").life.firmware.booted_at
            await client.write("inverter/c/set/restart", "PRESS")
            await client.daemon.until(lambda: client.daemon.unit("c").life.firmware.booted_at > boot)
            await client.write("site/set/limit_w", "350")
            for slot in RATED_W:
                await client.shows(slot, limit_pct=20.0)
            await client.heard.until(lambda: client.heard.last(f"{ROOT}/site/state")["limit_w"] == 350.0)
            assert not any(topic.endswith("/event") and topic != EVENTS for topic in client.heard.topics())

    broker.run(main())


def test_a_request_is_answered_with_what_was_sent_and_what_the_units_say(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with connected(broker, tmp_path) as client:
            one = await client.ask(target="a", command="limit", value=50, unit="%", by="anna")
            assert (one["status"], one["error"]) == ("ok", None)
            assert (one["data"]["applied"], one["data"]["read_back"]) == (50.0, 50.0)
            assert one["data"]["at"].endswith("Z")
            branch = await client.ask(target="branch/b1", command="disable", by="anna")
            units = branch["data"]["units"]
            assert {slot: (unit["applied"], unit["read_back"]) for slot, unit in units.items()} == {
                "a": (False, False),
                "b": (False, False),
            }
            site = await client.ask(target="site", command="limit", value=700, unit="W", for_s=3.0, by="ems")
            shares = {slot: unit["read_back"] for slot, unit in site["data"]["units"].items()}
            assert shares == dict.fromkeys(RATED_W, 40.0)
            await client.daemon.until(lambda: client.daemon.limits() == dict.fromkeys(RATED_W, 100.0) | {"a": 50.0})
            await client.heard.until(lambda: any(event["kind"] == "lease_ended" for event in client.said(EVENTS)))
            audit = [event for event in client.said(EVENTS) if event["kind"] == "command"]
            assert [(event["subject"], event["detail"]["by"], event["detail"]["result"]) for event in audit] == [
                ("a", "anna", "ok"),
                ("branch/b1", "anna", "ok"),
                ("site", "ems", "ok"),
            ]

    broker.run(main())


def test_refusals_are_answered_and_told(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with connected(broker, tmp_path) as client:
            rows: list[tuple[dict[str, Any], str]] = [
                ({"target": "z", "command": "restart"}, "unknown_target"),
                ({"target": "a", "command": "limit", "value": 401, "unit": "W"}, "out_of_range"),
                ({"target": "a", "command": "power_factor", "value": 0.9}, "not_supported"),
                ({"target": "a", "command": "restart", "ts": "2026-06-21T00:00:00Z"}, "too_old"),
                ({"target": "a", "command": "explode"}, "not_supported"),
                ({"target": "a"}, "invalid_payload"),
            ]
            for request, code in rows:
                answer = await client.ask(**request)
                assert (answer["status"], answer["data"], answer["error"]["code"]) == ("error", None, code)
            first = await client.ask(target="a", command="enable", transaction="once", by="anna")
            assert first["status"] == "ok"
            again = await client.ask(target="a", command="enable", transaction="once", by="anna")
            assert again["error"]["code"] == "duplicate"
            await client.write("inverter/a/set/limit_w", "401")
            await client.heard.until_said(f"{ROOT}/inverter/a/event")
            (event,) = client.said(f"{ROOT}/inverter/a/event")
            assert (event["key"], event["by"], event["error"]["code"]) == ("limit_w", "mqtt", "out_of_range")
            assert client.daemon.limits() == dict.fromkeys(RATED_W, 100.0)

    broker.run(main())


def test_retained_commands_act_never(broker: Broker, tmp_path: Path) -> None:
    async def main() -> None:
        async with listening(broker.url, f"{ROOT}/#", "early") as early:
            request = b'{"target":"site","command":"disable","transaction":"t","by":"anna"}'
            await early.publish(Message(f"{ROOT}/inverter/a/set/limit_pct", b"10", 1, retain=True))
            await early.publish(Message(f"{ROOT}/site/set/enabled", b"false", 1, retain=True))
            await early.publish(Message(ASK, request, 1, retain=True))
            async with connected(broker, tmp_path) as client:
                await early.until_said(f"{ROOT}/site/event")
                await early.until_said(f"{ROOT}/inverter/a/event")
                await early.until_said(ANSWERS)
                codes = [
                    json.loads(message.payload)["error"]["code"]
                    for message in early.live
                    if message.topic in {f"{ROOT}/site/event", f"{ROOT}/inverter/a/event", ANSWERS}
                ]
                assert codes == ["retained"] * 3
                await early.until(lambda: sum(b'"retained"' in m.payload for m in early.live if m.topic == EVENTS) == 3)
                assert client.daemon.limits() == dict.fromkeys(RATED_W, 100.0)
                assert all(client.daemon.unit(slot).life.firmware.connect for slot in RATED_W)

    broker.run(main())


def test_the_answer_goes_to_the_response_topic_with_its_correlation(broker: Broker, tmp_path: Path) -> None:
    async def main() -> Message:
        async with connected(broker, tmp_path) as client, listening(broker.url, "me/answers", "me") as me:
            request = b'{"target":"a","command":"limit","value":10,"unit":"%"}'
            await me.publish(Message(ASK, request, 1, response_topic="me/answers", correlation=b"\x07"))
            await me.until_said("me/answers")
            assert client.daemon.limits()["a"] == 10.0
            return me.heard[0]

    answer = broker.run(main())
    assert answer.correlation == b"\x07"
    assert json.loads(answer.payload)["data"]["read_back"] == 10.0


def test_answers_wait_while_the_broker_is_away(tmp_path: Path) -> None:
    broker = InProcessBroker(f"leaves-{tmp_path.name}")

    async def main() -> Any:
        async with running(described(tmp_path, broker=broker.url)) as daemon:
            async with listening(broker.url, f"{ROOT}/#") as heard:
                await heard.publish(Message(ASK, b'{"target":"site","command":"limit","value":9,"unit":"%"}', 1))
            broker.stop()
            await daemon.until(lambda: daemon.limits() == dict.fromkeys(RATED_W, 9.0))
            await asyncio.sleep(5)
            broker.start()
            async with listening(broker.url, f"{ROOT}/#") as heard:
                await heard.until_said(ANSWERS)
                return heard.last(ANSWERS)

    assert broker.run(main())["data"]["accepted"]
