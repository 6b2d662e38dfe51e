"""A day of an ECU's site: counters that begin at 0 each morning, a lossy network, a gateway that restarts at noon."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest

from emulator.inverter import Inverter
from gateway.fleet.comm import Light
from gateway.fleet.poller import PROBE_S
from gateway.snapshot import CommState
from protocols.points import UP_TMS, Channel
from protocols.vendors.apsystems.led import CONTACT_S, Led
from protocols.vendors.apsystems.models import MODELS
from protocols.vendors.apsystems.responder import InverterSide
from tests.support.ecu import ecu_site, serials
from tests.support.plant import Scene, play

pytestmark = [pytest.mark.day, pytest.mark.timeout(300)]

HOUR = 3600.0
SLICE_S = 600.0  # how often ledgers and lamps are looked at
UNITS = serials(20)
CONDITIONS = {"seed": 7, "impairments": {"loss": 0.05, "burst_loss": 1.0, "burst_every_s": 120.0, "burst_s": 6.0}}
FOUND_S = PROBE_S[Light.NIGHT] + 60.0  # within which a unit that wakes in the dark is found and polled
RECKONED = 0.04  # AC energy is DC energy times a share that gateways reckon with, here against the true efficiency


class Day:
    """What was seen at every look."""

    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.lamps: dict[str, list[Led]] = {serial: [] for serial in UNITS}
        self.totals: list[dict[tuple[str, int], int]] = []
        self.first_wh: dict[str, float] = {}  # of an input, at the beginning and at the end
        self.last_wh: dict[str, float] = {}
        self.stale_s: dict[str, float] = dict.fromkeys(UNITS, 0.0)

    async def look(self, scene: Scene) -> None:
        now, utc = scene.now(), scene.clock.utc()
        for serial, view in scene.app.state.views.items():
            awake_s = scene.plant.units[serial].values(now)[Channel(UP_TMS)]
            if isinstance(awake_s, float) and awake_s > FOUND_S:
                self.lamps[serial].append(_side(scene, serial).led(now))
            if view.comm is CommState.ONLINE and view.ts is not None:
                self.stale_s[serial] = max(self.stale_s[serial], utc - view.ts)
        self.totals.append(dict(_energies(scene)))

    async def live(self, scene: Scene) -> None:
        self.scene = scene
        self.first_wh = {serial: _input_wh(inverter, scene) for serial, inverter in scene.plant.units.items()}
        for step in range(int(24 * HOUR / SLICE_S)):
            await asyncio.sleep(SLICE_S)
            await self.look(scene)
            if (step + 1) * SLICE_S == 12 * HOUR:
                await scene.daemon.stop()
                await asyncio.sleep(120.0)
                scene.daemon.start()
        self.last_wh = {serial: _input_wh(inverter, scene) for serial, inverter in scene.plant.units.items()}


def _side(scene: Scene, serial: str) -> InverterSide:
    side = scene.plant.responder(serial).inner
    assert isinstance(side, InverterSide)
    return side


def _input_wh(inverter: Inverter, scene: Scene) -> float:
    """Return what the module at one input has given in its life, as the unit would count it day and night."""
    utc = scene.clock.utc()
    inverter.life.advance(utc)
    return inverter.life.input_wh(utc)


def _energies(scene: Scene) -> Iterator[tuple[tuple[str, int], int]]:
    for slot, view in scene.app.state.views.items():
        for port, energy in view.energy.items():
            yield (slot, port), energy.total_wh


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Twenty units from midnight to midnight, a poll a minute each."""
    seen = Day()
    play(ecu_site(tmp_path_factory.mktemp("ecu"), units=20, link={"hops": 2}, emulation=CONDITIONS), seen.live)
    return seen


def _scene(day: Day) -> Scene:
    assert day.scene is not None
    return day.scene


def test_the_dc_ledger_is_what_each_input_gave_but_for_what_nobody_could_hear(day: Day) -> None:
    """What a unit counts between its boot and the first poll, and between the last and its night, is not on the air."""
    scene = _scene(day)
    for serial in UNITS:
        given = day.last_wh[serial] - day.first_wh[serial]
        for port in range(1, MODELS[UNITS[serial]].ports + 1):
            counted = scene.app.state.views[serial].energy[port].total_wh
            assert counted == pytest.approx(given, rel=0.01, abs=6)


def test_ac_energy_is_derived_within_the_stated_bound(day: Day) -> None:
    scene = _scene(day)
    for serial, view in scene.app.state.views.items():
        inputs = sum(view.energy[port].total_wh for port in range(1, MODELS[UNITS[serial]].ports + 1))
        assert view.energy[0].derived
        assert view.energy[0].total_wh == pytest.approx(inputs * 0.965, rel=RECKONED)


def test_no_ledger_ever_falls(day: Day) -> None:
    for before, after in pairwise(day.totals):
        assert all(after.get(key, wh) >= wh for key, wh in before.items())


def test_no_unit_that_feeds_ever_shows_that_its_gateway_is_gone(day: Day) -> None:
    for lamps in day.lamps.values():
        assert Led.GREEN_10_S in lamps
        assert Led.GREEN_2_S not in lamps
    assert max(day.stale_s.values()) < CONTACT_S / 10


def test_night_and_loss_are_no_fault(day: Day) -> None:
    scene = _scene(day)
    assert [event for event in scene.ear.of("bridge/event") if event["kind"] == "lost"] == []
    assert {view.comm for view in scene.app.state.views.values()} == {CommState.ASLEEP}
    assert sum(view.stats.retries for view in scene.app.state.views.values()) > 10


def test_the_restart_at_noon_joins_all_again(day: Day) -> None:
    scene = _scene(day)
    joined = [event["subject"] for event in scene.ear.of("bridge/event") if event["kind"] == "joined"]
    assert sorted(set(joined)) == sorted(UNITS)
    assert len(joined) >= 2 * len(UNITS)


def test_the_site_adds_up(day: Day) -> None:
    states = _scene(day).ear.of("site/state")
    days = [state["e_day_wh"] for state in states]
    assert max(days) == pytest.approx(sum(wh for (_, port), wh in day.totals[-1].items() if port == 0), rel=0.02)
