"""The bridge when the broker is away, hangs or comes back, and when the fault is ours."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.site import Mqtt
from gateway.log import LogTap
from gateway.meter import Meters
from gateway.mqtt.bridge import RETRY_TAKEN_S, SHORT_SESSIONS, STEADY_S, Bridge
from gateway.mqtt.options import mqtt_options
from gateway.snapshot import SiteTotals
from gateway.telemetry.outbox import MAX_EVENTS, Outbox, SiteEvent
from tests.support import virtual_time
from tests.support.alarms import ScriptedAlarms
from tests.support.bridges import (
    ABOUT,
    OFFLINE,
    ONLINE,
    ROOT,
    STATE,
    bridge,
    inverter,
    running_bridge,
)
from tests.support.brokers import Broker, InProcessBroker
from tests.support.listener import Listener, listening
from tests.support.mqtt_site import NOON, StillSite, running
from tests.support.orders import ScriptedOrders


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
    assert after == list(range(after[0], feed.step + 1))
    if hangs:  # a broker that hung told nobody anything; it may have hung before it acknowledged what it told last
        assert told <= after[0] <= told + 1


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
        orders, alarms = ScriptedOrders(), ScriptedAlarms()
        meters = Meters({})
        subject = Bridge(
            StillSite(),
            ABOUT,
            mqtt,
            options,
            dict,
            LogTap(),
            orders=orders,
            alarms=alarms,
            meters=meters,
            jitter=jitter,
        )
        async with running_bridge(subject):
            await asyncio.sleep(200)

    broker.stop()
    virtual_time.run(main())
    assert drawn[:7] == [1, 2, 4, 8, 16, 30, 30]


def test_two_gateways_of_one_id_say_so_once_and_back_off(broker: Broker) -> None:
    """Whoever is thrown off says what is wrong, and does not throw the other off in turn for ever."""
    pauses: list[float] = []

    def jitter(_low: float, high: float) -> float:
        pauses.append(high)
        return 3600.0 if high == RETRY_TAKEN_S else 0.01

    async def main() -> list[Any]:
        first, second = (bridge(broker, StillSite(), jitter=jitter) for _ in range(2))
        with capture_logs() as logs:
            async with running_bridge(first), running_bridge(second), asyncio.timeout(20):
                while RETRY_TAKEN_S not in pauses:  # noqa: ASYNC110 - a pause is no event
                    await asyncio.sleep(0.01)
        return [log for log in logs if log["event"] == "mqtt_taken_over"]

    (told,) = broker.run(main())
    assert told["log_level"] == "error"
    assert "a second gateway run with this site's id" in told["remedy"]
    assert len(pauses) <= 4 * SHORT_SESSIONS  # who knocks in the same instant may be refused


def test_gateways_that_are_thrown_off_all_day_say_so_once() -> None:
    async def main() -> tuple[list[str], int]:
        there = InProcessBroker("shared")
        first, second = (bridge(there, StillSite(), jitter=lambda low, high: (low + high) / 2) for _ in range(2))
        with capture_logs() as logs:
            async with running_bridge(first), running_bridge(second):
                await asyncio.sleep(24 * 3600)
        told = [log["event"] for log in logs if log["log_level"] in {"warning", "error"}]
        return told, [log["event"] for log in logs].count("mqtt_up")

    told, connects = virtual_time.run(main())
    assert told == ["mqtt_taken_over", "mqtt_taken_over"]  # one line of each
    assert connects <= 24 * 3600 / (0.7 * RETRY_TAKEN_S) + 2


def test_a_session_that_does_not_last_does_not_end_the_doubling_of_pauses() -> None:
    pauses: list[float] = []

    def jitter(_low: float, high: float) -> float:
        pauses.append(high)
        return high

    async def main() -> None:
        there = InProcessBroker("shaky")
        async with running_bridge(bridge(there, StillSite(), jitter=jitter)):
            for lasts_s in (1.0, 1.0, 2 * STEADY_S, 1.0):
                await asyncio.sleep(lasts_s)
                there.stop()
                there.start()
                await asyncio.sleep(0.01)
                await asyncio.sleep(pauses[-1])

    virtual_time.run(main())
    assert pauses == [1.0, 2.0, 1.0, 1.0]
