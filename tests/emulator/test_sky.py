from math import exp

import pytest

from config.site import Location
from emulator.clouds import Regime
from emulator.sky import Sky, Sun, clear_sky_ghi, diffuse_share, plane_of_array
from tests.support.emulated import HOUR, MIDNIGHT, NOON, UTRECHT

SUMMER = 172.0


def test_the_sun_stands_south_at_solar_noon_and_below_the_horizon_at_night() -> None:
    sky = Sky(UTRECHT, 1)
    noon = sky.sun(NOON)
    assert noon.elevation == pytest.approx(90 - 52.09 + 23.44, abs=0.05)
    assert noon.azimuth == pytest.approx(180, abs=2)
    assert sky.sun(MIDNIGHT).elevation < 0


def test_haurwitz_by_hand() -> None:
    assert clear_sky_ghi(90) == pytest.approx(1098 * exp(-0.059))
    assert clear_sky_ghi(30) == pytest.approx(1098 * 0.5 * exp(-0.118))
    assert clear_sky_ghi(0) == 0
    assert clear_sky_ghi(-5) == 0


@pytest.mark.parametrize(
    ("kt", "share"), [(0.1, 0.991), (0.5, 0.659), (0.75, 0.183), (0.9, 0.165)], ids=["dull", "half", "clear", "bright"]
)
def test_erbs_diffuse_share_by_hand(kt: float, share: float) -> None:
    assert diffuse_share(kt) == pytest.approx(share, abs=0.002)


def test_a_flat_plane_sees_the_global_irradiance() -> None:
    assert plane_of_array(700.0, Sun(55.0, 150.0), SUMMER, 0.0, 180.0) == pytest.approx(700.0)


def test_a_plane_turned_away_from_the_sun_sees_sky_and_ground_only() -> None:
    towards = plane_of_array(400.0, Sun(25.0, 90.0), SUMMER, 60.0, 90.0)
    away = plane_of_array(400.0, Sun(25.0, 90.0), SUMMER, 60.0, 270.0)
    assert 0 < away < 250
    assert towards > 600


def test_a_low_sun_does_not_blow_up() -> None:
    for tenth in range(1, 50):
        sun = Sun(tenth / 10, 180.0)
        assert 0 <= plane_of_array(1.4 * clear_sky_ghi(sun.elevation), sun, SUMMER, 90.0, 180.0) < 500


def test_night_is_dark_and_noon_is_bright() -> None:
    plane = Sky(UTRECHT, 1, Regime.CLEAR).plane(35.0, 180.0)
    assert plane.at(MIDNIGHT) == 0
    assert 850 < plane.at(NOON) < 1100


def test_the_order_of_asking_changes_nothing() -> None:
    times = [MIDNIGHT + 431.0 * n for n in range(400)]
    one, other = (Sky(UTRECHT, 7).plane(35.0, 180.0) for _ in range(2))
    assert [one.at(t) for t in times] == [other.at(t) for t in reversed(times)][::-1]


def test_other_seeds_make_other_clouds() -> None:
    first, second = (Sky(UTRECHT, seed, Regime.BROKEN).plane(35.0, 180.0) for seed in (1, 2))
    hours = [NOON + 60.0 * n for n in range(120)]
    assert [first.at(t) for t in hours] != [second.at(t) for t in hours]


def test_the_air_is_warmer_in_summer_in_the_afternoon_and_near_the_equator() -> None:
    here, south = Sky(UTRECHT, 1), Sky(Location(latitude=-35.0, longitude=5.12), 1)
    january = MIDNIGHT - 160 * 24 * HOUR
    assert here.ambient(NOON + 3 * HOUR) > here.ambient(MIDNIGHT + 3 * HOUR) + 8
    assert here.ambient(NOON) > here.ambient(january + 12 * HOUR) + 12
    assert south.ambient(january + 12 * HOUR) > south.ambient(NOON) + 8
    assert 15 < here.ambient(NOON + 3 * HOUR) < 30


def test_a_heat_wave_warms_the_air_and_nothing_else() -> None:
    usual, hot = Sky(UTRECHT, 1), Sky(UTRECHT, 1, warmer_k=12.0)
    for t in (MIDNIGHT, NOON):
        assert hot.ambient(t) == pytest.approx(usual.ambient(t) + 12)
        assert hot.plane(35.0, 180.0).at(t) == usual.plane(35.0, 180.0).at(t)


def test_a_flat_plane_on_its_knots_and_the_global_irradiance_agree() -> None:
    sky = Sky(UTRECHT, 1, Regime.BROKEN)
    knots = [NOON // 60 * 60 + 60.0 * n for n in range(60)]
    assert [sky.ghi(t) for t in knots] == pytest.approx([sky.plane(0.0, 0.0).at(t) for t in knots])
