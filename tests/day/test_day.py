"""A day of plant life through the whole stack, in seconds."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.clock import Trust
from gateway.snapshot import CommState
from protocols.states import Quality
from tests.support.emulated import MIDNIGHT
from tests.support.plant import Scene, play, site

pytestmark = [pytest.mark.day, pytest.mark.timeout(300)]

HOUR = 3600.0
SLICE_S = 900.0  # how often the ledger is looked at
LOSSY = {"seed": 7, "impairments": {"loss": 0.05}}


def _totals(scene: Scene) -> dict[str, int]:
    return {slot: view.energy[0].total_wh for slot, view in scene.app.state.views.items() if 0 in view.energy}


def _counters(scene: Scene, hours: float) -> dict[str, int]:
    return {serial: int(unit.counter_wh(hours * HOUR)) for serial, unit in scene.plant.units.items()}


async def _watch(scene: Scene, hours: float) -> None:
    """Let time pass; no total may ever fall."""
    before: dict[str, int] = {}
    for _ in range(int(hours * HOUR / SLICE_S)):
        await asyncio.sleep(SLICE_S)
        after = _totals(scene)
        assert all(after[slot] >= wh for slot, wh in before.items())
        before = after


async def _a_day(scene: Scene) -> None:
    await _watch(scene, 24)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Twenty units from midnight to midnight, a poll a minute each, one frame in twenty lost each way."""
    return play(site(tmp_path_factory.mktemp("day"), emulation=LOSSY), _a_day)


def test_the_ledger_equals_the_units_counters_after_the_last_answer(day: Scene) -> None:
    assert _totals(day) == pytest.approx(_counters(day, 24), abs=1)


def test_the_sum_of_the_day_is_what_the_units_produced(day: Scene) -> None:
    site_days = [state["e_day_wh"] for state in day.ear.of("site/state")]
    produced = max(site_days)
    totals = [total for state in day.ear.of("site/state") if (total := state["e_total_wh"]) is not None]
    assert totals == sorted(totals)
    assert 20 * 1000 < produced < 20 * 5000
    assert totals[-1] - totals[0] == pytest.approx(produced, rel=0.01)


def test_no_published_total_ever_falls(day: Scene) -> None:
    for slot in day.app.state.views:
        series = [state["e_total_wh"] for state in day.ear.of(f"inverter/{slot}/state")]
        assert len(series) > 300
        assert series == sorted(series)


def test_night_is_no_fault(day: Scene) -> None:
    assert [event for event in day.ear.of("bridge/event") if event["kind"] == "lost"] == []
    assert all(view.comm is CommState.ASLEEP for view in day.app.state.views.values())
    assert all(view.quality is Quality.NIGHT for view in day.app.state.views.values())
    words = {word["state"] for word in day.ear.of("/availability")}
    assert words == {"sleeping", "online"}


def test_power_at_night_is_zero_and_voltage_unknown(day: Scene) -> None:
    last = day.ear.last("opencombiner/home/inverter/AT000001/state")
    assert (last["p_ac_w"], last["v_ac_v"], last["quality"], last["state"]) == (0, None, "night", "sleeping")


def test_most_polls_are_answered_in_spite_of_the_loss(day: Scene) -> None:
    for view in day.app.state.views.values():
        assert view.seq > 850  # 16 hours of light, a poll a minute
        assert view.stats.retries > 20


def test_a_clean_stop_says_goodbye(day: Scene) -> None:
    assert day.ear.last("opencombiner/home/bridge/state") == {"state": "offline"}


EVENING_UTC = MIDNIGHT + 14 * HOUR
EVENING_H = 8  # six hours of light, and the night that ends the polls


def _evening(act: Callable[[Scene], None] = lambda _: None) -> Callable[[Scene], Awaitable[None]]:
    async def play_it(scene: Scene) -> None:
        await _watch(scene, 1)
        act(scene)
        await _watch(scene, EVENING_H - 1)

    return play_it


@pytest.mark.parametrize("step_s", [-7200.0, -5.0, 5.0, 3600.0], ids=lambda s: f"the clock is set by {s:+.0f} s")
def test_a_clock_that_is_set_moves_no_energy(tmp_path: Path, step_s: float) -> None:
    plan = site(tmp_path, units=3, emulation={"clouds": "clear"})
    scene = play(plan, _evening(lambda scene: scene.clock.step(step_s)), start_utc=EVENING_UTC)
    assert _totals(scene) == pytest.approx(_counters(scene, EVENING_H), abs=1)


def test_without_a_clock_dusk_is_no_fault_and_no_energy_is_lost(tmp_path: Path) -> None:
    plan = site(tmp_path, units=3, emulation={"clouds": "clear"})
    scene = play(plan, _evening(), start_utc=EVENING_UTC, trust=Trust.GUESSED)
    assert _totals(scene) == pytest.approx(_counters(scene, EVENING_H), abs=1)
    assert {view.comm for view in scene.app.state.views.values()} == {CommState.ASLEEP}
    assert [event["kind"] for event in scene.ear.of("bridge/event")] == ["link_up", "joined", "joined", "joined"]
    assert scene.ear.last("opencombiner/home/bridge/health")["clock"] == {"trust": "guessed"}


def test_a_restart_at_noon_loses_nothing(tmp_path: Path) -> None:
    async def noon(scene: Scene) -> None:
        await _watch(scene, 12)
        before = _totals(scene)
        await scene.daemon.stop()
        await asyncio.sleep(HOUR)
        scene.daemon.start()
        await asyncio.sleep(1)
        stale = [said for said in scene.ear.of("inverter/AT000003/state") if said["quality"] == "stale"]
        assert [(said["p_ac_w"], said["e_total_wh"]) for said in stale] == [(None, before["AT000003"])]
        await asyncio.sleep(HOUR)
        assert all(_totals(scene)[slot] > wh for slot, wh in before.items())

    scene = play(site(tmp_path, units=3, emulation={"clouds": "clear"}), noon)
    assert _totals(scene) == pytest.approx(_counters(scene, 14), abs=8)  # what a minute brings since the last poll
    produced = {slot: view.energy[0].day_wh for slot, view in scene.app.state.views.items()}
    assert min(produced.values()) > 1500  # the hour without a daemon is in the day
