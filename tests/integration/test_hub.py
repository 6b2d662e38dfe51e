"""Units that dial the site's own broker, a real one: emulator, broker and daemon over sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from emulator.server import Plant
from gateway.app import App
from gateway.log import LogTap
from gateway.snapshot import CommState
from tests.support.emulated import NOON
from tests.support.hub import hub_site
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto
from tests.support.virtual_time import clock_at

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(120)]

UNITS = 3
UP = "jowoiot/toServer/v2/"
TREE = "opencombiner/home"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    one = Mosquitto(tmp_path)
    one.start()
    try:
        yield one
    finally:
        one.stop()


@asynccontextmanager
async def living(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[App, Plant, Listener]]:
    """Run plant and daemon at noon, in real time."""
    loop = asyncio.get_running_loop()
    clock = clock_at(NOON)
    plan = hub_site(folder, units=UNITS, url=broker.url, emulation={"clouds": "clear"})
    plant = Plant(plan, plan.location, clock, loop.time())
    app, stop = App(plan, clock=clock, tap=LogTap(), inline_store=True), asyncio.Event()
    async with listening(broker.url, f"{TREE}/#") as ear:
        serving = asyncio.ensure_future(plant.serve())
        running = asyncio.ensure_future(app.run(stop))
        try:
            yield app, plant, ear
        finally:
            stop.set()
            await running
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def reported(ear: Listener) -> bool:
    """Tell whether each unit's values have reached the tree."""
    states = [ear.last(f"{TREE}/inverter/RC{n:06d}/state") for n in range(1, UNITS + 1)]
    return all(state is not None and state["p_ac_w"] for state in states)


def test_units_report_through_the_sites_own_broker(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        async with living(tmp_path, broker) as (app, plant, ear):
            await ear.until(lambda: reported(ear), within_s=60)
            for serial, unit in plant.units.items():
                state = ear.last(f"{TREE}/inverter/{serial}/state")
                assert state["quality"] == "good"
                now = asyncio.get_running_loop().time()
                assert state["p_ac_w"] == pytest.approx(unit.power_w(now), rel=0.05)
            assert {view.comm for view in app.state.views.values()} == {CommState.ONLINE}

    asyncio.run(scene())


def report(t_ms: int, **raw: object) -> bytes:
    return json.dumps({"meta": {"t": t_ms}, "data": [{"k": key, "v": value} for key, value in raw.items()]}).encode()


def test_hostile_reports_move_nothing_and_cost_nobody_an_answer(tmp_path: Path, broker: Mosquitto) -> None:
    hostile = {
        "RC000001": [
            b"x" * 200_000,
            b"{",
            b"\xff" * 100,
            b"[" * 8000,
            report(-1, pa1=1),
            report(1, pa1=999),  # long ago: a replay
            b'{"meta":{"t":99999999999999},"data":[{"k":"p1","v":NaN}]}',
            b'{"meta":{"t":99999999999999},"data":[{"k":"p1","v":1e999}]}',
        ],
        "RC999999": [report(1, pa1=1)],
        "../RC000001": [report(1, pa1=1)],
    }

    async def scene() -> None:
        async with living(tmp_path, broker) as (app, plant, ear):
            await ear.until(lambda: reported(ear), within_s=60)
            dials = {serial: plant.node(serial).dials for serial in plant.units}  # type: ignore[attr-defined]
            before = {slot: view.seq for slot, view in app.state.views.items()}
            async with connect(Options(url=broker.url, client_id="mallory")) as mallory:
                for serial, payloads in hostile.items():
                    for payload in payloads:
                        await mallory.publish(Message(UP + serial, payload, 1))
                for number in range(3000):
                    await mallory.publish(Message(f"{UP}RC{number % 2 + 2:06d}", b"flood %d" % number))
                await mallory.publish(Message(f"{UP}RC000001", report(2, pa1=999), 1, retain=True))
            condition = app.souths[0].condition
            async with asyncio.timeout(30):
                while condition()["damaged"] + condition()["too_fast"] < 2500:  # noqa: ASYNC110 - counters wake nobody
                    await asyncio.sleep(0.05)
            await asyncio.sleep(35)  # each unit reports once more
            counted = condition()
            assert counted["oversize"] == 1
            assert counted["strangers"] == 1  # a topic with a level more is not even ours
            assert counted["outdated"] >= 1
            assert counted["failures"] == 0
            assert {view.comm for view in app.state.views.values()} == {CommState.ONLINE}
            assert all(view.values != {} and view.seq > before[slot] for slot, view in app.state.views.items())
            assert dials == {serial: plant.node(serial).dials for serial in plant.units}  # type: ignore[attr-defined]
            assert ear.last(f"{TREE}/inverter/RC000001/ch/1/state")["p_dc_w"] != 999

    asyncio.run(scene())
