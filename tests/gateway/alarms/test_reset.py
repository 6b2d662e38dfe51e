"""How long a reset waits for the unit's alarm to end."""

import asyncio
from pathlib import Path

import pytest

from protocols.commands import AlarmReset
from tests.support.alarmed import Scene, play


def test_a_reset_waits_for_the_next_reading_however_late(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        scene.unit("east-1").put(9)
        await asyncio.sleep(80)  # so that the next reading is more than a minute away
        assert scene.edges() == [("east-1", 9, "raise"), ("east-1", 9, "escalate")]
        answer = await scene.ask("east-1", 9, "reset", within_s=100)
        assert (answer["status"], answer["data"]["state"]) == ("ok", "rtnun")

    play(tmp_path, act, poll_s=90.0)


@pytest.mark.parametrize(("code", "times"), [(5, 10), (7, 5), (8, 6)])
def test_the_reset_of_a_lockout_waits_for_the_off_delay(code: int, times: int, tmp_path: Path) -> None:
    """The alarm ends a minute after the unit no longer shows it, which is later than a latch that needs no delay."""

    async def act(scene: Scene) -> None:
        unit = scene.unit("east-1")
        for _ in range(times - 1):
            unit.put(code)
            await asyncio.sleep(20)
            unit.put()
            await asyncio.sleep(80)
        unit.put(code)
        await asyncio.sleep(20)
        assert scene.edges("lockout") == [("east-1", code, "lockout")]
        answer = await scene.ask("east-1", code, "reset", within_s=130)
        assert (answer["status"], answer["data"]["state"]) == ("ok", "rtnun")
        assert unit.commands == [AlarmReset()]

    assert play(tmp_path, act).edges("reset") == [("east-1", code, "reset")]
