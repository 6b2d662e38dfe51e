"""A day of units that dial in, through the whole stack, in seconds."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from config.site import AnyGateway, Site
from drivers.mqtt.session import Message
from emulator.instruments import Instruments
from gateway.snapshot import CommState
from protocols.points import LNV, TOT_WH_INJ, Channel
from protocols.states import Quality
from tests.support.emulated import MIDNIGHT, NOON
from tests.support.hub import hub_site
from tests.support.plant import Scene, play, site

pytestmark = [pytest.mark.day, pytest.mark.timeout(300)]

HOUR = 3600.0


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, dict[str, float]]:
    """Six units from midnight to midnight; with what each counter showed at the beginning."""
    before: dict[str, float] = {}

    async def act(scene: Scene) -> None:
        before.update({serial: unit.counter_wh(scene.now()) for serial, unit in scene.plant.units.items()})
        await asyncio.sleep(24 * HOUR)

    return play(hub_site(tmp_path_factory.mktemp("hub"), units=6), act), before


def test_the_ledger_has_the_days_energy_and_nothing_of_what_the_counter_showed_before(
    day: tuple[Scene, dict[str, float]],
) -> None:
    scene, before = day
    for slot, view in scene.app.state.views.items():
        produced = scene.plant.units[slot].counter_wh(24 * HOUR) - before[slot]
        assert produced > 1000
        assert view.energy[0].total_wh == pytest.approx(produced, abs=3)
    days = [state["e_day_wh"] for state in scene.ear.of("site/state")]
    assert max(days) == sum(view.energy[0].total_wh for view in scene.app.state.views.values())


def test_night_is_no_fault(day: tuple[Scene, dict[str, float]]) -> None:
    scene, _ = day
    assert [event for event in scene.ear.of("bridge/event") if event["kind"] == "lost"] == []
    assert all(view.comm is CommState.ASLEEP for view in scene.app.state.views.values())
    assert all(view.quality is Quality.NIGHT for view in scene.app.state.views.values())
    assert scene.app.alarms.standing() == []
    assert scene.ear.of("/event") == scene.ear.of("bridge/event")  # no alarm all day


def test_every_unit_registers_once_and_reports_every_half_minute(day: tuple[Scene, dict[str, float]]) -> None:
    scene, _ = day
    for view in scene.app.state.views.values():
        assert 1500 < view.seq < 2100  # 16 hours of light, two reports a minute
        assert view.stats.answered > 0.98 * view.stats.polls
    [health] = scene.ear.of("bridge/health")[-1:]
    assert health["links"]["hub"]["damaged"] == 0
    assert health["links"]["hub"]["sent"] == health["links"]["hub"]["received"]


def test_a_slow_value_and_a_raw_flag_reach_the_tree(day: tuple[Scene, dict[str, float]]) -> None:
    scene, _ = day
    powers = [state["p_ac_w"] for state in scene.ear.of("inverter/RC000001/state") if state["p_ac_w"]]
    assert max(powers) > 200
    inputs = scene.ear.of("inverter/RC000001/ch/1/state")
    assert {said["fault_raw"] for said in inputs if said["quality"] == "good"} == {0}
    assert all("fault_raw" not in said for said in inputs if said["quality"] == "night")
    assert max(said["p_dc_w"] or 0 for said in inputs) > 200


def test_the_factorys_offset_is_in_the_counter_and_not_in_the_ledger(day: tuple[Scene, dict[str, float]]) -> None:
    scene, _ = day
    for view in scene.app.state.views.values():
        shown = view.values[Channel(TOT_WH_INJ)]
        assert isinstance(shown, int)
        assert shown > view.energy[0].total_wh


GRID = {
    "an outage": (2, lambda on: on.grid_outage(), lambda on: on.grid_restore()),
    "a low frequency": (3, lambda on: on.grid_frequency(47.0), lambda on: on.grid_frequency(50.0)),
    "a low voltage": (4, lambda on: on.grid_voltage(0.7), lambda on: on.grid_voltage(1.0)),
    "a high voltage": (5, lambda on: on.grid_voltage(1.22), lambda on: on.grid_voltage(1.0)),
    "a high frequency": (6, lambda on: on.grid_frequency(52.5), lambda on: on.grid_frequency(50.0)),
}


@pytest.mark.parametrize(("code", "begin", "end"), GRID.values(), ids=GRID.keys())
def test_grid_events_become_derived_alarms_and_end(tmp_path: Path, code: int, begin, end) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    shown: list[set[tuple[int, str | None]]] = []

    def standing(scene: Scene) -> set[tuple[int, str | None]]:
        alarms = [each.record for each in scene.app.alarms.standing("RC000001")]
        return {(record.code, record.cause) for record in alarms if record.code <= 10}

    async def act(scene: Scene) -> None:
        on = Instruments(scene.plant)
        await asyncio.sleep(600)
        shown.append(standing(scene))
        begin(on)
        await asyncio.sleep(150)
        shown.append(standing(scene))
        end(on)
        await asyncio.sleep(300)
        shown.append(standing(scene))

    scene = play(hub_site(tmp_path, emulation={"clouds": "clear", "grid": "still"}), act, start_utc=NOON)
    assert shown == [set(), {(code, "derived")}, set()]
    codes = {alarm["code"]: alarm["cause"] for said in scene.ear.of("RC000001/alarms") for alarm in said}
    assert codes == {code: "derived"}


def test_a_unit_that_nobody_answers_dials_for_ever(tmp_path: Path) -> None:
    dials: list[int] = []

    async def act(scene: Scene) -> None:
        await scene.daemon.stop()
        unit = scene.plant.node("RC000001")
        for _ in range(2):
            dials.append(unit.dials)  # type: ignore[attr-defined]
            await asyncio.sleep(600)
        dials.append(unit.dials)  # type: ignore[attr-defined]
        scene.daemon.start()
        await asyncio.sleep(60)
        dials.append(unit.dials)  # type: ignore[attr-defined]
        await asyncio.sleep(600)
        dials.append(unit.dials)  # type: ignore[attr-defined]
        assert scene.app.state.views["RC000001"].comm is CommState.ONLINE

    play(hub_site(tmp_path), act, start_utc=NOON)
    assert dials[1] - dials[0] > 50
    assert dials[2] - dials[1] > 50
    assert dials[4] == dials[3]


def test_a_replaced_unit_begins_a_ledger_of_its_own_in_the_same_slot(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(600)
        Instruments(scene.plant).replace("RC000001", "RC000099")
        await asyncio.sleep(900)
        link = scene.ear.of("bridge/health")[-1]["links"]["hub"]
        assert link["strangers"] > 10  # the site file still names the old one
        assert scene.app.state.views["RC000001"].comm is CommState.LOST

    play(hub_site(tmp_path, emulation={"clouds": "clear"}), act, start_utc=NOON)


def test_a_broker_that_goes_away_is_nobodys_fault(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(300)
        scene.broker.stop()
        await asyncio.sleep(1200)
        assert {view.comm for view in scene.app.state.views.values()} == {CommState.UNKNOWN}
        scene.broker.start()
        await asyncio.sleep(120)
        assert {view.comm for view in scene.app.state.views.values()} == {CommState.ONLINE}
        assert all(view.values[Channel(LNV)] for view in scene.app.state.views.values())
        assert [each.record.code for each in scene.app.alarms.standing() if each.record.code == 101] == []

    play(hub_site(tmp_path), act, start_utc=NOON)


def test_the_days_begin_and_end_by_the_sun(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(2 * HOUR)
        assert {view.comm for view in scene.app.state.views.values()} <= {CommState.ASLEEP}

    play(hub_site(tmp_path), act, start_utc=MIDNIGHT - 2 * HOUR)


def test_a_restart_of_the_daemon_loses_no_energy_and_adopts_no_offset(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        begun = {serial: unit.counter_wh(scene.now()) for serial, unit in scene.plant.units.items()}
        await asyncio.sleep(HOUR)
        await scene.daemon.stop()
        await asyncio.sleep(HOUR)
        scene.daemon.start()
        await asyncio.sleep(120)
        for slot, view in scene.app.state.views.items():
            produced = scene.plant.units[slot].counter_wh(scene.now()) - begun[slot]
            assert produced > 300
            assert view.energy[0].total_wh == pytest.approx(produced, abs=8)  # what half a minute brings, at both ends

    play(hub_site(tmp_path, emulation={"clouds": "clear"}), act, start_utc=NOON)


def test_a_site_of_both_kinds_lives_together_and_says_what_a_unit_cannot_do(tmp_path: Path) -> None:
    hub, combiner = hub_site(tmp_path), site(tmp_path, units=2, poll_s=10.0)
    plan = combiner.model_copy(update={"gateways": (*combiner.gateways, _renamed(hub))})
    answers: dict[str, Any] = {}

    async def act(scene: Scene) -> None:
        await asyncio.sleep(120)
        assert {view.comm for view in scene.app.state.views.values()} == {CommState.ONLINE}
        assert len(scene.app.state.views) == 5
        for target in ("RC000001", "AT000001"):
            question = {"target": target, "command": "limit", "value": 50.0, "unit": "%", "transaction": target}
            await scene.ear.publish(Message("opencombiner/home/bridge/request/command", json.dumps(question).encode()))
            await asyncio.sleep(20)
        answers.update({said["transaction"]: said for said in scene.ear.of("bridge/response/command")})

    play(plan, act, start_utc=NOON)
    assert answers["RC000001"]["error"]["code"] == "not_supported"
    assert answers["AT000001"]["status"] == "ok"


def _renamed(plan: Site) -> AnyGateway:
    """Return the hub with a branch of another name: a site's branches differ."""
    [gateway] = plan.gateways
    [branch] = gateway.branches
    return gateway.model_copy(update={"branches": (branch.model_copy(update={"id": "b9"}),)})
