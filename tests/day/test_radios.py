"""Hoymiles units of every family behind radio bridges, through the whole daemon."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from config.site import Site
from drivers.mqtt.session import Message
from gateway.snapshot import CommState
from protocols.points import LNV, Channel, W
from protocols.vendors.hoymiles.serials import family
from tests.support import plant
from tests.support.daemon import running_daemon, running_plant
from tests.support.dtu_plant import CMT_UNITS, NRF_UNITS, site
from tests.support.ecu import ecu_site
from tests.support.emulated import NOON
from tests.support.plant import Scene, play
from tests.support.recorded import captured, replayed, transcript, twice
from tests.support.virtual_time import FakeClock, run

pytestmark = [pytest.mark.day, pytest.mark.timeout(300)]

UNITS = NRF_UNITS | CMT_UNITS
ROOT = "opencombiner/home"
CALM = {"clouds": "clear", "grid": "still", "seed": 7}
LOSSY = CALM | {"impairments": {"loss": 0.1}}
MINUTES = 600.0
TIDY_S = 240.0  # after a command the settings are read so much later: earlier, and the unit logs an event


async def minutes(_: Scene) -> None:
    await asyncio.sleep(MINUTES)


@pytest.fixture(scope="module", params=[CALM, LOSSY], ids=["without loss", "one frame in ten lost"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Twenty units on two bridges at noon for ten minutes."""
    return play(site(tmp_path_factory.mktemp("radios"), poll_s=10.0, emulation=request.param), minutes, start_utc=NOON)


@pytest.mark.parametrize("serial", UNITS, ids=lambda serial: f"{UNITS[serial]}, {serial}")
def test_every_family_is_read_as_it_is(scene: Scene, serial: str) -> None:
    state, unit = scene.ear.last(f"{ROOT}/inverter/{serial}/state"), scene.plant.units[serial]
    values = unit.values(MINUTES)
    assert scene.app.state.views[serial].comm is CommState.ONLINE
    assert (state["quality"], state["state"]) == ("good", "running")
    assert state["p_ac_w"] == pytest.approx(values[Channel(W)], rel=0.02)
    assert state["v_ac_v"] == pytest.approx(values[Channel(LNV)], rel=0.01)
    assert scene.ear.last(f"{ROOT}/inverter/{serial}/info")["model"] == UNITS[serial]


@pytest.mark.parametrize("serial", UNITS, ids=lambda serial: f"{UNITS[serial]}, {serial}")
def test_every_input_has_its_topic(scene: Scene, serial: str) -> None:
    ports = family(serial).ports  # type: ignore[union-attr] # all of them are known
    states = [scene.ear.last(f"{ROOT}/inverter/{serial}/ch/{port}/state") for port in range(1, ports + 1)]
    assert all(state["p_dc_w"] > 50 and state["e_total_wh"] is not None for state in states)
    assert scene.ear.last(f"{ROOT}/inverter/{serial}/ch/{ports + 1}/state") is None


def test_nobody_is_lost_on_the_way(scene: Scene) -> None:
    assert [event for event in scene.ear.of("bridge/event") if event["kind"] == "lost"] == []
    assert scene.ear.last(f"{ROOT}/site/state")["reporting"] == len(UNITS)


@pytest.mark.parametrize("serial", ["116183063371", "114483761097", "1410A01121AE"], ids=lambda serial: UNITS[serial])
def test_a_limit_is_carried_out_and_read_back(tmp_path: Path, serial: str) -> None:
    async def limit(scene: Scene) -> None:
        await asyncio.sleep(60)
        asked = {"target": serial, "command": "limit", "value": 30, "unit": "%", "by": "test", "transaction": "t"}
        await scene.ear.publish(Message(f"{ROOT}/bridge/request/command", json.dumps(asked).encode(), qos=1))
        await asyncio.sleep(TIDY_S + 60)

    scene = play(site(tmp_path, poll_s=10.0, emulation=LOSSY), limit, start_utc=NOON)
    rated_w = scene.plant.units[serial].model.rated_w
    (answer,) = scene.ear.of("bridge/response/command")
    assert (answer["status"], answer["data"]["applied"]) == ("ok", 30.0)
    state = scene.ear.last(f"{ROOT}/inverter/{serial}/state")
    assert state["limit_w"] == pytest.approx(0.3 * rated_w)
    assert state["p_ac_w"] == pytest.approx(0.3 * rated_w, rel=0.02)
    others = [scene.ear.last(f"{ROOT}/inverter/{slot}/state")["p_ac_w"] for slot in UNITS if slot != serial]
    assert all(watt > 0.6 * 300 for watt in others)


async def _told(scene: Scene, **order: object) -> Any:
    """Have an order carried out by MQTT, and return the answer."""
    mark = f"t{len(scene.ear.heard)}"
    asked = {"by": "test", "transaction": mark, **order}
    await scene.ear.publish(Message(f"{ROOT}/bridge/request/command", json.dumps(asked).encode(), qos=1))
    await asyncio.sleep(61)
    [answer] = [said for said in scene.ear.of("bridge/response/command") if said["transaction"] == mark]
    return answer


def test_the_word_of_newer_firmware_that_hides_a_temporary_limit_is_not_taken(tmp_path: Path) -> None:
    hiding = "1410A01121AE"

    async def limit(scene: Scene) -> None:
        await asyncio.sleep(60)
        assert (await _told(scene, target=hiding, command="limit", value=30, unit="%"))["status"] == "ok"
        await asyncio.sleep(2 * TIDY_S)

    scene = play(site(tmp_path, poll_s=10.0, emulation=CALM), limit, start_utc=NOON)
    limits = [state["limit_w"] for state in scene.ear.of(f"inverter/{hiding}/state")]
    assert limits == sorted(limits, key=lambda watt: watt == 300.0)  # once it was 300 W it stayed
    assert scene.ear.last(f"{ROOT}/inverter/{hiding}/info")["firmware"] == "2.0.4"
    assert scene.ear.last(f"{ROOT}/inverter/{hiding}/state")["limit_w"] == 300.0
    assert scene.plant.units[hiding].life.firmware.limits.owner_pct == 30.0


@pytest.mark.parametrize("serial", ["116183063371", "114483761097", "1410A01121AE"], ids=lambda serial: UNITS[serial])
def test_a_persistent_limit_is_counted_refused_and_counted_over_a_restart(tmp_path: Path, serial: str) -> None:
    order = {"target": serial, "command": "limit", "unit": "%"}
    codes = []

    async def limits(scene: Scene) -> None:
        await asyncio.sleep(60)
        for value, persistent in ((60, True), (60, True), (50, True), (40, True), (40, False)):
            answer = await _told(scene, **order, value=value, persistent=persistent)
            codes.append((answer.get("error") or {}).get("code"))
        await scene.daemon.stop()
        scene.daemon.start()
        await asyncio.sleep(120)
        codes.append((await _told(scene, **order, value=30, persistent=True))["error"]["code"])

    plan = site(tmp_path, poll_s=10.0, emulation=CALM)
    gateways = tuple(gateway.model_copy(update={"memory_writes_per_day": 2}) for gateway in plan.gateways)
    scene = play(plan.model_copy(update={"gateways": gateways}), limits, start_utc=NOON)
    assert codes == [None, None, None, "budget", None, "budget"]
    assert scene.plant.units[serial].life.firmware.limits.owner_pct == 40.0


@pytest.mark.parametrize(
    ("command", "value", "unit", "pf", "var_sign"),
    [
        pytest.param("power_factor", 0.9, None, 0.9, 1, id="a power factor, over-excited"),
        pytest.param("power_factor", -0.9, None, 0.9, -1, id="a power factor, under-excited"),
        pytest.param("reactive_power", -20, "%", None, -1, id="a share of the rating"),
    ],
)
@pytest.mark.parametrize("serial", ["116183063371", "1410A01121AE"], ids=lambda serial: UNITS[serial])
def test_reactive_power_is_set_and_shows(
    tmp_path: Path, serial: str, command: str, value: float, unit: str | None, pf: float | None, var_sign: int
) -> None:
    async def setting(scene: Scene) -> None:
        await asyncio.sleep(60)
        await _told(scene, target=serial, command="limit", value=50, unit="%")  # at its rating a unit has no room
        answer = await _told(scene, target=serial, command=command, value=value, unit=unit)
        assert (answer["status"], answer["data"]["applied"]) == ("ok", value)
        await asyncio.sleep(TIDY_S + 60)

    scene = play(site(tmp_path, poll_s=10.0, emulation=CALM), setting, start_utc=NOON)
    state = scene.ear.last(f"{ROOT}/inverter/{serial}/state")
    expected_var = 0.2 * scene.plant.units[serial].model.rated_w
    if pf is None:
        assert state["q_ac_var"] == pytest.approx(-expected_var, rel=0.02)
    else:
        assert state["pf"] == pytest.approx(pf, abs=0.01)
        assert state["q_ac_var"] * var_sign > 0.4 * state["p_ac_w"]


@pytest.mark.parametrize(
    ("wanted", "carried", "alarmed"),
    [
        pytest.param("de_vde_ar_n_4105_2018_11", "de_vde_ar_n_4105_2018_11", False, id="the profile that is asked for"),
        pytest.param("gb_g98_g99", "gb_g98_g99", False, id="one that the units have no word for"),
        pytest.param("de_vde_ar_n_4105_2018_11", "gb_g98_g99", True, id="another, that the units have no word for"),
    ],
)
def test_a_profile_is_wrong_only_where_units_could_tell_the_right_one(
    tmp_path: Path,
    wanted: str,
    carried: str,
    alarmed: bool,  # noqa: FBT001 - a column
) -> None:
    plan = site(tmp_path, poll_s=10.0, each=2, emulation=CALM, grid_profile=carried)
    clock = FakeClock(NOON)

    async def main() -> set[int]:
        async with running_plant(plan, clock) as plant:
            other = Site.model_validate(plan.model_dump() | {"grid_profile": wanted})
            async with running_daemon(other, clock, plant) as daemon:
                await asyncio.sleep(MINUTES)
                return {alarm.row.code for alarm in daemon.app.alarms.standing()}

    assert (104 in run(main())) is alarmed


def plans(folder: Path, **more: object) -> tuple[Site, Site]:
    """Return the same site twice, with a ledger and a broker of its own each time."""
    return twice(folder, lambda each: site(each, poll_s=10.0, **more))  # type: ignore[arg-type] # a site's settings


def kinds(said: list[Message]) -> list[str]:
    events: list[Any] = [json.loads(m.payload) for m in said if m.topic.endswith("/bridge/event") and m.payload]
    return [event["kind"] for event in events if event["kind"].startswith("link")]


def test_a_capture_says_the_same_again(tmp_path: Path) -> None:
    then, now = plans(tmp_path, each=3, emulation=LOSSY)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    played = replayed(now, tmp_path / "x.pcapng", 300.0)
    assert len(transcript(said)) > 500
    assert played.transcript() == transcript(said)
    assert played.replay.unmatched == {}


def test_bridges_that_were_pulled_are_lost_and_come_back(tmp_path: Path) -> None:
    then, _ = plans(tmp_path, each=2, emulation=CALM)
    said = captured(then, tmp_path / "x.pcapng", 1200.0, start_utc=NOON, outage_s=(300.0, 900.0))
    assert kinds(said) == ["link_up"] * 2 + ["link_down"] * 2 + ["link_up"] * 2
    last = {
        m.topic.split("/")[3]: json.loads(m.payload)
        for m in said
        if m.topic.endswith("/state") and "/inverter/" in m.topic
    }
    assert {state.get("quality") for slot, state in last.items() if slot in UNITS} <= {"good", None}


def test_a_site_of_three_vendors_runs_in_one_daemon(tmp_path: Path) -> None:
    """Atmoce on a power line, Hoymiles on two radios, APsystems on ZigBee: one ledger and one tree of topics."""
    line = plant.site(tmp_path, units=3, poll_s=10.0).model_dump(mode="json")["gateways"]
    radios = site(tmp_path, poll_s=10.0, each=2).model_dump(mode="json")["gateways"]
    zigbee = ecu_site(tmp_path, poll_s=10.0).model_dump(mode="json")["gateways"]
    now: dict[str, float] = {}

    async def look(scene: Scene) -> None:
        await asyncio.sleep(MINUTES)
        now.update({slot: unit.power_w(scene.now()) for slot, unit in scene.plant.units.items()})

    scene = play(site(tmp_path, emulation=LOSSY, gateways=line + radios + zigbee), look, start_utc=NOON)
    totals = scene.ear.last(f"{ROOT}/site/state")
    said = {slot: scene.ear.last(f"{ROOT}/inverter/{slot}/state")["p_ac_w"] for slot in scene.app.state.views}
    assert (totals["reporting"], totals["expected"]) == (12, 12)
    assert totals["p_ac_w"] == pytest.approx(sum(said.values()), rel=0.01)
    assert said == pytest.approx(now, rel=0.04)
    drivers = [scene.ear.last(f"{ROOT}/inverter/{slot}/info")["driver"] for slot in scene.app.state.views]
    assert drivers == ["plc"] * 3 + ["serial_bridge"] * 4 + ["zigbee"] * 5
    assert [event for event in scene.ear.of("bridge/event") if event["kind"] in ("lost", "link_down")] == []


def test_a_limit_in_watts_is_shared_by_three_vendors(tmp_path: Path) -> None:
    line = plant.site(tmp_path, units=2, poll_s=10.0).model_dump(mode="json")["gateways"]
    radios = site(tmp_path, poll_s=10.0, each=1).model_dump(mode="json")["gateways"]
    zigbee = ecu_site(tmp_path, poll_s=10.0, units=4).model_dump(mode="json")["gateways"]
    limit_w = 2500.0

    async def limit(scene: Scene) -> None:
        await asyncio.sleep(60)
        asked = {"target": "site", "command": "limit", "value": limit_w, "unit": "W", "by": "test", "transaction": "t"}
        await scene.ear.publish(Message(f"{ROOT}/bridge/request/command", json.dumps(asked).encode(), qos=1))
        await asyncio.sleep(TIDY_S + 60)

    scene = play(site(tmp_path, emulation=CALM, gateways=line + radios + zigbee), limit, start_utc=NOON)
    (answer,) = scene.ear.of("bridge/response/command")
    assert (answer["status"], set(answer["data"]["units"])) == ("ok", set(scene.app.state.views))
    states = [scene.ear.last(f"{ROOT}/inverter/{slot}/state") for slot in scene.app.state.views]
    assert sum(state["p_ac_w"] for state in states) <= limit_w * 1.01
    assert all(state["limit_pct"] < 60.0 for state in states)


def test_a_radio_on_spi_can_be_played_by_a_pipe(tmp_path: Path) -> None:
    link = {"medium": "nrf24", "url": "mem://spi"}
    radios = site(tmp_path, poll_s=10.0, each=2).model_dump(mode="json")["gateways"]
    plan = site(tmp_path, emulation=LOSSY, gateways=[radios[0] | {"link": link}])
    scene = play(plan, minutes, start_utc=NOON)
    assert scene.ear.last(f"{ROOT}/site/state")["reporting"] == 2
