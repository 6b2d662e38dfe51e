from itertools import pairwise
from statistics import fmean

from config.site import Location
from emulator.clouds import Regime
from emulator.dew import KNOT_S
from emulator.sky import Sky
from tests.support.emulated import HOUR, MIDNIGHT, UTRECHT

DAY = 24 * HOUR
OCTOBER = MIDNIGHT + 110 * DAY
EVERY_FIFTH = [MIDNIGHT + DAY * day for day in range(0, 365, 5)]


def dawns(sky: Sky, days: list[float]) -> list[float]:
    return [sky.wetness.at(day + 3 * HOUR) for day in days]


def test_dew_falls_in_the_night_and_the_sun_dries_it() -> None:
    sky = Sky(UTRECHT, 1, Regime.CLEAR)
    morning = OCTOBER + DAY
    wet = [sky.wetness.at(morning + hour * HOUR) for hour in (-6, -3, 3, 7, 8, 9, 11)]
    assert wet[0] < wet[1] < wet[2]
    assert wet[2] > wet[3] > wet[4] > wet[5] > wet[6]
    assert wet[2] > 0.4
    assert wet[6] < 0.05


def test_wetness_is_a_share_every_hour_of_the_year_and_never_jumps() -> None:
    sky = Sky(UTRECHT, 2)
    wet = [sky.wetness.at(MIDNIGHT + KNOT_S * n) for n in range(365 * 144)]
    assert min(wet) >= 0
    assert max(wet) <= 1
    assert max(wet) > 0.6
    assert max(abs(b - a) for a, b in pairwise(wet)) < 0.3


def test_clear_nights_are_wetter_than_dull_ones_and_autumn_than_midsummer() -> None:
    clear, dull = Sky(UTRECHT, 1, Regime.CLEAR), Sky(UTRECHT, 1, Regime.OVERCAST)
    assert fmean(dawns(clear, EVERY_FIFTH)) > 4 * fmean(dawns(dull, EVERY_FIFTH))
    assert fmean(dawns(clear, EVERY_FIFTH[19:26])) > 1.4 * fmean(dawns(clear, EVERY_FIFTH[:7]))


def test_autumn_is_in_april_south_of_the_equator() -> None:
    south = Sky(Location(latitude=-35.0, longitude=5.12), 1, Regime.CLEAR)
    assert fmean(dawns(south, EVERY_FIFTH[56:62])) > 2 * fmean(dawns(south, EVERY_FIFTH[19:26]))


def test_clouds_keep_it_wet_for_longer() -> None:
    def left_at_9(regime: Regime) -> float:
        sky = Sky(UTRECHT, 1, regime)
        mornings = [(sky.wetness.at(day + 3 * HOUR), sky.wetness.at(day + 9 * HOUR)) for day in EVERY_FIFTH]
        return fmean(at_9 / at_3 for at_3, at_9 in mornings if at_3)

    assert left_at_9(Regime.OVERCAST) > 1.5 * left_at_9(Regime.CLEAR)


def test_the_order_of_asking_changes_nothing() -> None:
    times = [MIDNIGHT + 9_871.0 * n for n in range(300)]
    one, other = Sky(UTRECHT, 7), Sky(UTRECHT, 7)
    assert [one.wetness.at(t) for t in times] == [other.wetness.at(t) for t in reversed(times)][::-1]
