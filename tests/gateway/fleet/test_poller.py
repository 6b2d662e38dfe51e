import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from drivers.link import Port, Urgency
from gateway.fleet.comm import DEFAULTS
from gateway.fleet.poller import Poller
from gateway.snapshot import CommState
from protocols.errors import LinkDownError
from protocols.exchange import Cause, Exchange, Failed, Mapped, Step
from protocols.points import ALRM, SN, TMP_CAB, Channel, Value, W
from protocols.profile import PollItem, Station
from protocols.states import InvSt
from tests.gateway.acme import IDENTITY_AT, MODEL, PROFILE
from tests.gateway.fleet.bench import Bench, plant
from tests.gateway.fleet.medium import ANSWER_S, Medium, Unit


def test_units_join_once_and_are_polled_on_the_period() -> None:
    units = plant(3)
    ear = Bench(units).run(60)
    assert ear.names == [("s1", "SN0001"), ("s2", "SN0002"), ("s3", "SN0003")]
    assert [len(unit.polls()) for unit in units] == [12, 12, 12]
    assert {comm for _, _, comm in ear.comms} == {CommState.ONLINE}
    slot, reading = ear.readings[0]
    assert (slot, reading.serial, reading.state, reading.number(W)) == ("s1", "SN0001", InvSt.RUNNING, 100.0)
    assert reading.events == frozenset()


def test_an_alarm_word_becomes_an_event() -> None:
    (unit,) = units = plant(1)
    unit.alarm = 1
    ear = Bench(units).run(10)
    assert {event.alarm_code for event in ear.readings[-1][1].events} == {1}


def test_statistics_count_conversations_repeats_and_latency() -> None:
    (unit,) = units = plant(1)
    ear = Bench(units).run(41, (19, lambda: setattr(unit, "alive", False)), (21, lambda: setattr(unit, "alive", True)))
    stats = ear.latest["s1"]
    assert stats.polls == stats.answered + 1
    assert stats.retries == 1
    assert stats.latency_s == pytest.approx(ANSWER_S)
    assert stats.last_failure == "no_answer"


def test_the_silence_of_a_sleeper_is_no_failed_conversation() -> None:
    (unit,) = units = plant(1)
    bench = Bench(units)

    def dusk() -> None:
        bench.elevation, unit.alive = 1.0, False

    def dawn() -> None:
        bench.elevation, unit.alive = 4.0, True

    ear = bench.run(11 * 3600, (3600, dusk), (10 * 3600, dawn))
    stats = ear.latest["s1"]
    assert stats.polls - stats.answered == DEFAULTS.asleep_misses
    assert stats.answered > 2 * 3600 / 5 - 10


def test_a_unit_that_restarted_names_itself_again() -> None:
    (unit,) = units = plant(1)
    ear = Bench(units).run(60, (31, lambda: setattr(unit, "booted_at", 31.0)))
    assert ear.names == [("s1", "SN0001")] * 2


def test_a_stranger_in_a_slot_is_reported_once_and_not_accepted() -> None:
    units = [Unit("SN0001"), Unit("OTHER")]
    ear = Bench(units).run(120)
    assert ear.strangers == [("s2", "OTHER")]
    assert {slot for slot, _ in ear.readings} == {"s1"}
    assert ("s2", CommState.LOST) in {(slot, comm) for _, slot, comm in ear.comms}


def test_a_dead_unit_is_lost_and_costs_the_others_no_more_than_its_share() -> None:
    units = plant(20)
    units[4].alive = False
    bench = Bench(units, poll_s=2.0)
    ear = bench.run(1000)
    assert [(slot, comm) for _, slot, comm in ear.comms if comm is not CommState.ONLINE] == [("s5", CommState.LOST)]
    cost_s = sum(seconds for node, seconds in bench.medium.spent if node == 5)
    assert 0 < cost_s <= 0.1 * 1000
    assert min(len(unit.polls()) for unit in units if unit.alive) >= 450


def test_half_a_plant_that_dies_leaves_the_other_half_its_period() -> None:
    units = plant(10)
    bench = Bench(units, poll_s=5.0, probe_share=0.1)

    def breaker() -> None:
        for unit in units[5:]:
            unit.alive = False

    bench.run(1000, (100, breaker))
    cost_s = sum(seconds for node, seconds in bench.medium.spent if node > 5) - 5 * 20 * ANSWER_S
    assert cost_s <= 0.1 * 900 + 5 * 2 * 1.0
    assert min(len(unit.polls()) for unit in units[:5]) >= 190


def test_the_night_is_no_fault_and_the_morning_finds_everybody() -> None:
    units = plant(3)
    bench = Bench(units, poll_s=60.0)

    def dusk() -> None:
        bench.elevation = 1.0
        for unit in units:
            unit.alive = False

    def dawn() -> None:
        bench.elevation = 4.0
        for unit in units:
            unit.alive, unit.booted_at = True, 40_000.0

    ear = bench.run(41_000, (3600, dusk), (40_000, dawn))
    assert [comm for _, slot, comm in ear.comms if slot == "s2"] == [
        CommState.ONLINE,
        CommState.ASLEEP,
        CommState.ONLINE,
    ]
    back = [at for at, _, comm in ear.comms if comm is CommState.ONLINE][3:]
    assert all(40_000 <= at <= 40_070 for at in back)


def test_without_a_clock_dusk_is_known_from_the_panels() -> None:
    (unit,) = units = plant(1)
    bench = Bench(units, elevation=None)
    ear = bench.run(3600, (100, lambda: setattr(unit, "dc_v", 20.0)), (110, lambda: setattr(unit, "alive", False)))
    assert [comm for _, _, comm in ear.comms] == [CommState.ONLINE, CommState.ASLEEP]


def test_a_pulled_link_blames_nobody_and_resumes_at_once() -> None:
    units = plant(3)
    bench = Bench(units)
    ear = bench.run(400, (101.05, bench.medium.pull), (301.05, bench.medium.plug))
    told = [[comm for _, slot, comm in ear.comms if slot == unit] for unit in ("s1", "s2", "s3")]
    assert told == [[CommState.ONLINE, CommState.UNKNOWN, CommState.ONLINE]] * 3
    assert [up for _, up in ear.links] == [True, False, True]
    assert ear.links[2][0] == 301.05
    assert all(stats.polls == stats.answered for stats in ear.latest.values())
    resumed = min(at for unit in units for at in unit.polls() if at > 200)
    assert resumed == pytest.approx(301.05 + 3 * ANSWER_S, abs=0.01)  # everybody joins anew first


def test_a_link_that_goes_down_between_polls_is_told_within_half_a_minute() -> None:
    bench = Bench(plant(1), poll_s=600.0)
    ear = bench.run(100, (50, bench.medium.pull))
    assert ear.links[-1][1] is False
    assert ear.links[-1][0] <= 80


def test_a_link_that_was_away_between_two_polls_is_told_and_its_units_join_anew() -> None:
    units = plant(1)
    bench = Bench(units, poll_s=20.0)
    ear = bench.run(100, (50, bench.medium.pull), (51, bench.medium.plug))
    assert [up for _, up in ear.links] == [True, False, True]
    assert [comm for _, _, comm in ear.comms] == [CommState.ONLINE, CommState.UNKNOWN, CommState.ONLINE]
    assert len(ear.names) == 2


def test_items_of_their_own_period_complete_each_other() -> None:
    profile = replace(PROFILE, poll_plan=(PollItem("live"), PollItem("slow", every_s=60.0)))
    units = plant(1)
    units[0].alarm = 1
    ear = Bench(units, profile=profile).run(600)
    slow_readings = [reading for _, reading in ear.readings if set(reading.values) == {Channel(TMP_CAB)}]
    assert len(slow_readings) == 10
    assert {reading.state for reading in slow_readings[1:]} == {InvSt.RUNNING}
    assert all(reading.events for reading in slow_readings[1:])


@pytest.mark.parametrize(("models", "read"), [(None, True), (frozenset({MODEL.name}), True), (frozenset(), False)])
def test_an_item_is_asked_of_units_whose_model_has_it(*, models: frozenset[str] | None, read: bool) -> None:
    profile = replace(PROFILE, poll_plan=(PollItem("live"), PollItem("slow", every_s=60.0, models=models)))
    bench = Bench(plant(1), profile=profile)
    ear = bench.run(600, (200, bench.medium.pull), (210, bench.medium.plug))
    slow = [reading for _, reading in ear.readings if set(reading.values) == {Channel(TMP_CAB)}]
    assert (len(slow) > 5) == read
    assert bool(slow) == read


def test_an_overloaded_link_says_how_long_its_cycle_is() -> None:
    bench = Bench(plant(20), poll_s=1.0)
    bench.run(120)
    assert bench.poller.cycle_s == pytest.approx(20 * ANSWER_S, rel=0.05)


def test_a_cycle_that_stretches_is_logged_once_each_way() -> None:
    units = plant(20)
    bench = Bench(units, poll_s=1.0)

    def shrink() -> None:
        for unit in units[2:]:
            unit.alive = False

    with capture_logs() as logs:
        bench.run(600, (200, shrink))
    assert [(entry["event"], entry["gateway"]) for entry in logs] == [
        ("poll_cycle_stretched", "gw"),
        ("poll_cycle_kept", "gw"),
    ]


class Refusing(Medium):
    """Says that it is up and grants nothing."""

    asked = 0

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[Port]:
        self.asked += 1
        async with super().claim(node, urgency) as port:
            if self.asked:
                raise LinkDownError("no grant")
            yield port


def test_a_link_that_grants_nothing_costs_little_and_blames_nobody() -> None:
    bench = Bench(plant(1))
    refusing = Refusing({})
    bench.poller = Poller(
        "gw",
        refusing,
        bench.devices,
        PROFILE,
        poll_s=5.0,
        probe_share=0.1,
        light=lambda: 40.0,
        utc=lambda: 0.0,
        listener=bench.ear,
    )
    ear = bench.run(60)
    assert 1 <= refusing.asked <= 601
    assert ear.comms == []


def test_a_join_that_finds_a_stranger_is_reported() -> None:
    profile = replace(PROFILE, join=lambda *_: Foreign())
    ear = Bench(plant(1), profile=profile).run(60)
    assert ear.strangers == [("s1", "X123")]
    assert ear.readings == []


def test_a_unit_that_tells_its_serial_with_every_poll_is_known_to_be_another_without_a_restart() -> None:
    (unit,) = units = plant(1)

    def poll(station: Station, item: PollItem, utc: float) -> Exchange[Mapping[Channel, Value]]:
        return Mapped(PROFILE.poll(station, item, utc), lambda values: {**values, Channel(SN): unit.serial})

    ear = Bench(units, profile=replace(PROFILE, poll=poll)).run(120, (31, lambda: setattr(unit, "serial", "OTHER")))
    assert ear.strangers == [("s1", "OTHER")]
    assert max(reading.at for _, reading in ear.readings) < 31
    assert CommState.LOST in {comm for _, _, comm in ear.comms}


class Foreign:
    """A join that ends with another device's answer."""

    def start(self) -> Step[Mapping[Channel, Value]]:
        return Failed(Cause.MISMATCH, "X123")

    def received(self, datagram: bytes) -> Step[Mapping[Channel, Value]]:
        raise AssertionError(datagram)

    def timed_out(self) -> Step[Mapping[Channel, Value]]:
        raise AssertionError


def test_no_cycle_is_known_before_the_first_poll() -> None:
    assert Bench(plant(1)).poller.cycle_s is None


def test_joins_come_before_the_first_poll_of_each_unit() -> None:
    units = plant(2)
    Bench(units).run(10)
    assert [unit.heard[0][1] for unit in units] == [IDENTITY_AT, IDENTITY_AT]


@pytest.mark.parametrize(
    ("changes_at", "read_at"),
    [
        pytest.param([], [0, 60, 120], id="nothing changes"),
        pytest.param([31], [0, 35, 95, 155], id="once"),
        pytest.param([31, 33], [0, 35, 95, 155], id="twice between two live polls"),
    ],
)
def test_an_item_is_read_when_the_value_that_it_goes_by_changes(changes_at: list[float], read_at: list[float]) -> None:
    (unit,) = units = plant(1)
    log = PollItem("slow", every_s=60.0, on_change=Channel(ALRM))
    read: list[float] = []

    def poll(station: Station, item: PollItem, utc: float) -> Exchange[Mapping[Channel, Value]]:
        if item == log:
            read.append(round(asyncio.get_running_loop().time()))
        return PROFILE.poll(station, item, utc)

    def change() -> None:
        unit.alarm += 1

    bench = Bench(units, poll_s=5.0, profile=replace(PROFILE, poll_plan=(PollItem("live"), log), poll=poll))
    bench.run(170, *((at, change) for at in changes_at))
    assert read == read_at


@pytest.mark.parametrize(
    ("refusing_s", "comms"),
    [
        pytest.param(20, [CommState.ONLINE], id="for a while: online throughout"),
        pytest.param(600, [CommState.ONLINE, CommState.DEGRADED, CommState.ONLINE], id="for long: worse, not lost"),
    ],
)
def test_a_unit_that_answers_with_exceptions_is_there(refusing_s: float, comms: list[CommState]) -> None:
    (unit,) = units = plant(1)
    bench = Bench(units)
    ear = bench.run(
        1200,
        (101, lambda: setattr(unit, "refuses", True)),
        (101 + refusing_s, lambda: setattr(unit, "refuses", False)),
    )
    assert [comm for _, _, comm in ear.comms] == comms
    assert len(ear.refusals) == refusing_s / 5
    assert len(ear.names) == 1  # it was asked on, not probed
    assert len(ear.readings) == (1200 - refusing_s) / 5
    assert ear.latest["s1"].last_failure == "refused: Modbus exception 4"


def test_an_item_that_a_unit_does_not_have_makes_it_no_worse() -> None:
    def poll(station: Station, item: PollItem, utc: float) -> Exchange[Mapping[Channel, Value]]:
        return PROFILE.poll(station, item, utc) if item.name == "live" else Lacking()

    profile = replace(PROFILE, poll=poll, poll_plan=(PollItem("live"), PollItem("slow", every_s=5.0)))
    ear = Bench(plant(1), profile=profile).run(600)
    assert [comm for _, _, comm in ear.comms] == [CommState.ONLINE]
    assert ear.refusals == []


class Lacking(Foreign):
    """A poll that ends with a refusal."""

    def start(self) -> Step[Mapping[Channel, Value]]:
        return Failed(Cause.REFUSED, "Modbus exception 2")
