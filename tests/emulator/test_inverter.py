from itertools import pairwise
from math import exp, log

import pytest

from emulator.clouds import Regime
from emulator.inverter import Inverter
from emulator.thermal import J_PER_K, RISE_K
from protocols import points as p
from protocols.commands import Activate, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.points import Channel, Point
from protocols.states import InvSt, ThrotSrc
from tests.support.emulated import HOUR, MIDNIGHT, NOON, unit

EVERY_AC_POINT = {
    *(p.W, p.VAR, p.VA, p.PF, p.A, p.LNV, p.HZ, p.TOT_WH_INJ, p.TMP_CAB, p.RIS, p.DCI, p.UP_TMS),
    *(p.PF_W_INJ, p.VAR_SET_PCT, p.W_MAX_LIM_PCT, p.INV_ST, p.CONN, p.THROT_SRC, p.MN, p.MD, p.VR, p.SN),
}


def number(inverter: Inverter, point: Point, now: float, port: int = 0) -> float:
    value = inverter.values(now)[Channel(point, port)]
    assert isinstance(value, int | float)
    return value


@pytest.mark.parametrize("ports", [1, 4])
def test_offers_every_point_with_the_dc_side_per_port(ports: int) -> None:
    values = unit(ports=ports, rated_w=1600.0).values(10.0)
    dc = {Channel(point, port) for point in (p.DCV, p.DCA, p.DCW, p.DCWH_INJ) for port in range(1, ports + 1)}
    assert set(values) == {Channel(point) for point in EVERY_AC_POINT} | dc
    assert None not in values.values()


def test_the_sides_fit_together_at_noon() -> None:
    inverter = unit()
    w, va, var = (number(inverter, point, 1.0) for point in (p.W, p.VA, p.VAR))
    dcw = number(inverter, p.DCW, 1.0, 1)
    assert 300 < w < 420
    assert 0.965 < w / dcw < 0.974
    assert va**2 == pytest.approx(w**2 + var**2)
    assert var == pytest.approx(16.6, rel=0.12)
    assert number(inverter, p.PF, 1.0) == pytest.approx(w / va)
    assert number(inverter, p.A, 1.0) * number(inverter, p.LNV, 1.0) == pytest.approx(va)
    assert number(inverter, p.DCV, 1.0, 1) * number(inverter, p.DCA, 1.0, 1) == pytest.approx(dcw)
    assert 25 < number(inverter, p.DCV, 1.0, 1) < 34
    assert inverter.values(1.0)[Channel(p.INV_ST)] is InvSt.RUNNING


def test_power_is_clipped_at_the_rating_and_the_module_moves_off_its_best_point() -> None:
    clipped, free = unit(module_w=700.0, rated_w=400.0), unit(module_w=700.0, rated_w=900.0)
    assert number(clipped, p.W, 1.0) == 400.0
    assert number(clipped, p.DCV, 1.0, 1) > number(free, p.DCV, 1.0, 1) + 1
    assert clipped.values(1.0)[Channel(p.INV_ST)] is InvSt.RUNNING


def integral_wh(inverter: Inverter, start: float, end: float, steps: int) -> float:
    step = (end - start) / steps
    return sum(inverter.power_w(start + (n + 0.5) * step) for n in range(steps)) * step / 3600


def test_the_counter_is_the_integral_of_the_power() -> None:
    inverter = unit(regime=Regime.BROKEN, module_w=600.0)
    summed = integral_wh(inverter, 0.0, 1800.0, 90_000)
    assert inverter.counter_wh(1800.0) == pytest.approx(summed, rel=1e-6)


@pytest.mark.parametrize("regime", [Regime.CLEAR, Regime.BROKEN, None], ids=["clear", "broken", "changing"])
def test_how_often_somebody_asks_changes_nothing(regime: Regime | None) -> None:
    curious, left_alone = (unit(MIDNIGHT, regime=regime, warm=False) for _ in range(2))
    for n in range(int(24 * HOUR / 37)):
        curious.values(37.0 * n)
    end = 24 * HOUR
    assert curious.counter_wh(end) == left_alone.counter_wh(end)
    assert curious.values(end) == left_alone.values(end)


def test_the_counter_never_falls_and_outlasts_the_night() -> None:
    inverter = unit(MIDNIGHT, regime=None)
    wh = [inverter.counter_wh(300.0 * n) for n in range(2 * 288)]
    assert all(later >= sooner for sooner, later in pairwise(wh))
    night, next_night = wh[285], wh[288 + 20]
    assert night == next_night > 500
    assert wh[-1] > night + 500


def test_a_day_starts_and_ends_by_power_not_by_voltage() -> None:
    inverter = unit(MIDNIGHT, warm=False)
    awake = [n for n in range(24 * 60) if inverter.awake(60.0 * n)]
    assert awake == list(range(awake[0], awake[-1] + 1))
    dawn, dusk = 60.0 * awake[0], 60.0 * awake[-1]
    assert number(unit(MIDNIGHT + dawn), p.DCV, 0.0, 1) > 22
    assert 3 * HOUR < dawn < 5 * HOUR
    assert 19 * HOUR < dusk < 21 * HOUR


def test_at_night_a_warm_unit_is_silent_too() -> None:
    inverter = unit(MIDNIGHT, warm=True)
    assert not inverter.awake(0.0)
    assert inverter.power_w(0.0) == 0


def test_a_cold_unit_waits_for_the_grid_before_it_feeds_in() -> None:
    inverter = unit(NOON, warm=False)
    seen = [(inverter.values(t)[Channel(p.INV_ST)], inverter.power_w(t) > 0) for t in (0.0, 9.0, 60.0, 69.9, 70.1)]
    assert seen == [(InvSt.STARTING, False)] * 4 + [(InvSt.RUNNING, True)]


def test_a_warm_unit_has_been_up_for_a_while_and_is_warm() -> None:
    warm, cold = unit(uptime_s=5000.0), unit(warm=False)
    assert number(warm, p.UP_TMS, 7.25) == pytest.approx(5007.25)
    assert number(cold, p.UP_TMS, 7.25) == pytest.approx(7.25)
    assert number(warm, p.TMP_CAB, 0.0) > number(cold, p.TMP_CAB, 0.0) + 8


def test_the_case_warms_up_by_first_order() -> None:
    inverter = unit(warm=False, rated_w=500.0, module_w=700.0)
    start, tau = 80.0, J_PER_K * RISE_K / (500 / 0.969956 - 500)
    first, later = (number(inverter, p.TMP_CAB, start + t) for t in (0.0, tau))
    assert later - first == pytest.approx(RISE_K * (1 - exp(-1)), abs=1.5)


def test_the_owners_limit_binds_and_is_told() -> None:
    inverter = unit()
    assert inverter.command(WMaxLimPct(20.0), 5.0)
    values = inverter.values(6.0)
    assert values[Channel(p.W)] == pytest.approx(90.0)
    assert values[Channel(p.INV_ST)] is InvSt.THROTTLED
    assert values[Channel(p.THROT_SRC)] == 1 << ThrotSrc.MAX_W
    assert values[Channel(p.W_MAX_LIM_PCT)] == 20.0
    assert inverter.command(WMaxLimPct(99.0), 7.0)
    assert inverter.values(8.0)[Channel(p.INV_ST)] is InvSt.RUNNING


def test_a_limit_counts_from_the_instant_it_was_set() -> None:
    inverter, free = unit(), unit()
    inverter.command(WMaxLimPct(0.0), 100.0)
    inverter.command(WMaxLimPct(100.0), 200.0)
    before, after, end = (free.counter_wh(t) for t in (100.0, 200.0, 900.0))
    assert inverter.counter_wh(900.0) == pytest.approx(before + end - after, rel=1e-9)


def test_the_owners_switch_opens_the_relay() -> None:
    inverter = unit()
    inverter.command(Conn(on=False), 5.0)
    values = inverter.values(6.0)
    assert [values[Channel(point)] for point in (p.W, p.VAR, p.A, p.CONN)] == [0.0, 0.0, 0.0, 0]
    assert values[Channel(p.INV_ST)] is InvSt.OFF
    assert values[Channel(p.LNV)] == pytest.approx(230, rel=0.06)
    assert inverter.awake(6.0)
    inverter.command(Conn(on=True), 10.0)
    assert inverter.power_w(69.0) == 0
    assert inverter.power_w(75.0) > 300


def test_without_activation_there_is_no_ac_output() -> None:
    inverter = unit()
    inverter.command(Activate(permitted=False), 5.0)
    assert inverter.power_w(900.0) == 0
    assert inverter.values(900.0)[Channel(p.INV_ST)] is InvSt.STANDBY


def test_a_restart_is_silent_for_two_seconds_and_begins_a_new_uptime() -> None:
    inverter = unit(uptime_s=5000.0)
    before = inverter.counter_wh(10.0)
    inverter.command(Restart(), 10.0)
    assert [inverter.awake(t) for t in (10.0, 11.9, 12.1)] == [False, False, True]
    assert number(inverter, p.UP_TMS, 13.5) == pytest.approx(1.5)
    assert inverter.counter_wh(60.0) == before


def test_units_differ_by_seed_and_are_healthy() -> None:
    ohms = [number(unit(seed=seed), p.RIS, 0.0) for seed in range(40)]
    assert len(set(ohms)) == 40
    assert min(ohms) > 1e6
    assert sorted(log(ohm / 5e6) for ohm in ohms)[20] == pytest.approx(0.0, abs=0.25)
    assert max(abs(number(unit(), p.DCI, 10.0 * n)) for n in range(60)) < 0.01


def test_tells_the_grid_profile_that_is_in_force() -> None:
    profile = unit(profile="gb_g98_g99").grid_profile
    assert (profile.id, profile.hv_avg10, profile.enter_service.delay_s) == ("gb_g98_g99", None, 20)


@pytest.mark.parametrize(
    ("command", "pf", "share"),
    [
        pytest.param(PFWInj(0.9), 0.9, None, id="over-excited"),
        pytest.param(PFWInj(-0.9), 0.9, None, id="under-excited"),
        pytest.param(VarSet(20.0), None, 0.2, id="a fifth of the rating"),
        pytest.param(VarSet(-20.0), None, -0.2, id="a fifth taken in"),
    ],
)
def test_reactive_power_is_as_told(command: PFWInj | VarSet, pf: float | None, share: float | None) -> None:
    inverter = unit()
    assert inverter.command(WMaxLimPct(60.0), 5.0)
    assert inverter.command(command, 5.0)
    inverter.values(100.0)
    var = number(inverter, p.VAR, 100.0)
    if pf is not None:
        assert number(inverter, p.PF, 100.0) == pytest.approx(pf)
        assert (var > 0) is (command == PFWInj(0.9))
    if share is not None:
        assert var == pytest.approx(share * 450.0)


@pytest.mark.parametrize("command", [PFWInj(0.0), PFWInj(1.2), VarSet(101.0), VarSet(-101.0)], ids=repr)
def test_a_reactive_setting_that_cannot_be_is_refused(command: PFWInj | VarSet) -> None:
    assert not unit().command(command, 5.0)
