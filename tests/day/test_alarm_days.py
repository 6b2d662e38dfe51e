"""Days on virtual time that try to raise false alarms, and an outage that the modem does not survive."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from emulator.instruments import Instruments
from gateway.control.order import Order, Verb
from tests.support.emulated import MIDNIGHT, NOON
from tests.support.plant import Scene, play, site

pytestmark = [pytest.mark.day, pytest.mark.timeout(240)]

HOUR = 3600.0
OUTAGE, BRANCH_OUTAGE, SITE_OUTAGE, COMM_LOSS = 2, 102, 103, 101


def _raised(scene: Scene) -> list[tuple[str, int]]:
    """Return subject and code of every alarm that was raised."""
    said: list[dict[str, Any]] = [event for event in scene.ear.of("/event") if event.get("kind") == "raise"]
    return [(event["subject"], event["code"]) for event in said]


def test_clouds_heat_dew_and_the_owners_stop_raise_nothing_and_an_outage_its_own(tmp_path: Path) -> None:
    async def a_day(scene: Scene) -> None:
        door = Instruments(scene.plant)
        await asyncio.sleep(9 * HOUR)
        assert _raised(scene) == []  # the night, and a dewy morning
        await scene.app.control.submit(Order(target="AT000001", verb=Verb.DISABLE, by="owner"))
        await asyncio.sleep(HOUR)
        await scene.app.control.submit(Order(target="AT000001", verb=Verb.ENABLE, by="owner"))
        await asyncio.sleep(HOUR)
        door.ambient(35.0)  # a hot noon: units derate
        await asyncio.sleep(2 * HOUR)
        door.ambient(0.0)
        assert _raised(scene) == []
        door.grid_outage()
        await asyncio.sleep(120)
        door.grid_restore()
        await asyncio.sleep(11 * HOUR - 120)

    plan = site(tmp_path, units=6, poll_s=10, emulation={"seed": 4, "clouds": "changing"})
    scene = play(plan, a_day, start_utc=MIDNIGHT)
    raised = _raised(scene)
    assert {code for _, code in raised} <= {OUTAGE, BRANCH_OUTAGE, SITE_OUTAGE}
    assert {subject for subject, code in raised if code == OUTAGE} == {f"AT00000{n}" for n in range(1, 7)}
    assert {code for subject, code in raised if "/" in subject or subject == "site"} != set()
    assert scene.ear.last("opencombiner/home/site/state")["status"] == "normal"


def test_a_modem_that_is_deaf_without_mains_leaves_an_outage_to_be_inferred(tmp_path: Path) -> None:
    async def an_outage(scene: Scene) -> None:
        door = Instruments(scene.plant)
        await asyncio.sleep(600)
        door.grid_outage()
        await asyncio.sleep(900)
        assert (BRANCH_OUTAGE in {code for _, code in _raised(scene)}) or (
            SITE_OUTAGE in {code for _, code in _raised(scene)}
        )
        assert OUTAGE not in {code for _, code in _raised(scene)}  # nobody could tell
        door.grid_restore()
        await asyncio.sleep(900)

    link: dict[str, object] = {"mains_synchronous": True}
    plan = site(tmp_path, units=4, poll_s=10, link=link, emulation={"seed": 4, "clouds": "clear"})
    scene = play(plan, an_outage, start_utc=NOON)
    records = [event for event in scene.ear.of("/event") if event.get("kind") == "record"]
    assert {event["subject"] for event in records if event["code"] == OUTAGE} == {f"AT00000{n}" for n in range(1, 5)}
    shown = scene.ear.last("opencombiner/home/site/state")
    assert (shown["status"], shown["reporting"]) == ("normal", 4)
