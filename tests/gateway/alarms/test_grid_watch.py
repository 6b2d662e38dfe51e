"""Alarms 2-6 of units that tell none, from what they measure."""

from dataclasses import replace

import pytest

from config.grid_profiles import grid_profile, grid_profiles
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action
from gateway.alarms.engine import Observation
from gateway.alarms.grid_watch import DERIVED, GridWatch
from gateway.alarms.reset import concerns_device
from gateway.alarms.states import AlarmState
from gateway.snapshot import CommState, Identity, InverterView
from protocols.points import HZ, LNV, Channel, Value
from protocols.states import Quality
from tests.gateway.alarms.bench import Bench, at

VIEW = InverterView(
    Identity("a1", "RC1", "MI3S-400S", "rockcore", "hub", "a", 1, 1, 400), CommState.ONLINE, Quality.GOOD
)
EU = grid_profile("eu_en_50549_1_2019")


def sampled(volt: Value, hertz: Value, quality: Quality = Quality.GOOD) -> InverterView:
    return replace(VIEW, values={Channel(LNV): volt, Channel(HZ): hertz}, quality=quality)


def watch(bench: Bench, profile: str = EU.id) -> GridWatch:
    return GridWatch(bench.engine, grid_profile(profile), {"a1"})


def conditions(view: InverterView, profile: str = EU.id) -> dict[int, bool | None]:
    return {seen.code: seen.condition for seen in watch(Bench(), profile).observe(view)}


NONE = dict.fromkeys(range(2, 7), None)
FINE = dict.fromkeys(range(2, 7), False)
LOW_V, HIGH_V = (stages[0].v * EU.nominal.v_ln / 100 for stages in (EU.trip.lv, EU.trip.hv))
LOW_HZ, HIGH_HZ = EU.trip.lf[0].hz, EU.trip.hf[0].hz
ROWS = {
    "a grid as it should be": (230, 50.0, FINE),
    "a blackout": (0, 0.0, FINE | {2: True}),
    "what a dead cable induces": (45, 50.0, FINE | {2: True}),
    "a brownout": (LOW_V - 1, 50.0, FINE | {4: True}),
    "at the lower limit": (LOW_V, 50.0, FINE),
    "too much voltage": (HIGH_V + 1, 50.0, FINE | {5: True}),
    "at the upper limit": (HIGH_V, 50.0, FINE),
    "too slow": (230, LOW_HZ - 0.01, FINE | {3: True}),
    "too fast": (230, HIGH_HZ + 0.01, FINE | {6: True}),
    "two things at once": (HIGH_V + 1, LOW_HZ - 1, FINE | {3: True, 5: True}),
    "no frequency": (230, None, FINE | {3: None, 6: None}),
    "no voltage": (None, 50.0, FINE | {2: None, 4: None, 5: None}),
    "nothing": (None, None, NONE),
}


@pytest.mark.parametrize(("volt", "hertz", "expected"), ROWS.values(), ids=ROWS.keys())
def test_a_sample_is_judged_by_the_grid_profile(volt: Value, hertz: Value, expected: dict[int, bool | None]) -> None:
    assert conditions(sampled(volt, hertz)) == expected


@pytest.mark.parametrize("quality", [each for each in Quality if each is not Quality.GOOD])
def test_old_data_say_nothing(quality: Quality) -> None:
    assert conditions(sampled(0, 0.0, quality)) == NONE


def test_units_that_tell_their_alarms_are_left_alone() -> None:
    other = replace(sampled(0, 0.0), identity=replace(VIEW.identity, slot="b1"))
    assert list(watch(Bench()).observe(other)) == []


@pytest.mark.parametrize("profile", grid_profiles())
def test_nominal_is_fine_in_every_profile(profile: str) -> None:
    nominal = grid_profile(profile).nominal
    assert set(conditions(sampled(nominal.v_ln, nominal.hz), profile).values()) == {False}


def test_the_alarm_is_marked_and_comes_back_behind_its_deadband() -> None:
    bench = Bench()
    own = watch(bench)

    def see(t: float, volt: float) -> AlarmState:
        bench.keep(bench.engine.observe(at(t), *own.observe(sampled(volt, 50.0))))
        bench.tick(t + 29)
        return bench.state("a1", 4)

    assert see(0, LOW_V + 1) is AlarmState.NORM
    assert see(30, LOW_V - 1) is not AlarmState.NORM
    assert {seen.record.cause for seen in bench.engine.standing()} == {DERIVED}
    assert see(60, LOW_V + 0.5) is not AlarmState.NORM  # inside the deadband of 2 %
    assert see(90, LOW_V * 1.03) is AlarmState.NORM


def test_a_locked_out_alarm_is_reset_without_asking_the_unit() -> None:
    bench = Bench()
    for count in range(12):
        for t, condition in ((0, True), (100, False)):
            now = 1000.0 * count + t
            bench.keep(bench.engine.observe(at(now), Observation("a1", 5, condition, DERIVED)))
            bench.tick(now + 99)
    [alarm] = [each for each in bench.engine.standing() if each.record.code == 5]
    assert alarm.record.locked_out
    assert not concerns_device(alarm)
    assert concerns_device(replace(alarm, record=replace(alarm.record, cause="mean above 253 V")))
    bench.command(12_000, Action.ACK, "a1", 5)
    refused = bench.command(12_001, Action.RESET, "a1", 5)
    assert not isinstance(refused, Refused)
    assert bench.state("a1", 5) is AlarmState.NORM
