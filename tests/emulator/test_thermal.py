from math import exp, inf, nan

import pytest

from emulator import thermal
from emulator.conversion import Conversion
from emulator.thermal import Approach, Case, derate_holds_between, derated_share
from tests.support.emulated import NOON
from tests.support.weather import hot_noon

FULL_LOSS_W = Conversion(500.0).dc(500.0) - 500.0
CASE = Case(FULL_LOSS_W)
BRIGHT = 1000.0


def warming(case: Case, air_c: float, loss_w: float, first_c: float | None = None) -> Approach:
    first = air_c if first_c is None else first_c
    return case.approach(0.0, first, air_c=air_c, loss_w=loss_w, irradiance=BRIGHT)


def test_full_power_warms_the_case_by_20_k_with_half_an_hour_of_memory() -> None:
    assert pytest.approx(15.5, abs=0.05) == FULL_LOSS_W
    assert pytest.approx(1.29, abs=0.005) == CASE.k_per_w
    assert CASE.tau_s / 60 == pytest.approx(32, abs=0.5)
    way = warming(CASE, 30.0, FULL_LOSS_W)
    assert way.final == pytest.approx(50.0)
    assert way.at(CASE.tau_s) == pytest.approx(30 + 20 * (1 - exp(-1)))


def test_a_case_in_the_sun_is_ten_kelvin_warmer() -> None:
    assert warming(Case(FULL_LOSS_W, sunlit=True), 30.0, FULL_LOSS_W).final == pytest.approx(60.3, abs=0.1)


def euler_crossing(case: Case, way: Approach, air_c: float, loss_w: float, level: float) -> float:
    """Return the instant by integrating C dT/dt = loss - (T - air) / R in small steps."""
    temperature, step = way.first, 0.02
    for n in range(1_000_000):
        following = temperature + step * (loss_w - (temperature - air_c) / case.k_per_w) / thermal.J_PER_K
        if (temperature < level) != (following < level):
            return step * (n + (level - temperature) / (following - temperature))
        temperature = following
    return nan


@pytest.mark.parametrize(
    ("first_c", "air_c", "loss_w", "level"),
    [
        (45.0, 66.0, FULL_LOSS_W, thermal.DERATE_FROM_C),
        (70.0, 75.0, FULL_LOSS_W, thermal.DERATE_TO_C),
        (85.0, 72.0, FULL_LOSS_W, thermal.STOP_C),
        (90.0, 60.0, 0.0, thermal.RESTART_C),
        (90.0, 77.9, 0.0, thermal.RESTART_C),
    ],
    ids=["derating begins", "derating ends", "stop", "restart", "restart, barely"],
)
def test_a_crossing_is_where_integration_finds_it(first_c: float, air_c: float, loss_w: float, level: float) -> None:
    way = warming(CASE, air_c, loss_w, first_c)
    at = way.crossing(level)
    assert at is not None
    assert way.at(at) == pytest.approx(level, abs=1e-9)
    assert at == pytest.approx(euler_crossing(CASE, way, air_c, loss_w, level), rel=1e-3)


@pytest.mark.parametrize(
    ("first", "final", "level", "at"),
    [(20.0, 40.0, 40.0, None), (20.0, 40.0, 19.0, None), (20.0, 20.0, 25.0, None), (20.0, 40.0, 20.0, 5.0)],
    ids=["never quite there", "behind", "at rest", "there already"],
)
def test_a_level_off_the_way_is_not_crossed(first: float, final: float, level: float, at: float | None) -> None:
    assert Approach(5.0, first, final, 100.0).crossing(level) == at


def test_the_limit_falls_linearly_from_80_to_88_degrees() -> None:
    temperatures = (-20.0, 80.0, 82.0, 84.0, 88.0, 95.0)
    assert [derated_share(c) for c in temperatures] == [1.0, 1.0, 0.875, 0.75, 0.5, 0.5]


@pytest.mark.parametrize(
    ("set_at", "stands"),
    [(25.0, (-inf, 80.5)), (80.0, (-inf, 80.5)), (80.5, (80.0, 81.0)), (87.8, (87.3, 88.3)), (91.0, (87.5, inf))],
    ids=["cool", "at the foot", "on the slope", "near the end", "beyond"],
)
def test_a_limit_stands_until_the_case_has_moved(set_at: float, stands: tuple[float, float]) -> None:
    assert derate_holds_between(set_at) == pytest.approx(stands)


def derated_day(air_c: float) -> tuple[float, int]:
    """Run a unit at full light for ten hours; return its last temperature and how often its limit was set."""
    stage, t, case_c, times = Conversion(500.0), 0.0, air_c, 0
    while t < 36_000:
        limit_w = 500.0 * derated_share(case_c)
        way = CASE.approach(t, case_c, air_c=air_c, loss_w=stage.dc(limit_w) - limit_w, irradiance=BRIGHT)
        reached = [at for level in derate_holds_between(case_c) if (at := way.crossing(level)) is not None]
        t = min([*reached, 36_000.0])
        case_c = way.at(t)
        times += 1
    return case_c, times


# where 20 K x loss(share) / loss(1) meets the slope of the limit, by hand
@pytest.mark.parametrize(
    ("air_c", "settles_at"), [(55.0, 75.0), (63.0, 81.1), (67.0, 82.7)], ids=["free", "a little", "more"]
)
def test_derating_settles_without_chatter(air_c: float, settles_at: float) -> None:
    case_c, times = derated_day(air_c)
    assert case_c == pytest.approx(settles_at, abs=0.5)
    assert times < 200


def test_a_hot_noon_derates_a_sunlit_case_and_no_shaded_one_and_stops_neither() -> None:
    source = hot_noon()
    air_c, light = source.air(NOON), source.irradiance(NOON)
    assert 53 < air_c < 57
    shaded, sunlit = (
        Case(FULL_LOSS_W, sunlit=sunlit).approach(0.0, air_c, air_c=air_c, loss_w=FULL_LOSS_W, irradiance=light)
        for sunlit in (False, True)
    )
    assert shaded.final < thermal.DERATE_FROM_C
    assert thermal.DERATE_FROM_C < sunlit.final < thermal.STOP_C


def test_seventy_degrees_stop_a_case_even_at_half_power() -> None:
    stage = Conversion(500.0)
    sunlit = Case(FULL_LOSS_W, sunlit=True)
    assert warming(sunlit, 75.0, stage.dc(250.0) - 250.0).final > thermal.STOP_C
    assert warming(sunlit, 70.0, FULL_LOSS_W).crossing(thermal.STOP_C) is not None
