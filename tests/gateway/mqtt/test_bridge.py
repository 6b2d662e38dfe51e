"""The bridge against both brokers."""

import asyncio
import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from config.site import Discovery, Mqtt
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from gateway.log import LogTap
from gateway.meter import Meters
from gateway.mqtt.bridge import REPORT_EVERY_S, Bridge
from gateway.mqtt.options import mqtt_options
from gateway.snapshot import CommState
from gateway.telemetry.outbox import SiteEvent
from protocols.states import Quality
from tests.support import virtual_time
from tests.support.alarms import ScriptedAlarms
from tests.support.bridges import (
    ABOUT,
    OFFLINE,
    ONLINE,
    ROOT,
    STATE,
    bridge,
    config,
    greeted,
    inverter,
    running_bridge,
)
from tests.support.brokers import Broker, InProcessBroker
from tests.support.listener import Listener, listening
from tests.support.mqtt_site import NOON, StillSite, running, silent
from tests.support.orders import ScriptedOrders


def three_slots() -> StillSite:
    return StillSite(running("roof-1"), silent("roof-2"), silent("roof-3", stored=False))


GREETING = [
    STATE,
    f"{ROOT}/bridge/info",
    f"{ROOT}/bridge/devices",
    config("bridge"),
    config("site"),
    config("roof-1"),
    config("roof-2"),
    config("roof-3"),
    inverter("roof-1", "availability"),
    inverter("roof-1", "info"),
    inverter("roof-1", "state"),
    inverter("roof-1", "ch/1/state"),
    inverter("roof-1", "ch/2/state"),
    inverter("roof-2", "state"),
    f"{ROOT}/site/state",
]


def test_a_greeting_has_its_order_and_silent_units_only_their_stored_energy(broker: Broker) -> None:
    async def main() -> Listener:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, three_slots())):
            await greeted(listener)
        return listener

    listener = broker.run(main())
    assert listener.topics()[: len(GREETING)] == GREETING
    stored = listener.last(inverter("roof-2", "state"))
    assert {key for key, value in stored.items() if value is not None} == {"seq", "quality", "e_total_wh", "e_day_wh"}
    assert stored["quality"] == "stale"


@pytest.mark.parametrize(
    ("topic", "retain", "qos"),
    [
        (STATE, True, 1),
        (f"{ROOT}/bridge/info", True, 1),
        (f"{ROOT}/bridge/devices", True, 1),
        (f"{ROOT}/bridge/health", True, 1),
        (config("roof-1"), True, 1),
        (f"{ROOT}/site/state", True, 0),
        (inverter("roof-1", "state"), True, 0),
        (inverter("roof-1", "ch/1/state"), True, 0),
        (inverter("roof-1", "availability"), True, 1),
        (inverter("roof-1", "info"), True, 0),
        (inverter("roof-1", "link"), True, 0),
        (f"{ROOT}/bridge/event", False, 1),
        (f"{ROOT}/bridge/logging", False, 0),
    ],
)
def test_retained_and_quality_of_service_are_the_documented_ones(topic: str, qos: int, *, retain: bool) -> None:
    site = StillSite(running())
    tap = LogTap()
    broker = InProcessBroker(f"table-{topic.replace('/', '-')}")

    async def main() -> list[Message]:
        site.outbox.event(SiteEvent("joined", NOON, "roof-1", {}))
        tap(None, "", {"level": "warning", "event": "look"})
        async with running_bridge(bridge(broker, site, tap)):
            await asyncio.sleep(5)
        return list(broker.broker.transcript)

    said = {message.topic: message for message in virtual_time.run(main())}
    assert (said[topic].retain, said[topic].qos) == (retain, qos)


def test_news_is_told(broker: Broker) -> None:
    site = StillSite(running())

    async def main() -> list[Any]:
        async with listening(broker.url, f"{ROOT}/inverter/#") as listener, running_bridge(bridge(broker, site)):
            await listener.until(lambda: listener.last(inverter("roof-1", "ch/2/state")) is not None)
            site.put(running(seq=13))
            await listener.until(lambda: listener.last(inverter("roof-1", "state"))["seq"] == 13)
            site.views["roof-1"] = running(seq=13, comm=CommState.ASLEEP, quality=Quality.NIGHT)
            site.outbox.mark_availability("roof-1")
            await listener.until(lambda: listener.last(inverter("roof-1", "state"))["quality"] == "night")
            return [listener.last(inverter("roof-1", leaf)) for leaf in ("availability", "state")]

    availability, state = broker.run(main())
    assert availability == {"state": "sleeping"}
    assert (state["p_ac_w"], state["v_ac_v"], state["e_total_wh"]) == (0, None, 1234567)


def test_a_new_identity_is_described_again(broker: Broker) -> None:
    site = StillSite(running())

    async def main() -> list[Any]:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, site)):
            await greeted(listener)
            view = site.views["roof-1"]
            site.views["roof-1"] = replace(view, identity=replace(view.identity, serial="B7700001", firmware="2.0"))
            site.outbox.mark_info("roof-1")
            await listener.until(lambda: listener.topics().count(f"{ROOT}/bridge/devices") == 2)
            return [
                listener.last(config("roof-1"))["device"]["serial_number"],
                listener.last(inverter("roof-1", "info"))["firmware"],
                listener.last(f"{ROOT}/bridge/devices")[0]["serial"],
            ]

    assert broker.run(main()) == ["B7700001", "2.0", "B7700001"]


def test_the_birth_of_home_assistant_is_answered(broker: Broker) -> None:
    async def main() -> list[str]:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, three_slots())):
            await greeted(listener)
            before = len(listener.live)
            await listener.publish(Message("homeassistant/status", b"offline", qos=1))
            await listener.publish(Message("homeassistant/status", b"online", qos=1))
            await greeted(listener, times=2)
            return [message.topic for message in listener.live[before:] if "/bridge/health" not in message.topic]

    topics = [topic for topic in broker.run(main()) if not topic.endswith(("/link", "/status"))]
    assert topics == GREETING


def test_without_discovery_nothing_is_described(broker: Broker) -> None:
    async def main() -> list[str]:
        off = Discovery(enabled=False)
        async with listening(broker.url) as listener, running_bridge(bridge(broker, three_slots(), discovery=off)):
            await greeted(listener)
            return listener.topics()

    assert not any(topic.startswith("homeassistant/") for topic in broker.run(main()))


def test_a_clean_stop_says_offline_and_leaves_no_will(broker: Broker) -> None:
    async def main() -> list[bytes]:
        async with listening(broker.url, STATE) as listener:
            async with running_bridge(bridge(broker, three_slots())):
                await listener.until_said(STATE, ONLINE)
            await listener.until_said(STATE, OFFLINE)
            await listener.publish(Message(STATE, b"the end", qos=1))
            await listener.until_said(STATE, b"the end")
            return [message.payload for message in listener.live]

    assert broker.run(main()) == [ONLINE, OFFLINE, b"the end"]


def test_a_cut_shows_the_will_and_then_a_new_greeting(broker: Broker) -> None:
    async def main() -> list[bytes]:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, three_slots())):
            await greeted(listener)
            async with connect(Options(url=broker.url, client_id="opencombiner-home")):
                await listener.until_said(STATE, OFFLINE)
            await greeted(listener, times=2)
            return [message.payload for message in listener.live if message.topic == STATE]

    heard = broker.run(main())
    assert (heard[0], heard[-1]) == (ONLINE, ONLINE)
    assert OFFLINE in heard


def test_a_stop_takes_less_than_two_seconds_when_the_broker_hangs(broker: Broker) -> None:
    async def main() -> float:
        now = asyncio.get_running_loop().time
        async with listening(broker.url) as listener:
            async with running_bridge(bridge(broker, three_slots())):
                await greeted(listener)
                broker.hang()
                started = now()
            took_s = now() - started
            broker.resume()
            await listener.until_said(STATE, OFFLINE)
        return took_s

    assert broker.run(main()) < 2.0 + broker.slack_s


def test_health_and_links_are_reported_once_a_minute_even_across_sessions() -> None:
    broker = InProcessBroker("minute")
    reports: list[float] = []

    async def main() -> list[Message]:
        now = asyncio.get_running_loop().time
        mqtt = Mqtt(url=broker.url)

        def health() -> dict[str, int]:
            reports.append(now())
            return {}

        options, orders = mqtt_options(mqtt, "home"), ScriptedOrders()
        subject = Bridge(
            StillSite(running()),
            ABOUT,
            mqtt,
            options,
            health,
            LogTap(),
            orders=orders,
            alarms=ScriptedAlarms(),
            meters=Meters({}),
        )
        async with running_bridge(subject):
            for _ in range(20):  # never in the same instant as a report, which would be lost with the session
                await asyncio.sleep(23)
                broker.broker.drop("opencombiner-home")
        return list(broker.broker.transcript)

    said = virtual_time.run(main())
    gaps = [later - earlier for earlier, later in pairwise(reports)]
    assert len(reports) >= 5
    assert min(gaps) >= REPORT_EVERY_S
    assert sum(m.topic == inverter("roof-1", "link") for m in said) == len(reports)


def test_slots_and_inputs_that_left_the_site_file_are_cleared(broker: Broker) -> None:
    earlier = StillSite(running("roof-1"), running("roof-9"))
    one_input = replace(running("roof-1"), identity=replace(running("roof-1").identity, ports=1))

    async def main() -> dict[str, Any]:
        async with listening(broker.url) as listener:
            async with running_bridge(bridge(broker, earlier, flat=True)):
                await greeted(listener)
                await listener.until(lambda: listener.last(inverter("roof-9", "link")) is not None)
            async with running_bridge(bridge(broker, StillSite(one_input), flat=True)):
                await listener.until_said(f"{ROOT}/flat/roof-9/2/e_day_wh", b"")
        return {message.topic: message.payload for message in listener.live}

    tree = broker.run(main())
    gone = {topic for topic in tree if "roof-9" in topic or "roof-1/ch/2/" in topic or "flat/roof-1/2/" in topic}
    assert {topic: tree[topic] for topic in gone} == dict.fromkeys(gone, b"")
    assert {config("roof-9"), inverter("roof-9", "link"), inverter("roof-1", "ch/2/state")} <= gone
    assert not any(key.startswith("ch2_") for key in json.loads(tree[config("roof-1")])["components"])


def test_an_input_that_left_goes_by_its_platform_alone_first() -> None:
    broker = InProcessBroker("fewer")
    one_input = replace(running("roof-1"), identity=replace(running("roof-1").identity, ports=1))

    async def main() -> list[Any]:
        for site in (StillSite(running("roof-1")), StillSite(one_input)):
            async with running_bridge(bridge(broker, site)):
                await asyncio.sleep(1)
        return [json.loads(m.payload)["components"] for m in broker.broker.transcript if m.topic == config("roof-1")]

    first, second, dying, last = virtual_time.run(main())
    assert first["ch2_p_dc_w"]["unique_id"] == "home_roof-1_ch2_p_dc_w"
    assert dying["ch2_p_dc_w"] == {"platform": "sensor"}
    assert "ch2_p_dc_w" not in second
    assert second == last


def test_the_mirror_has_one_plain_value_per_topic(broker: Broker) -> None:
    async def main() -> dict[str, bytes]:
        site = StillSite(running(comm=CommState.DEGRADED))
        async with listening(broker.url) as listener, running_bridge(bridge(broker, site, flat=True)):
            await greeted(listener)
        return {message.topic.removeprefix(f"{ROOT}/flat/"): message.payload for message in listener.live}

    mirror = broker.run(main())
    assert mirror["roof-1/0/p_ac_w"] == b"401.3"
    assert mirror["roof-1/0/state"] == b"running"
    assert mirror["roof-1/0/events"] == b""
    assert mirror["roof-1/2/i_dc_a"] == b"null"
    assert mirror["roof-1/1/e_total_wh"] == b"650000"


def test_questions_are_answered(broker: Broker) -> None:
    async def main() -> tuple[Any, Message]:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, StillSite(running()))):
            await greeted(listener)
            ask = f"{ROOT}/bridge/request/health"
            await listener.publish(Message(ask, b'{"transaction":"t1"}', qos=1))
            await listener.until_said(f"{ROOT}/bridge/response/health")
            await listener.publish(
                Message(ask, b'{"transaction":"t2"}', qos=1, response_topic="me/answers", correlation=b"\x01")
            )
            await listener.until_said("me/answers")
            direct = next(message for message in listener.live if message.topic == "me/answers")
            return listener.last(f"{ROOT}/bridge/response/health"), direct

    answer, direct = broker.run(main())
    assert answer == {
        "status": "ok",
        "transaction": "t1",
        "data": {"ts": answer["data"]["ts"], "process": {"rss_mib": 40.0}},
        "error": None,
    }
    assert json.loads(direct.payload)["transaction"] == "t2"
    assert direct.correlation == b"\x01"


def test_a_retained_question_is_refused_at_every_replay(broker: Broker) -> None:
    async def main() -> Any:
        async with listening(broker.url) as listener:
            await listener.publish(Message(f"{ROOT}/bridge/request/devices", b"{}", qos=1, retain=True))
            async with running_bridge(bridge(broker, StillSite(running()))):
                await listener.until_said(f"{ROOT}/bridge/response/devices")
            return listener.last(f"{ROOT}/bridge/response/devices")

    assert broker.run(main())["error"]["code"] == "retained"


def test_warnings_of_the_log_are_told(broker: Broker) -> None:
    tap = LogTap()

    async def main() -> Any:
        async with listening(broker.url) as listener, running_bridge(bridge(broker, StillSite(), tap)):
            await greeted(listener)
            tap(None, "warning", {"level": "warning", "event": "link_down", "link": "east"})
            await listener.until_said(f"{ROOT}/bridge/logging")
            return listener.last(f"{ROOT}/bridge/logging")

    assert broker.run(main()) == {"level": "warning", "message": "link_down", "fields": {"link": "east"}}
