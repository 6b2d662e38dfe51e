"""Alarm records of the units: what happened between two polls, and when it did."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from gateway.alarms.trip import SLACK_S, Sighting, trip
from protocols.events import AlarmRecord
from protocols.vendors.atmoce import layout
from tests.support.alarmed import ROOT, Scene, play
from tests.support.emulated import NOON

RECORD = AlarmRecord(seq=7, code=4, stage=2, extreme=180.0, crossed_ms=99_000, opened_ms=100_000)


def utc(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def noted(scene: Scene, code: int, *, ago_s: float, lasting_s: float, **facts: float) -> float:
    """Have a unit note a trip; return when its limit was crossed (UTC)."""
    now = asyncio.get_running_loop().time()
    scene.unit("east-1").note(code, now - ago_s, now - ago_s + lasting_s, **facts)  # type: ignore[arg-type]
    return NOON + now - ago_s


def test_a_trip_between_two_polls_is_a_record_and_an_alarm_that_came_and_went(tmp_path: Path) -> None:
    crossed: list[float] = []

    async def act(scene: Scene) -> None:
        crossed.append(noted(scene, 3, ago_s=2, lasting_s=0.5, stage=1, extreme=47.31))
        await asyncio.sleep(20)
        assert scene.alarms("inverter/east-1") == {}

    scene = play(tmp_path, act)
    assert scene.edges() == [("east-1", 3, "record"), ("east-1", 3, "raise"), ("east-1", 3, "clear")]
    record, raised, _ = scene.events()
    assert utc(record["crossed"]) == pytest.approx(crossed[0], abs=0.05)
    assert utc(record["opened"]) - utc(record["crossed"]) == pytest.approx(0.5, abs=0.002)
    assert record["opened_ms"] - record["crossed_ms"] == 500
    assert (record["stage"], record["extreme"], record["unit"], record["serial"]) == (1, 47.31, "Hz", "SNeast001")
    assert utc(raised["since"]) == pytest.approx(crossed[0], abs=0.05)


def test_an_alarm_that_a_poll_shows_has_the_instant_of_its_record(tmp_path: Path) -> None:
    crossed: list[float] = []

    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(5)
        crossed.append(noted(scene, 5, ago_s=4, lasting_s=3, extreme=262.0))
        await asyncio.sleep(20)
        (alarm,) = scene.alarms("inverter/east-1").values()
        assert utc(alarm["since"]) == pytest.approx(crossed[0], abs=0.05)
        assert alarm["cause"] == "grid voltage too high"

    assert play(tmp_path, act).edges("record", "raise") == [("east-1", 5, "record"), ("east-1", 5, "raise")]


def test_a_record_is_told_once_whatever_restarts(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        noted(scene, 3, ago_s=2, lasting_s=0.5)
        await asyncio.sleep(20)
        await scene.restart()
        await asyncio.sleep(20)
        scene.stop.set()
        await scene.task
        noted(scene, 6, ago_s=2, lasting_s=0.5)  # while the gateway is away
        await asyncio.sleep(600)
        await scene.restart()
        await asyncio.sleep(20)

    assert play(tmp_path, act).edges("record", "raise") == [
        ("east-1", 3, "record"),
        ("east-1", 3, "raise"),
        ("east-1", 6, "record"),
        ("east-1", 6, "raise"),
    ]


def test_records_that_get_lost_are_asked_for_with_the_next_poll(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.plant.loses = lambda frame: frame[2:4] == layout.RECORDS_AT.to_bytes(2, "big")
        noted(scene, 3, ago_s=2, lasting_s=0.5)
        await asyncio.sleep(30)
        assert scene.edges() == []
        assert scene.ear.last(f"{ROOT}/inverter/east-1/availability") == {"state": "online"}
        scene.plant.loses = lambda _: False
        await asyncio.sleep(10)

    scene = play(tmp_path, act)
    assert scene.edges("record", "raise") == [("east-1", 3, "record"), ("east-1", 3, "raise")]
    assert scene.events("record")[0]["crossed"] is not None


def test_what_a_unit_noted_before_it_was_first_heard_is_of_the_past(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.die()
        (scene.site.state_dir / "opencombiner.db").unlink()
        noted(scene, 3, ago_s=2, lasting_s=0.5)
        await scene.restart()
        await asyncio.sleep(20)
        noted(scene, 6, ago_s=2, lasting_s=0.5)
        await asyncio.sleep(20)

    assert play(tmp_path, act).edges("record") == [("east-1", 6, "record")]


def test_an_outage_that_made_the_modem_deaf_is_told_when_the_units_return(tmp_path: Path) -> None:
    slots = [f"east-{number}" for number in range(1, 4)]
    crossed: list[float] = []

    async def act(scene: Scene) -> None:
        scene.plant.loses = lambda _: True
        await asyncio.sleep(30)
        now = asyncio.get_running_loop().time()
        crossed.append(NOON + now)
        for slot in slots:
            scene.unit(slot).note(2, now, now + 0.2)
        await asyncio.sleep(400)
        (branch,) = scene.alarms("branch/east").values()
        assert (branch["code"], branch["cause"]) == (102, "inferred")
        scene.plant.loses = lambda _: False
        await asyncio.sleep(300)
        assert scene.alarms("branch/east") == {}

    scene = play(tmp_path, act, branches={"east": 3, "west": 1})
    records = scene.events("record")
    assert {record["subject"] for record in records} == set(slots)
    assert [utc(record["crossed"]) for record in records] == pytest.approx([crossed[0]] * 3, abs=0.05)
    raised = {event["subject"]: event for event in scene.events("raise") if event["code"] == 2}
    assert set(raised) == set(slots)
    assert [utc(event["since"]) for event in raised.values()] == pytest.approx([crossed[0]] * 3, abs=0.05)


@pytest.mark.parametrize(
    ("seen", "opened"),
    [
        pytest.param(Sighting(1000.0, 120.0, None), 980.0, id="by the uptime"),
        pytest.param(Sighting(1000.0, 120.0, 975.0), 980.0, id="after the sighting before"),
        pytest.param(Sighting(1000.0, 120.0, 980.0 + SLACK_S), 980.0, id="as early as the clocks may be off"),
        pytest.param(Sighting(1000.0, 120.0, 980.1 + SLACK_S), None, id="before the sighting before: of another boot"),
        pytest.param(Sighting(1000.0, 90.0, None), None, id="later than now: of another boot"),
        pytest.param(Sighting(1000.0, None, None), None, id="a unit that tells no uptime"),
    ],
)
def test_the_instants_of_a_record(seen: Sighting, opened: float | None) -> None:
    found = trip(1, "a", "SN1", RECORD, seen)
    assert (found.opened_ts, found.crossed_ts) == (opened, None if opened is None else opened - 1.0)
    assert (found.id, found.record_seq, found.ts) == ("SN1-7-100000", 7, 1000.0)
