"""Every alarm code by its physical cause, on a whole unit: code, lamp, record, and how it ends."""

from collections.abc import Callable

import pytest

from config.grid_profiles import grid_profile, grid_profiles
from emulator.guard import HARDWARE_S
from emulator.module import Module
from protocols import points as p
from protocols.commands import AlarmReset, Conn, Restart
from protocols.states import InvSt, ThrotSrc
from protocols.vendors.atmoce.led import Led
from tests.support.emulated import HOUR, MIDNIGHT, Rig

PROFILES = grid_profiles()
RELAY_S = (0.9, 0.04, 0.1)  # a relay opens within [0.9 t - 40 ms, t + 100 ms]
CROSS_S = 100.0


def opened_in_time(rig: Rig, code: int, stage: int, trip_s: float, now: float, crossed_s: float = CROSS_S) -> None:
    record = rig.unit.alarm_records(now)[0]
    share, early_s, late_s = RELAY_S
    assert (record.code, record.stage) == (code, stage)
    assert record.crossed_ms == pytest.approx(1000 * crossed_s, abs=2)
    assert share * trip_s - early_s <= (record.opened_ms - record.crossed_ms) / 1000 <= trip_s + late_s


def in_series(rig: Rig, count: int) -> Callable[[float], None]:
    return lambda _: rig.unit.life.daylight.swap(rig.modules(Module(430.0, in_series=count)))


def test_code_1_by_two_modules_at_one_input() -> None:
    rig = Rig()
    rig.unit.command(Conn(on=False), 50.0)  # at the open circuit; at work they would give 59 V on this warm noon
    rig.do(CROSS_S, in_series(rig, 2))
    assert rig.unit.alarms(CROSS_S + 0.01) == frozenset()
    assert rig.unit.alarms(CROSS_S + 0.03) == {1}
    assert rig.led(CROSS_S + 1) is Led.RED_QUICK
    assert rig.shows(CROSS_S + 1, p.DCV, 1) > 66
    record = rig.unit.alarm_records(CROSS_S + 1)[0]
    assert (record.code, record.opened_ms - record.crossed_ms) == (1, 20)
    assert record.extreme > 60
    rig.unit.command(Conn(on=True), CROSS_S + 10)
    assert rig.unit.alarms(CROSS_S + HOUR) == {1}
    assert rig.unit.power_w(CROSS_S + HOUR) == 0
    rig.do(CROSS_S + HOUR, in_series(rig, 1))
    assert rig.unit.alarms(CROSS_S + HOUR + 9.9) == {1}
    assert rig.unit.alarms(CROSS_S + HOUR + 10.1) == frozenset()
    full_start = CROSS_S + HOUR + 10 + 10 + 60
    assert [rig.unit.power_w(full_start + t) > 0 for t in (-0.1, 1.0)] == [False, True]


def test_a_wrong_module_that_is_plugged_in_never_lets_the_unit_start() -> None:
    rig = Rig()

    def plug(utc: float) -> None:
        rig.unit.life.daylight.swap(rig.modules(Module(430.0, in_series=2)))
        rig.unit.life.firmware.lose_power(utc)

    rig.do(CROSS_S, plug)
    assert not rig.unit.awake(CROSS_S + 4.9)
    assert rig.unit.alarms(CROSS_S + 5.1) == {1}
    assert rig.unit.power_w(CROSS_S + 2 * HOUR) == 0
    assert rig.unit.alarm_records(CROSS_S + 2 * HOUR)[0].crossed_ms == 0


def test_a_right_module_raises_no_code_1_on_the_coldest_of_days() -> None:
    rig = Rig(at=MIDNIGHT + 180 * 24 * HOUR, module_w=550.0)
    assert rig.unit.alarms(24 * HOUR) == frozenset()
    assert rig.unit.alarm_records(24 * HOUR) == ()


def bias(rig: Rig, ampere: float) -> Callable[[float], None]:
    return lambda _: setattr(rig.unit.life.dc, "offset_a", ampere)


@pytest.mark.parametrize("name", PROFILES)
def test_code_7_by_a_dc_component_and_back(name: str) -> None:
    profile, rig = grid_profile(name), Rig(name)
    limit = max(profile.dc_injection.pct_rated / 100 * rig.unit.model.rated_a, profile.dc_injection.floor_ma / 1000)
    rig.do(50.0, bias(rig, 0.95 * limit))
    assert rig.unit.alarms(CROSS_S - 1) == frozenset()
    rig.do(CROSS_S, bias(rig, -1.05 * limit))
    over = CROSS_S + profile.dc_injection.t + 0.1
    assert rig.unit.alarms(over) == {7}
    assert rig.led(over) is Led.RED_QUICK
    opened_in_time(rig, 7, 1, profile.dc_injection.t, over)
    assert rig.unit.alarm_records(over)[0].extreme == pytest.approx(1.05 * limit)
    rig.do(over + 1, bias(rig, 0.0))
    assert rig.unit.alarms(over + 59) == {7}
    assert rig.unit.alarms(over + 61) == frozenset()


def test_a_lasting_dc_component_locks_out_at_the_fifth_raise_within_an_hour() -> None:
    rig = Rig()
    rig.do(CROSS_S, bias(rig, 0.025))
    cycle = 0.195 + 60 + 60  # raised, off for a minute, waiting for a minute
    locked = CROSS_S + 4 * cycle + 1
    assert len(rig.unit.alarm_records(locked)) == 5
    assert rig.unit.alarms(locked + 2 * cycle) == {7}
    rig.do(locked + 1000, bias(rig, 0.0))
    assert rig.unit.alarms(locked + 2000) == {7}
    assert rig.unit.command(AlarmReset(), locked + 2000)
    assert rig.unit.power_w(locked + 2061) > 0


def hotter(rig: Rig, kelvin: float) -> Callable[[float], None]:
    return lambda _: setattr(rig.unit.life, "warmer_k", kelvin)


def test_code_8_by_heat_after_derating_and_back_when_it_is_cool() -> None:
    rig = Rig()
    rig.do(CROSS_S, hotter(rig, 65.0))
    hot = next(t for t in range(int(CROSS_S), 20_000, 10) if rig.shows(t, p.TMP_CAB) >= 80.6)
    assert rig.unit.alarms(hot) == frozenset()
    assert rig.shows(hot + 1500, p.THROT_SRC) in (1 << ThrotSrc.DERATED, 0)
    tripped = next(t for t in range(hot, 20_000, 10) if rig.unit.alarms(t))
    assert rig.unit.alarms(tripped) == {8}
    assert rig.led(tripped) is Led.RED_QUICK
    record = rig.unit.alarm_records(tripped)[0]
    assert (record.stage, record.opened_ms - record.crossed_ms) == (1, 10_000)
    assert record.extreme == pytest.approx(90.0, abs=0.3)
    rig.do(tripped + 10, hotter(rig, 0.0))
    cool = next(t for t in range(tripped + 10, 40_000) if rig.shows(t, p.TMP_CAB) <= 78)
    assert rig.unit.alarms(cool + 58) == {8}
    assert rig.unit.alarms(cool + 61) == frozenset()


def test_code_8_by_the_power_stage_itself() -> None:
    rig = Rig()
    life = rig.unit.life
    rig.do(CROSS_S, lambda utc: life.firmware.protect_power_stage(utc, life.case_c(utc)))
    assert rig.unit.alarms(CROSS_S) == {8}
    record = rig.unit.alarm_records(CROSS_S)[0]
    assert (record.stage, record.crossed_ms, record.opened_ms) == (2, 100_000, 100_000)
    assert rig.unit.alarms(CROSS_S + HARDWARE_S - 1) == {8}
    assert rig.unit.alarms(CROSS_S + HARDWARE_S + 1) == frozenset()
    assert rig.unit.power_w(CROSS_S + HARDWARE_S + 62) > 0


def test_six_events_of_the_power_stage_in_a_day_lock_out() -> None:
    rig, at = Rig(at=MIDNIGHT + 8 * HOUR), CROSS_S
    life = rig.unit.life
    for event in range(1, 7):
        rig.do(at, lambda utc: life.firmware.protect_power_stage(utc, 40.0))
        at += HARDWARE_S + 100
        assert rig.unit.alarms(at) == (frozenset({8}) if event == 6 else frozenset())


def leak(rig: Rig, ohm: float | None) -> Callable[[float], None]:
    return lambda _: setattr(rig.unit.life.insulation, "fault_ohm", ohm)


def test_code_9_within_ten_minutes_of_feeding_in_and_only_a_reset_ends_it() -> None:
    rig = Rig()
    rig.do(CROSS_S, leak(rig, 5_000.0))
    assert rig.unit.alarms(600.0) == frozenset()
    assert rig.unit.alarms(610.1) == {9}
    assert rig.led(611.0) is Led.RED_QUICK
    record = rig.unit.alarm_records(611.0)[0]
    assert (record.code, record.crossed_ms, record.opened_ms) == (9, 600_000, 610_000)
    assert record.extreme == pytest.approx(5_000, rel=0.01)
    assert not rig.unit.command(AlarmReset(), 700.0)
    rig.do(800.0, leak(rig, 8_500.0))  # above the limit, below what may clear
    assert not rig.unit.command(AlarmReset(), 900.0)
    rig.do(1000.0, leak(rig, None))
    assert rig.unit.alarms(5000.0) == {9}
    assert rig.unit.power_w(5000.0) == 0
    assert rig.unit.command(AlarmReset(), 5000.0)
    assert rig.unit.alarms(5000.1) == frozenset()
    assert rig.shows(5001.0, p.INV_ST) == InvSt.STARTING
    assert [rig.unit.power_w(5000 + 10 + 60 + t) > 0 for t in (-0.1, 1.0)] == [False, True]


def test_one_low_reading_of_three_is_none() -> None:
    rig = Rig()
    rig.do(CROSS_S, leak(rig, 5_000.0))
    rig.do(602.0, leak(rig, None))
    assert rig.unit.alarms(5000.0) == frozenset()


@pytest.mark.parametrize(("auto", "left"), [(False, {9}), (True, set())], ids=["latched by hand", "ended by a start"])
def test_code_9_overnight(auto: bool, left: set[int]) -> None:  # noqa: FBT001 - a row
    rig = Rig(auto_next_start=auto)
    rig.do(CROSS_S, leak(rig, 3_000.0))
    assert rig.unit.alarms(HOUR) == {9}
    rig.do(2 * HOUR, leak(rig, None))
    assert rig.unit.alarms(3 * HOUR) == {9}
    assert rig.unit.alarms(13 * HOUR) == frozenset()  # a dark unit tells nothing
    assert rig.unit.alarms(22 * HOUR) == left


def test_a_leak_at_dawn_keeps_the_unit_from_starting() -> None:
    rig = Rig(at=MIDNIGHT, warm=False)
    rig.do(HOUR, leak(rig, 4_000.0))
    assert rig.unit.alarms(9 * HOUR) == {9}
    assert rig.unit.counter_wh(9 * HOUR) == 0
    record = rig.unit.alarm_records(9 * HOUR)[0]
    assert (record.crossed_ms, record.opened_ms) == (0, 10_000)


def broken(rig: Rig, *, is_broken: bool) -> Callable[[float], None]:
    return lambda utc: rig.unit.life.firmware.break_part(utc, broken=is_broken)


def test_code_10_at_once_and_until_the_next_day() -> None:
    rig = Rig()
    rig.do(CROSS_S, broken(rig, is_broken=True))
    assert rig.unit.alarms(CROSS_S) == {10}
    assert rig.led(CROSS_S) is Led.RED_SOLID
    assert not rig.unit.command(AlarmReset(), CROSS_S + 10)
    rig.do(HOUR, broken(rig, is_broken=False))
    assert rig.unit.alarms(2 * HOUR) == {10}
    rig.unit.command(Restart(), 2 * HOUR)
    assert rig.unit.alarms(2 * HOUR + 60) == {10}
    assert rig.unit.alarms(22 * HOUR) == frozenset()
    assert rig.unit.power_w(22 * HOUR) > 0


def test_code_10_is_reset_once_the_part_is_whole() -> None:
    rig = Rig()
    rig.do(CROSS_S, broken(rig, is_broken=True))
    rig.do(CROSS_S + 10, broken(rig, is_broken=False))
    assert rig.unit.command(AlarmReset(), CROSS_S + 20)
    assert [rig.unit.power_w(CROSS_S + 20 + 10 + 60 + t) > 0 for t in (-0.1, 1.0)] == [False, True]


def test_a_part_that_broke_at_night_is_found_by_the_self_test() -> None:
    rig = Rig(at=MIDNIGHT, warm=False)
    rig.do(HOUR, broken(rig, is_broken=True))
    assert rig.unit.alarms(9 * HOUR) == {10}
    assert rig.unit.alarm_records(9 * HOUR)[0].crossed_ms == 10_000


def test_records_are_sixteen_newest_first_and_outlast_a_restart() -> None:
    rig, at = Rig(at=MIDNIGHT + 6 * HOUR), 100.0
    for _ in range(18):
        rig.volt(at, 0.7)
        rig.volt(at + 5, None)
        at += 120
    rig.unit.command(Restart(), at)
    records = rig.unit.alarm_records(at + 60)
    assert [record.seq for record in records] == list(range(18, 2, -1))


def test_the_owners_stop_is_no_alarm_and_trips_count_only_once() -> None:
    rig = Rig()
    rig.unit.command(Conn(on=False), 50.0)
    assert rig.unit.alarms(60.0) == frozenset()
    assert rig.shows(60.0, p.INV_ST) == InvSt.OFF
    rig.volt(CROSS_S, 0.4)
    rig.volt(CROSS_S + 10, 0.84)
    assert rig.unit.alarms(CROSS_S + 100) == {4}
    assert len(rig.unit.alarm_records(CROSS_S + 100)) == 1
