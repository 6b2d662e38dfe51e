"""Events of alarms when broker or gateway go away: none is missing, and one that comes twice has one id."""

import asyncio
from pathlib import Path

import pytest

from tests.support.alarmed import Scene, play

EDGES = [("east-1", 3, "raise"), ("east-1", 3, "clear"), ("east-1", 4, "raise"), ("east-1", 4, "clear")]


async def live(scene: Scene, *codes: int) -> None:
    """Let alarms come and go, one after the other."""
    for code in codes:
        scene.unit("east-1").put(code)
        await asyncio.sleep(20)
        scene.unit("east-1").put()
        await asyncio.sleep(20)


def ids(scene: Scene) -> list[str]:
    return [event["id"] for event in scene.events()]


@pytest.mark.parametrize("hangs", [False, True], ids=["stopped", "hangs"])
def test_a_broker_that_was_away_is_told_exactly_what_it_missed(tmp_path: Path, *, hangs: bool) -> None:
    async def act(scene: Scene) -> None:
        await live(scene, 3)
        assert scene.edges() == EDGES[:2]
        scene.broker.hang() if hangs else scene.broker.stop()
        await live(scene, 4)
        assert scene.edges() == EDGES[:2]
        assert scene.app.alarms.journal.waiting == 2
        scene.broker.resume() if hangs else scene.broker.start()
        await asyncio.sleep(60)

    scene = play(tmp_path, act)
    once = {event["id"]: (event["subject"], event["code"], event["kind"]) for event in scene.events()}
    assert list(once.values()) == EDGES
    assert hangs or len(ids(scene)) == len(EDGES)  # a broker that hung may have heard one that it did not acknowledge


def test_a_restart_says_nothing_twice_and_forgets_nothing(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await live(scene, 3)
        scene.unit("east-1").put(3, 9)
        await asyncio.sleep(20)
        await scene.ask("east-1", 9, "ack")
        await scene.ask("east-1", 3, "shelve", for_s=3000)
        before = scene.alarms("inverter/east-1")
        assert before[3]["count"] == 2
        await scene.restart()
        await asyncio.sleep(20)
        assert scene.alarms("inverter/east-1") == before

    scene = play(tmp_path, act)
    assert scene.edges("raise") == [("east-1", 3, "raise"), ("east-1", 3, "raise"), ("east-1", 9, "raise")]
    assert len(ids(scene)) == len(set(ids(scene)))


def test_what_happened_while_the_gateway_was_away_is_told_when_it_is_back(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(3)
        await asyncio.sleep(20)
        scene.stop.set()
        await scene.task
        scene.unit("east-1").put(4)
        await asyncio.sleep(3600)
        await scene.restart()
        await asyncio.sleep(20)
        assert set(scene.alarms("inverter/east-1")) == {4}

    assert play(tmp_path, act).edges() == [EDGES[0], EDGES[2], EDGES[1]]


@pytest.mark.parametrize(
    ("hangs", "times"),
    [
        pytest.param(False, 1, id="the broker is away: told once, by the next run"),
        pytest.param(True, 2, id="the broker heard it and had not said so: told twice under one id"),
    ],
)
def test_killed_between_edge_and_publication(tmp_path: Path, *, hangs: bool, times: int) -> None:
    async def act(scene: Scene) -> None:
        scene.broker.hang() if hangs else scene.broker.stop()
        scene.unit("east-1").put(3)
        await asyncio.sleep(9)  # the gateway waits 10 s for an acknowledgement, then says it once more
        killed = scene.left_behind()
        scene.unit("east-1").put()
        scene.broker.resume()
        await scene.die()
        scene.broker.start()
        await asyncio.sleep(3600)
        await scene.restart(killed)
        await asyncio.sleep(20)

    scene = play(tmp_path, act)
    assert scene.edges("raise") == [("east-1", 3, "raise")] * times
    assert len({event["id"] for event in scene.events("raise")}) == 1
    assert scene.edges("clear") == [("east-1", 3, "clear")]


def test_what_a_kill_leaves_goes_on_where_it_was(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(9)
        await asyncio.sleep(20)
        await scene.ask("east-1", 9, "ack")
        killed = scene.left_behind()
        await scene.die()
        await scene.restart(killed)
        await asyncio.sleep(20)
        alarm = scene.alarms("inverter/east-1")[9]
        assert (alarm["state"], alarm["acknowledged_by"], alarm["count"]) == ("acked", "ann", 1)

    assert play(tmp_path, act).edges("raise", "ack") == [("east-1", 9, "raise"), ("east-1", 9, "ack")]
