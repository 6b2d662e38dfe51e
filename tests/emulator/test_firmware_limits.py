import pytest

from config.grid_profiles import grid_profile
from emulator.firmware import Firmware
from emulator.phase import Phase
from emulator.stages import Quantity
from protocols.commands import AlarmReset, Conn, Restart, WMaxLimPct
from tests.emulator.test_firmware import DAY, NIGHT, codes, firmware, live, running, see


def band(unit: Firmware, quantity: Quantity) -> tuple[float, float]:
    return unit.guard.protection.watches[quantity].band


def test_while_it_feeds_in_the_levels_are_those_of_stages_and_limits() -> None:
    unit = running(grid_profile("au_as_nzs_4777_2_2020_a"))
    live(unit, [(0, DAY, Phase.RUNNING)])
    assert band(unit, Quantity.VOLT) == pytest.approx((0.7826 * 230, 1.10 * 230))  # U<, and where P(U) begins
    assert band(unit, Quantity.HERTZ) == pytest.approx((47.0, 50.25))  # f<, and where P(f) begins


def test_while_it_waits_the_window_has_levels_too() -> None:
    unit = firmware()
    unit.power_up(0.0, 0.0, running=False)
    live(unit, [(0, DAY, Phase.SELF_TEST), (20, None, Phase.WAITING)])
    assert band(unit, Quantity.VOLT) == pytest.approx((195.5, 253.0))
    assert band(unit, Quantity.HERTZ) == (49.5, 50.2)


@pytest.mark.parametrize(
    ("name", "high"), [("eu_en_50549_1_2019", 253.0), ("gb_g98_g99", 1.14 * 230)], ids=["of the mean", "without a mean"]
)
def test_the_limit_of_the_mean_is_a_level_of_the_voltage(name: str, high: float) -> None:
    unit = running(grid_profile(name))
    live(unit, [(0, DAY, Phase.RUNNING)])
    assert band(unit, Quantity.VOLT)[1] == pytest.approx(high)


def test_p_of_f_begins_from_the_power_until_then() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (5, see(hertz=50.4), Phase.RUNNING)])
    assert unit.limits.droop.entry_w == 300.0
    live(unit, [(9, DAY, Phase.RUNNING)])
    assert unit.limits.droop.entry_w is None


def test_p_of_f_waits_for_the_relay() -> None:
    unit = firmware()
    unit.power_up(0.0, 0.0, running=False)
    live(unit, [(0, see(hertz=50.4), Phase.SELF_TEST)])
    assert unit.limits.droop.entry_w is None


def test_p_of_u_takes_its_steps_while_it_feeds_in_and_ends_with_a_trip() -> None:
    unit = running(grid_profile("au_as_nzs_4777_2_2020_a"))
    high = see(1.12 * 230)
    live(unit, [(0, DAY, Phase.RUNNING), (5, high, Phase.RUNNING)])
    assert unit.next_deadline() == 7
    live(unit, [(7, high, Phase.RUNNING)])
    assert unit.limits.volt_watt.share < 1
    live(unit, [(8, see(1.2 * 230), Phase.RUNNING), (10, None, Phase.WAITING)])
    assert unit.next_deadline() > 80_000


def test_heat_is_told_to_the_limits_and_marks_the_next_step() -> None:
    unit = running()
    live(unit, [(0, see(case=79.0), Phase.RUNNING)])
    assert unit.limits.derate_band[1] == band(unit, Quantity.CASE)[1] == 80.5
    before = unit.limits.settings
    live(unit, [(5, see(case=84.0), Phase.RUNNING)])
    assert unit.limits.settings != before
    assert band(unit, Quantity.CASE) == (83.5, 84.5)


@pytest.mark.parametrize("pct", [0.0, 0.5, 40.0, 100.0])
def test_a_limit_within_the_rating_is_obeyed(pct: float) -> None:
    unit = firmware()
    assert unit.command(WMaxLimPct(pct), 0.0)
    assert unit.limits.owner_pct == pct


def test_only_the_entry_after_a_trip_ramps() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(195.0), Phase.RUNNING), (20, DAY, Phase.WAITING)])
    live(unit, [(20, DAY, Phase.WAITING), (81, None, Phase.RUNNING)])
    assert unit.limits.ramp_end == 81 + 600
    live(unit, [(900, Conn(on=False), Phase.WAITING), (901, Conn(on=True), Phase.WAITING), (961, None, Phase.RUNNING)])
    assert unit.limits.ramp_end < 0


def test_a_restart_forgets_the_ramp() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING), (10, see(195.0), Phase.RUNNING), (20, DAY, Phase.WAITING)])
    live(unit, [(20, Restart(), Phase.RESTARTING), (22, None, Phase.SELF_TEST), (92, None, Phase.RUNNING)])
    assert unit.limits.ramp_end < 0


def test_insulation_is_measured_ten_minutes_after_it_began_to_feed_in() -> None:
    unit = firmware()
    live(unit, [(0, DAY, Phase.DARK), (75, None, Phase.RUNNING)])
    assert unit.next_deadline() == 675


@pytest.mark.parametrize(("dark_s", "left"), [(3600.0, set()), (3599.0, {10})], ids=["a night", "a dark hour, nearly"])
def test_a_latch_of_the_day_needs_a_night(dark_s: float, left: set[int]) -> None:
    unit = running()
    unit.break_part(1.0, broken=True)
    assert unit.alarms == {10}
    unit.break_part(2.0, broken=False)
    live(unit, [(5, NIGHT, Phase.DARK), (5 + dark_s - 5, DAY, Phase.DARK), (5 + dark_s, None, Phase.SELF_TEST)])
    assert unit.alarms == {10}
    live(unit, [(5 + dark_s + 10, DAY, Phase.WAITING)])
    assert unit.alarms == left


def test_a_dark_unit_notices_nothing() -> None:
    unit = firmware()
    unit.observe(0.0, NIGHT)
    unit.protect_power_stage(1.0, 40.0)
    unit.break_part(1.0, broken=True)
    unit.lose_power(2.0)
    assert codes(unit) == []
    assert unit.phase is Phase.DARK


def test_unplugged_modules_are_a_night_that_may_be_short() -> None:
    unit = running()
    unit.lose_power(10.0)
    assert unit.phase is Phase.DARK
    live(unit, [(10, DAY, Phase.DARK), (15, None, Phase.SELF_TEST)])


def test_the_power_stage_opens_the_relay_at_once() -> None:
    unit = running()
    live(unit, [(0, DAY, Phase.RUNNING)])
    unit.protect_power_stage(7.0, 41.5)
    assert unit.phase is Phase.WAITING
    assert unit.alarms == {8}
    record = unit.guard.memory.records[0]
    assert (record.stage, record.extreme, record.crossed_ms, record.opened_ms) == (2, 41.5, 7000, 7000)


def test_a_reset_is_followed_by_a_full_start() -> None:
    unit = running()
    unit.break_part(1.0, broken=True)
    assert not unit.command(AlarmReset(), 2.0)
    unit.break_part(3.0, broken=False)
    assert unit.command(AlarmReset(), 4.0)
    live(unit, [(4, DAY, Phase.SELF_TEST), (14, None, Phase.WAITING), (74, None, Phase.RUNNING)])


@pytest.mark.parametrize(("auto", "left"), [(True, set()), (False, {9})], ids=["ended by a start", "latched by hand"])
def test_a_start_may_end_alarm_9(auto: bool, left: set[int]) -> None:  # noqa: FBT001 - a row
    ohms = iter([5e3] * 3 + [1e6] * 3)
    unit = firmware(ohm=lambda _: next(ohms), auto_next_start=auto)
    live(unit, [(0, DAY, Phase.DARK), (15, None, Phase.WAITING), (20, Restart(), Phase.RESTARTING)])
    live(unit, [(22, DAY, Phase.SELF_TEST), (32, None, Phase.WAITING)])
    assert unit.alarms == left
