"""A day of a mixed Hoymiles plant on the radio, through the whole stack, in seconds."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emulator.instruments import Instruments
from gateway.control.order import Order, Verb
from gateway.snapshot import CommState
from protocols.points import DCV, Channel
from protocols.states import Quality
from protocols.vendors.hoymiles.models import MODELS
from tests.support.dtu_plant import CMT_UNITS, NRF_UNITS, site
from tests.support.emulated import MIDNIGHT, NOON
from tests.support.plant import Scene, play

pytestmark = [pytest.mark.day, pytest.mark.timeout(300)]

HOUR = 3600.0
LOOK_S = 30.0  # how often the units themselves are looked at: between two brown-outs there is a minute
SLICE_S = 900.0  # how often the ledgers are
UNITS = {**NRF_UNITS, **CMT_UNITS}
LOSSY = {"seed": 7, "clouds": "changing", "impairments": {"loss": 0.05}}
AC_SHARE = 0.002  # AC is derived from powers a minute apart, while clouds pass
AC_WH = 2.0

Totals = dict[tuple[str, int], int]


@dataclass
class Day:
    """What was true of the units, and what the gateway made of it."""

    first_wh: dict[str, float] = field(default_factory=dict)
    boots: dict[str, set[float]] = field(default_factory=lambda: defaultdict(set))
    dim: set[str] = field(default_factory=set)  # who was awake in so little light that answers are cut off
    scene: Scene | None = None

    def over(self) -> Scene:
        assert self.scene is not None
        return self.scene


def _totals(scene: Scene) -> Totals:
    views = scene.app.state.views.items()
    return {(slot, port): energy.total_wh for slot, view in views for port, energy in view.energy.items()}


def _look(scene: Scene, day: Day) -> None:
    now = scene.now()
    for serial, unit in scene.plant.units.items():
        if unit.awake(now):
            day.boots[serial].add(round(unit.booted_at(now), 3))
            volt = unit.values(now)[Channel(DCV, 1)]
            if isinstance(volt, int | float) and volt < unit.model.dc_start_v:
                day.dim.add(serial)


async def _watch(scene: Scene, day: Day) -> None:
    """Let a day pass; no total may ever fall."""
    day.first_wh = {serial: unit.counter_wh(0.0) for serial, unit in scene.plant.units.items()}
    before: Totals = {}
    for step in range(1, int(24 * HOUR / LOOK_S) + 1):
        await asyncio.sleep(LOOK_S)
        _look(scene, day)
        if step % int(SLICE_S / LOOK_S) == 0:
            after = _totals(scene)
            assert all(after[account] >= wh for account, wh in before.items())
            before = after


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Twenty units from midnight to midnight, a poll a minute each, one fragment in twenty lost."""
    found = Day()
    found.scene = play(site(tmp_path_factory.mktemp("dtu"), emulation=LOSSY), lambda scene: _watch(scene, found))
    return found


def test_the_dc_ledgers_equal_the_units_counters(day: Day) -> None:
    scene = day.over()
    for serial, unit in scene.plant.units.items():
        counted = unit.life.input_wh(MIDNIGHT + 24 * HOUR)
        energy = scene.app.state.views[serial].energy
        assert set(energy) == set(range(MODELS[UNITS[serial]].ports + 1))
        for port in range(1, unit.model.ports + 1):
            assert energy[port].total_wh == pytest.approx(counted, abs=1), (serial, port)
            assert not energy[port].derived


def test_the_derived_ac_energy_is_what_the_units_fed_in(day: Day) -> None:
    scene = day.over()
    for serial, unit in scene.plant.units.items():
        produced = unit.counter_wh(24 * HOUR) - day.first_wh[serial]
        account = scene.app.state.views[serial].energy[0]
        assert produced > 1500
        assert account.derived
        assert account.total_wh == pytest.approx(produced, rel=AC_SHARE, abs=AC_WH), serial


def test_no_published_total_ever_falls(day: Day) -> None:
    for serial in UNITS:
        series = [state["e_total_wh"] for state in day.over().ear.of(f"inverter/{serial}/state")]
        assert len(series) > 300
        assert series == sorted(series)


def test_units_brown_out_at_dawn_and_dusk_and_their_answers_are_cut_off(day: Day) -> None:
    for serial in UNITS:
        dawn = [at for at in day.boots[serial] if at < 6 * HOUR]
        dusk = [at for at in day.boots[serial] if at > 18 * HOUR]
        assert len(day.boots[serial]) == len(dawn) + len(dusk)
        assert min(len(dawn), len(dusk)) >= 3
    assert day.dim >= set(NRF_UNITS)


def test_neither_night_nor_brown_outs_nor_losses_are_a_fault(day: Day) -> None:
    scene = day.over()
    assert [event for event in scene.ear.of("/event") if event["kind"] in {"raise", "lost"}] == []
    views = scene.app.state.views.values()
    assert {(view.comm, view.quality) for view in views} == {(CommState.ASLEEP, Quality.NIGHT)}
    assert {word["state"] for word in scene.ear.of("/availability")} == {"sleeping", "online"}


def test_most_polls_are_answered_in_spite_of_loss_and_missing_fragments(day: Day) -> None:
    views = day.over().app.state.views
    assert all(view.seq > 1000 for view in views.values())
    assert min(view.stats.retries for view in views.values()) > 100
    sparse = ("1400A0000001", "1410A01121AE", "1164A00D4D9B", "1520A025566B")
    assert min(views[serial].stats.retries for serial in sparse) > 1000  # two fragments in three are asked for


def test_a_limit_is_given_again_after_the_night_that_made_the_unit_forget_it(tmp_path: Path) -> None:
    limited, free = "114172220143", "114483761097"
    held: list[dict[str, float]] = []

    async def a_night(scene: Scene) -> None:
        def limits() -> dict[str, float]:
            return {serial: scene.plant.units[serial].life.firmware.limits.owner_pct for serial in (limited, free)}

        await asyncio.sleep(600)
        await scene.app.control.submit(Order(target=limited, verb=Verb.LIMIT, value=40.0, unit="%", by="owner"))
        await asyncio.sleep(60)
        held.append(limits())
        await asyncio.sleep(18 * HOUR)
        held.append(limits())

    scene = play(site(tmp_path, each=3, emulation={"clouds": "clear"}), a_night, start_utc=NOON)
    assert held == [{limited: 40.0, free: 100.0}] * 2
    assert [event for event in scene.ear.of("/event") if event["kind"] in {"raise", "lost"}] == []


def test_an_outage_is_told_by_the_units_and_is_over_when_the_mains_are_back(tmp_path: Path) -> None:
    async def an_outage(scene: Scene) -> None:
        door = Instruments(scene.plant)
        await asyncio.sleep(600)
        door.grid_outage()
        await asyncio.sleep(1200)
        door.grid_restore()
        await asyncio.sleep(1800)

    scene = play(site(tmp_path, each=2, poll_s=10, emulation={"clouds": "clear"}), an_outage, start_utc=NOON)
    raised = {(event["subject"], event["code"]) for event in scene.ear.of("/event") if event["kind"] == "raise"}
    assert {code for _, code in raised} <= {2, 102, 103}
    assert {subject for subject, code in raised if code == 2} == set(list(NRF_UNITS)[:2] + list(CMT_UNITS)[:2])
    assert scene.ear.last("opencombiner/home/site/state")["status"] == "normal"
