"""A gateway process that is killed between an alarm's edge and its publication, with a real Mosquitto."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from signal import SIGKILL

import pytest

from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.processes import command
from tests.support.scripted_plant import Plant, described, serving

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(120)]

EVENTS = "opencombiner/home/inverter/roof-1/event"
STATE = "opencombiner/home/inverter/roof-1/state"
PATIENCE_S, LOOK_S = 30.0, 0.02
POLLS = 4  # of which the last is asked after the first was taken in and its rows were stored


async def _until(condition: Callable[[], bool]) -> None:
    for _ in range(round(PATIENCE_S / LOOK_S)):
        if condition():
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError("waited in vain")


def _raised(ear: Listener) -> list[str]:
    said = [json.loads(each.payload) for each in ear.heard if each.topic == EVENTS]
    return [event["id"] for event in said if event["kind"] == "raise"]


@pytest.mark.parametrize("hangs", [False, True], ids=["broker away", "broker hangs"])
def test_an_edge_is_told_by_the_next_run(tmp_path: Path, *, hangs: bool) -> None:
    broker = Mosquitto(tmp_path)
    broker.start()
    site = described(
        tmp_path,
        link=f"socket://127.0.0.1:{free_port()}",
        broker=broker.url,
        branches={"roof": 1},
        poll_s=0.5,
    )
    plant_file = tmp_path / "site.yaml"
    plant_file.write_text(site.model_dump_json(exclude_defaults=True), "utf-8")

    async def hear(act: Callable[[Listener], Awaitable[None]]) -> None:
        async with listening(broker.url) as ear:
            await act(ear)

    async def main() -> None:
        plant = Plant(site)
        unit = plant.units["roof-1"]
        async with serving(plant):
            with command(tmp_path / "first.log", "run", str(plant_file)) as first:
                await hear(lambda ear: ear.until_said(STATE))
                broker.hang() if hangs else broker.stop()
                unit.put(9)
                asked = unit.asked
                await _until(lambda: unit.asked >= asked + POLLS)
                first.stop(SIGKILL)
            unit.put()  # nothing but the journal knows of it now
            broker.resume() if hangs else broker.start()

            async def told(ear: Listener) -> None:
                with command(tmp_path / "second.log", "run", str(plant_file)) as second:
                    await ear.until(lambda: bool(_raised(ear)))
                    await ear.until_said("opencombiner/home/inverter/roof-1/alarms")
                    await ear.until(lambda: any(each.topic == STATE for each in ear.live))
                    assert second.stop() == 0
                assert len(set(_raised(ear))) == 1

            await hear(told)

    try:
        asyncio.run(main())
    finally:
        broker.stop()
