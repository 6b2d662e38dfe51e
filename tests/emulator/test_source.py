from itertools import pairwise

import numpy as np
import pytest

from emulator.clouds import KNOT_S, Regime
from emulator.module import Module, cell_temperature
from emulator.sky import Sky
from emulator.source import MPPT, Source, tracked_share
from tests.support.emulated import HOUR, MIDNIGHT, NOON, UTRECHT


def source(
    regime: Regime | None = Regime.CLEAR,
    *,
    module: Module | None = None,
    ports: int = 1,
    delay_s: float = 0.0,
    sky: Sky | None = None,
) -> Source:
    sky = sky or Sky(UTRECHT, 1, regime)
    return Source(sky, module or Module(430.0), 35.0, 180.0, ports, delay_s=delay_s)


def test_a_knot_is_the_modules_best_point_in_that_light() -> None:
    sky = Sky(UTRECHT, 1, Regime.BROKEN)
    module, knot = Module(430.0, tolerance=0.98), NOON // KNOT_S * KNOT_S
    irradiance = sky.plane(35.0, 180.0).at(knot)
    where = irradiance, cell_temperature(irradiance, sky.ambient(knot))
    v, i = module.operating_point(*where)
    light = source(sky=sky, module=module, ports=2).between_knots(knot + 7.0)
    assert light.power.first == pytest.approx(2 * MPPT * v * i)
    assert light.tracked_v.first == pytest.approx(v)
    assert light.open_v.first == pytest.approx(module.voc(*where))


def test_pieces_meet_at_the_knots_and_hold_the_instant_asked_for() -> None:
    for delay_s in (0.0, 0.13, 59.9):
        late = source(Regime.BROKEN, delay_s=delay_s)
        lights = [late.between_knots(NOON + 1e-6 + KNOT_S * n) for n in range(200)]
        for one, following in pairwise(lights):
            assert one.end == pytest.approx(following.power.start, abs=1e-6)
            assert [line.last for line in one] == [line.first for line in following]
        assert all(light.power.start <= NOON + 1e-6 + KNOT_S * n < light.end for n, light in enumerate(lights))


def test_the_order_of_asking_and_of_units_changes_nothing() -> None:
    times = [MIDNIGHT + 1777.0 * n for n in range(48)]
    forward = [source(None).between_knots(t) for t in times]
    other_units = source(None, module=Module(550.0)), source(None, module=Module(430.0, tolerance=0.9))
    backward = []
    for t in reversed(times):
        for unit in other_units:
            unit.between_knots(t)
        backward.append(source(None).between_knots(t))
    assert backward[::-1] == forward


def test_a_cloud_comes_by_later_at_the_far_end_of_the_roof() -> None:
    near, far = source(Regime.BROKEN), source(Regime.BROKEN, delay_s=1.7)
    for n in range(100):
        t = NOON + 13.0 * n
        assert far.irradiance(t + 1.7) == near.irradiance(t)
        assert far.between_knots(t + 1.7).power.at(t + 1.7) == pytest.approx(near.between_knots(t).power.at(t))


def test_the_edge_of_a_cloud_gives_more_than_a_clear_sky_and_clips_a_smaller_inverter() -> None:
    under = source(Regime.BROKEN)
    noons = [MIDNIGHT + 24 * HOUR * day + 11 * HOUR + 60.0 * n for day in range(3) for n in range(90)]
    assert max(under.irradiance(t) for t in noons) > 1150
    clipped = sum(under.between_knots(t).power.at(t) > 412 for t in noons)  # what a 400 W stage takes
    assert 0.05 < clipped / len(noons) < 0.5


def test_the_tracker_finds_nearly_all_but_loses_its_way_in_weak_light() -> None:
    shares = tracked_share(np.array([1.2, 0.05, 0.025, 0.0]))
    assert shares.tolist() == pytest.approx([0.999, 0.999, 0.987, 0.975])


def test_the_voltage_moves_from_the_best_point_to_the_open_circuit_as_less_is_drawn() -> None:
    light, t = source(), NOON // KNOT_S * KNOT_S
    piece = light.between_knots(t)
    assert light.voltage(1.0, t) == pytest.approx(piece.tracked_v.first)
    assert light.voltage(0.0, t) == pytest.approx(piece.open_v.first)
    assert piece.tracked_v.first < light.voltage(0.5, t) < piece.open_v.first


@pytest.mark.parametrize(
    ("module", "june", "december"),
    [(Module(550.0), 0, 0), (Module(330.0, 96), 0, 5), (Module(430.0, in_series=2), 16, 7)],
    ids=["72 cells", "96 cells", "two in series"],
)
def test_a_wrong_module_brings_more_than_60_v_for_hours_of_a_day(module: Module, june: int, december: int) -> None:
    wrong = source(module=module)

    def hours(midnight: float) -> int:
        return sum(wrong.between_knots(midnight + 60.0 * n).open_v.first > 60 for n in range(1440)) // 60

    assert hours(MIDNIGHT) == pytest.approx(june, abs=1 if june else 0)
    assert hours(MIDNIGHT + 180 * 24 * HOUR) == pytest.approx(december, abs=1 if december else 0)


def test_the_air_behind_a_sunlit_module_is_warmer_than_the_air() -> None:
    sky = Sky(UTRECHT, 1, Regime.CLEAR)
    behind = source(sky=sky)
    assert behind.air(NOON) == pytest.approx(sky.ambient(NOON) + 0.3 * 0.031 * behind.irradiance(NOON))
    assert behind.air(MIDNIGHT) == sky.ambient(MIDNIGHT)
    assert behind.wetness(MIDNIGHT) == sky.wetness.at(MIDNIGHT)
