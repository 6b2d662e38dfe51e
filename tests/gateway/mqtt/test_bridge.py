"""The bridge against both brokers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.site import Discovery, Mqtt
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from gateway.log import LogTap
from gateway.mqtt.bridge import REPORT_EVERY_S, Bridge
from gateway.mqtt.options import mqtt_options
from gateway.mqtt.payloads import About
from gateway.snapshot import CommState, SiteTotals
from gateway.telemetry.outbox import MAX_EVENTS, Outbox, SiteEvent
from protocols.states import Quality
from tests.support import virtual_time
from tests.support.brokers import Broker, InProcessBroker
from tests.support.listener import Listener, listening
from tests.support.mqtt_site import NOON, StillSite, running, silent
from tests.support.virtual_time import FakeClock

ROOT = "opencombiner/home"
STATE = f"{ROOT}/bridge/state"
ONLINE, OFFLINE = b'{"state":"online"}', b'{"state":"offline"}'
ABOUT = About(version="0.1.0", config_schema="1", site="home", name="Home", drivers={"east": "plc"})


def bridge(broker: Broker, site: StillSite, tap: LogTap | None = None, **settings: Any) -> Bridge:
    mqtt = Mqtt(url=broker.url, **settings)
    return Bridge(
        site,
        FakeClock(NOON),
        ABOUT,
        mqtt,
        mqtt_options(mqtt, "home"),
        lambda: {"process": {"rss_mib": 40.0}},
        tap or LogTap(),
        jitter=lambda _low, _high: 0.01,
    )


@asynccontextmanager
async def running_bridge(subject: Bridge) -> AsyncIterator[asyncio.Task[None]]:
    """Run a bridge, and stop it as the daemon does."""
    task = asyncio.create_task(subject.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def greeted(listener: Listener, times: int = 1) -> None:
    """Return once the bridge has said all that it says when it comes; the sums are the last of it."""
    await listener.until(lambda: listener.topics().count(f"{ROOT}/site/state") >= times)


def config(device: str) -> str:
    return f"homeassistant/device/opencombiner_home_{device}/config"


def inverter(slot: str, leaf: str) -> str:
    return f"{ROOT}/inverter/{slot}/{leaf}"


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

    assert broker.run(main()) < 2.0


class GatedOutbox(Outbox):
    """An outbox that keeps its news until the test has somebody listening."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def wait(self) -> None:
        await super().wait()
        await self.gate.wait()


class Feed:
    """Telemetry that flows: every step all slots have new values, and an event says which step it was."""

    def __init__(self) -> None:
        self.slots = [f"roof-{n}" for n in range(20)]
        self.outbox = GatedOutbox()
        self.site = StillSite(*(running(slot) for slot in self.slots), outbox=self.outbox)
        self.step = 0
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def run(self) -> None:
        while True:
            await self.flowing.wait()
            self.step += 1
            for slot in self.slots:
                self.site.put(running(slot, seq=self.step))
            self.site.outbox.event(SiteEvent("step", NOON, "home", {"n": self.step}))
            await asyncio.sleep(0.01)


def steps(listener: Listener) -> list[int]:
    said = [message for message in listener.heard if message.topic == f"{ROOT}/bridge/event"]
    return [json.loads(message.payload)["detail"]["n"] for message in said]


@pytest.mark.parametrize("hangs", [False, True], ids=["stopped", "hangs before it stops"])
def test_an_outage_under_load_costs_no_event_and_no_latest_value(broker: Broker, *, hangs: bool) -> None:
    feed = Feed()

    async def outage() -> int:
        """Stop the broker when all is told, while more comes; return the last step that was told before."""
        async with listening(broker.url, f"{ROOT}/bridge/event") as before:
            await before.until(lambda: len(before.heard) >= 5)
            feed.flowing.clear()
            await before.until(lambda: feed.step in steps(before))
            if hangs:
                broker.hang()
            told = feed.step
            feed.flowing.set()
            await asyncio.sleep(0.2)
            broker.stop()
            await before.until(lambda: before.lost)
            assert not hangs or steps(before)[-1] == told
        feed.outbox.gate.clear()
        await asyncio.sleep(0.2)
        return told if hangs else steps(before)[-1]

    async def main() -> tuple[int, list[int], dict[str, int]]:
        async with running_bridge(bridge(broker, feed.site)):
            feeder = asyncio.create_task(feed.run())
            told = await outage()
            broker.start()
            async with listening(broker.url, f"{ROOT}/#") as after:
                feed.outbox.gate.set()
                await asyncio.sleep(0.2)
                feeder.cancel()
                await after.until(lambda: feed.step in steps(after))
                return told, steps(after), {slot: after.last(inverter(slot, "state"))["seq"] for slot in feed.slots}

    told, after, latest = broker.run(main())
    assert latest == dict.fromkeys(feed.slots, feed.step)
    assert after[-1] == feed.step
    if hangs:  # a broker that hung told nobody anything: what comes afterwards is all of it, once
        assert after == list(range(told + 1, feed.step + 1))
    else:  # a broker that was killed may have acknowledged what it told nobody
        assert after == list(range(after[0], feed.step + 1))


def test_an_outage_keeps_the_newest_events_up_to_the_cap() -> None:
    broker = InProcessBroker("cap")
    site = StillSite(running())

    async def main() -> tuple[list[int], int, int]:
        broker.stop()
        subject = bridge(broker, site)
        async with running_bridge(subject):
            for n in range(MAX_EVENTS + 7):
                site.outbox.event(SiteEvent("step", NOON, "home", {"n": n}))
            await asyncio.sleep(5)
            broker.start()
            await asyncio.sleep(40)
            waiting = int(subject.counters()["waiting_events"])
        said = [m for m in broker.broker.transcript if m.topic == f"{ROOT}/bridge/event"]
        return [json.loads(m.payload)["detail"]["n"] for m in said], site.outbox.dropped_events, waiting

    assert virtual_time.run(main()) == (list(range(7, MAX_EVENTS + 7)), 7, 0)


def test_events_that_were_never_acknowledged_are_bounded_and_counted() -> None:
    broker = InProcessBroker("unacknowledged")
    site = StillSite(running())

    async def main() -> tuple[list[int], int]:
        subject = bridge(broker, site)
        async with running_bridge(subject):
            await asyncio.sleep(1)
            broker.hang()
            for n in range(MAX_EVENTS):  # the bridge takes these, and gets no acknowledgement for the first
                site.outbox.event(SiteEvent("step", NOON, "home", {"n": n}))
            await asyncio.sleep(1)
            for n in range(MAX_EVENTS, MAX_EVENTS + 10):
                site.outbox.event(SiteEvent("step", NOON, "home", {"n": n}))
            broker.stop()
            broker.start()
            await asyncio.sleep(5)
            said = [m for m in broker.broker.transcript if m.topic == f"{ROOT}/bridge/event"]
            numbers = [json.loads(m.payload)["detail"]["n"] for m in said]
            return numbers, int(subject.counters()["dropped_events"])

    assert virtual_time.run(main()) == (list(range(10, MAX_EVENTS + 10)), 10)


def test_a_stop_in_the_instant_of_a_loss_is_a_stop() -> None:
    broker = InProcessBroker("instant")

    async def main() -> None:
        async with running_bridge(bridge(broker, StillSite(running()))):
            await asyncio.sleep(1)
            broker.stop()
        assert asyncio.get_running_loop().time() < 3

    virtual_time.run(main())


def test_a_bug_of_ours_costs_the_session_and_not_the_bridge() -> None:
    broker = InProcessBroker("bug")

    class Broken(StillSite):
        broken = True

        def totals(self) -> SiteTotals:
            if self.broken:
                raise ZeroDivisionError("planted")
            return super().totals()

    site = Broken(running())

    async def main() -> tuple[int, bytes, bytes]:
        subject = bridge(broker, site)
        async with running_bridge(subject):
            await asyncio.sleep(0.001)
            broken = broker.broker.retained[STATE].payload
            site.broken = False
            await asyncio.sleep(1)
            return int(subject.counters()["failures"]), broken, broker.broker.retained[STATE].payload

    with capture_logs() as logs:
        failures, broken, mended = virtual_time.run(main())
    assert failures >= 1
    assert (broken, mended) == (OFFLINE, ONLINE)
    assert logs[0]["event"] == "mqtt_failed"


def test_a_loss_and_its_end_are_one_line_each_in_the_log() -> None:
    broker = InProcessBroker("lines")

    async def main() -> None:
        async with running_bridge(bridge(broker, StillSite(running()))):
            await asyncio.sleep(1)
            broker.stop()
            await asyncio.sleep(300)
            broker.start()
            await asyncio.sleep(60)

    with capture_logs() as logs:
        virtual_time.run(main())
    lines = [(line["log_level"], line["event"]) for line in logs if line["log_level"] != "debug"]
    assert lines == [("info", "mqtt_up"), ("warning", "mqtt_down"), ("info", "mqtt_up")]


def test_tries_are_spaced_out_up_to_half_a_minute() -> None:
    broker = InProcessBroker("spaced")
    drawn: list[float] = []

    def jitter(low: float, high: float) -> float:
        assert low == high / 2
        drawn.append(high)
        return high

    mqtt = Mqtt(url=broker.url)

    async def main() -> None:
        options = mqtt_options(mqtt, "home")
        subject = Bridge(StillSite(), FakeClock(), ABOUT, mqtt, options, dict, LogTap(), jitter=jitter)
        async with running_bridge(subject):
            await asyncio.sleep(200)

    broker.stop()
    virtual_time.run(main())
    assert drawn[:7] == [1, 2, 4, 8, 16, 30, 30]


def test_health_and_links_are_reported_once_a_minute_even_across_sessions() -> None:
    broker = InProcessBroker("minute")
    reports: list[float] = []

    async def main() -> list[Message]:
        now = asyncio.get_running_loop().time
        mqtt = Mqtt(url=broker.url)

        def health() -> dict[str, int]:
            reports.append(now())
            return {}

        subject = Bridge(StillSite(running()), FakeClock(), ABOUT, mqtt, mqtt_options(mqtt, "home"), health, LogTap())
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
