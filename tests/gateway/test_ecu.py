"""An ECU's site as a whole: emulated units of every family, their network, coordinator, driver, gateway, broker."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from config.site import Site
from drivers.mqtt.session import Message
from drivers.zigbee.link import ZigbeeLink
from emulator.media.zigbee import Zigbee
from emulator.media.zigbee.unit import Unit
from gateway.snapshot import CommState
from protocols.commands import Conn, WMaxLimPct
from protocols.exchange import Cause, Done, Failed
from protocols.modems.znp.air import Message as Said
from protocols.modems.znp.air import content, datagram
from protocols.modems.znp.network import CLUSTER_IN, network
from protocols.points import W_MAX_LIM_PCT, Channel, W
from protocols.vendors.apsystems.models import MODELS
from tests.support.ecu import FIRST_NODE, ecu_site, serials
from tests.support.emulated import NOON
from tests.support.plant import Scene, play

UNITS = serials(5)
BASE = "opencombiner/home"
CLEAR = {"clouds": "clear"}


def medium(scene: Scene) -> Zigbee:
    """Return the emulated network."""
    found: object = scene.plant._wirings["ecu"].medium  # noqa: SLF001 - what the plant keeps to itself
    assert isinstance(found, Zigbee)
    return found


def unit(scene: Scene, serial: str) -> Unit:
    """Return a unit's radio."""
    found = scene.plant.node(serial)
    assert isinstance(found, Unit)
    return found


def comms(scene: Scene) -> set[CommState]:
    return {view.comm for view in scene.app.state.views.values()}


def after(seconds: float, act: Callable[[Scene], Awaitable[None]] | None = None) -> Callable[[Scene], Awaitable[None]]:
    async def played(scene: Scene) -> None:
        await asyncio.sleep(seconds)
        if act is not None:
            await act(scene)

    return played


@pytest.mark.parametrize("hops", [1, 3], ids=["all next to the coordinator", "over two relays"])
def test_units_of_every_family_are_published(hops: int, tmp_path: Path) -> None:
    told: dict[str, tuple[dict[str, Any], float]] = {}

    async def look(scene: Scene) -> None:
        for serial, inverter in scene.plant.units.items():
            told[serial] = scene.ear.last(f"{BASE}/inverter/{serial}/state"), inverter.power_w(scene.now())

    plan = ecu_site(tmp_path, poll_s=5.0, link={"hops": hops}, emulation=CLEAR)
    scene = play(plan, after(120.0, look), start_utc=NOON)
    for serial, model in UNITS.items():
        said, true_w = told[serial]
        assert said["state"] == "running"
        assert said["quality"] == "good"
        assert said["p_ac_w"] == pytest.approx(true_w, rel=0.04)  # reckoned from DC where a unit does not send it
        assert said["f_ac_hz"] == pytest.approx(50.0, abs=0.2)
        assert said["uptime_s"] > 0
        assert (said["limit_pct"] == 100.0) == (model != "QT2")  # which tells no limit
        inputs = [scene.ear.last(f"{BASE}/inverter/{serial}/ch/{n}/state") for n in range(1, MODELS[model].ports + 1)]
        dc_w = sum(each["p_dc_w"] for each in inputs)
        assert dc_w > said["p_ac_w"] > 0.9 * dc_w
        assert scene.ear.last(f"{BASE}/inverter/{serial}/info")["node"] == FIRST_NODE + list(UNITS).index(serial)


@pytest.mark.parametrize(
    "impairments",
    [
        pytest.param({"loss": 0.1}, id="one frame in ten lost"),
        pytest.param(
            {"burst_loss": 1.0, "burst_every_s": 20.0, "burst_s": 2.0}, id="nothing gets through a tenth of the time"
        ),
        pytest.param({"noise_per_min": 600.0}, id="junk on the serial port ten times a second"),
    ],
)
def test_bad_conditions_cost_polls_and_no_unit(impairments: dict[str, float], tmp_path: Path) -> None:
    plan = ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR | {"impairments": impairments})
    seen: list[set[CommState]] = []

    async def look(scene: Scene) -> None:
        seen.append(comms(scene))

    scene = play(plan, after(600.0, look), start_utc=NOON)
    assert seen[0] <= {CommState.ONLINE, CommState.DEGRADED}
    for view in scene.app.state.views.values():
        assert view.seq > 100
    assert scene.app.souths[0].link.counters.opened == 1


def test_a_coordinator_that_stalls_is_revived_and_no_unit_is_blamed(tmp_path: Path) -> None:
    conditions: list[Any] = []

    async def stall(scene: Scene) -> None:
        medium(scene).coordinator.stall()
        for _ in range(120):
            await asyncio.sleep(1.0)
            conditions.append(dict(scene.app.souths[0].condition()))
        assert comms(scene) == {CommState.ONLINE}

    scene = play(ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR), after(120.0, stall), start_utc=NOON)
    assert {condition["reason"] for condition in conditions} == {None, "the coordinator does not answer"}
    assert conditions[-1]["up"]
    assert conditions[-1]["revived"] == 1
    kinds = [event["kind"] for event in scene.ear.of("bridge/event")]
    assert kinds.count("link_down") == kinds.count("link_up") - 1 == 1
    assert "lost" not in kinds


def test_a_port_that_is_pulled_and_plugged_again(tmp_path: Path) -> None:
    async def pull(scene: Scene) -> None:
        scene.plant.outlets["ecu"].unplug()
        await asyncio.sleep(60.0)
        condition = scene.app.souths[0].condition()
        assert not condition["up"]
        assert "mem://zigbee" in condition["reason"]
        assert comms(scene) == {CommState.UNKNOWN}
        scene.plant.outlets["ecu"].plug()
        await asyncio.sleep(60.0)
        assert comms(scene) == {CommState.ONLINE}

    play(ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR), after(60.0, pull), start_utc=NOON)


def test_a_unit_that_is_not_paired_is_told_and_nobody_waits_for_it(tmp_path: Path) -> None:
    async def look(scene: Scene) -> None:
        assert comms(scene) == {CommState.UNPAIRED}
        said = await scene.app.souths[0].poller.submit(next(iter(UNITS)), Conn(on=True))
        assert said == Failed(Cause.NO_ANSWER, "the unit is not paired")
        await asyncio.sleep(70.0)  # the next reports

    scene = play(ecu_site(tmp_path, paired=False), after(60.0, look), start_utc=NOON)
    serial = next(iter(UNITS))
    assert scene.ear.last(f"{BASE}/inverter/{serial}/availability") == {"state": "offline"}
    assert {unit["node"] for unit in scene.ear.last(f"{BASE}/bridge/devices")} == {None}
    assert scene.ear.last(f"{BASE}/inverter/{serial}/link")["comm"] == "unpaired"
    assert scene.ear.last(f"{BASE}/bridge/health")["links"]["ecu"]["unpaired"] == len(UNITS)
    state = scene.ear.last(f"{BASE}/site/state")
    assert (state["expected"], state["reporting"], state["e_total_wh"]) == (0, 0, 0)
    assert medium(scene).coordinator.pan == network("").pan  # the link is up all the same


def test_a_unit_from_the_factory_hears_no_poll(tmp_path: Path) -> None:
    plan = ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR | {"activated": False})
    seen: list[set[CommState]] = []

    async def look(scene: Scene) -> None:
        seen.append(comms(scene))
        assert all(inverter.power_w(scene.now()) > 0 for inverter in scene.plant.units.values())  # it feeds

    play(plan, after(300.0, look), start_utc=NOON)
    assert seen == [{CommState.LOST}]


def test_a_limit_reaches_the_unit_and_is_read_back(tmp_path: Path) -> None:
    async def limit(scene: Scene) -> None:
        for serial, model in UNITS.items():
            said = await scene.app.souths[0].poller.submit(serial, WMaxLimPct(50.0))
            if model == "QT2":
                assert isinstance(said, Failed)
                continue
            assert isinstance(said, Done)
            held = said.value[Channel(W_MAX_LIM_PCT)]
            assert held == pytest.approx(50.0, abs=0.5)
            await asyncio.sleep(30.0)
            assert scene.plant.units[serial].power_w(scene.now()) <= 0.51 * MODELS[model].rated_w
            assert scene.app.state.views[serial].values.get(Channel(W)) is not None

    play(ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR), after(60.0, limit), start_utc=NOON)


async def ask_limit(scene: Scene, serial: str, pct: int) -> str:
    """Ask for a limit as an operator does, and return what came of it."""
    before = len(scene.ear.of("bridge/response/command"))
    asked = {"target": serial, "command": "limit", "value": pct, "unit": "%", "by": "test", "transaction": f"t{before}"}
    await scene.ear.publish(Message(f"{BASE}/bridge/request/command", json.dumps(asked).encode(), qos=1))
    await scene.ear.until(lambda: len(scene.ear.of("bridge/response/command")) > before)
    error = scene.ear.of("bridge/response/command")[-1]["data"]["error"]
    return "done" if error is None else str(error["code"])


def test_the_memory_of_a_unit_takes_so_many_limits_a_day_and_the_same_one_costs_nothing(tmp_path: Path) -> None:
    serial = next(iter(UNITS))

    async def limit(scene: Scene) -> None:
        told = [await ask_limit(scene, serial, pct) for pct in (90, 80, 80, 80, 70, 60)]
        assert told == ["done"] * 5 + ["budget"]
        assert scene.plant.units[serial].values(scene.now())[Channel(W_MAX_LIM_PCT)] == pytest.approx(70, abs=0.5)
        await scene.daemon.stop()
        scene.daemon.start()
        await asyncio.sleep(60.0)
        assert await ask_limit(scene, serial, 50) == "budget"  # a restart forgets nothing

    plan = ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR).model_dump(mode="json")
    plan["gateways"][0]["memory_writes_per_day"] = 3
    play(Site.model_validate(plan), after(60.0, limit), start_utc=NOON)


def test_a_unit_that_encrypts_is_reported_as_not_supported(tmp_path: Path) -> None:
    serial = next(iter(UNITS))
    cipher = bytes(range(6)) + bytes(112)

    def encrypted(raw: bytes, _: float) -> tuple[bytes, ...]:
        asked = content(raw)
        assert isinstance(asked, Said)
        return (datagram(Said(asked.node, CLUSTER_IN, bytes.fromhex(serial) + cipher)),)

    async def look(scene: Scene) -> None:
        scene.plant.responder(serial).answer = encrypted  # type: ignore[method-assign, assignment] # another firmware
        await asyncio.sleep(120.0)
        told = scene.ear.last(f"{BASE}/inverter/{serial}/link")
        assert told["last_failure"] == "refused: encrypted (AES) frame: not supported"
        assert scene.ear.last(f"{BASE}/inverter/{serial}/state")["quality"] != "good"
        others = {view.comm for slot, view in scene.app.state.views.items() if slot != serial}
        assert others == {CommState.ONLINE}

    play(ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR), after(60.0, look), start_utc=NOON)


def test_answers_that_do_not_fit_into_the_serial_buffer_never_come(tmp_path: Path) -> None:
    async def look(scene: Scene) -> None:
        views = scene.app.state.views.values()
        reached = {view.identity.model for view in views if view.comm is CommState.ONLINE}
        assert reached == {"QS1", "QS1A", "YC600"}
        assert medium(scene).coordinator.lost_frames > 0

    play(ecu_site(tmp_path, poll_s=5.0, link={"uart_bytes": 128}, emulation=CLEAR), after(300.0, look), start_utc=NOON)


def test_a_dark_unit_costs_little_time(tmp_path: Path) -> None:
    """The coordinator says that nobody acknowledges: no window is waited for to its end."""

    async def darken(scene: Scene) -> None:
        unit(scene, next(iter(UNITS))).linked = False
        sent = scene.app.souths[0].link.counters.sent
        await asyncio.sleep(600.0)
        stats = scene.app.state.views[next(iter(UNITS))].stats
        assert stats.last_failure == "no_answer"
        assert scene.app.souths[0].link.counters.sent > sent + 4 * 100  # the others are polled as ever

    scene = play(ecu_site(tmp_path, poll_s=5.0, emulation=CLEAR), after(60.0, darken), start_utc=NOON)
    assert isinstance(scene.app.souths[0].link, ZigbeeLink)
