from statistics import fmean, pstdev

import pytest

from emulator.grid import Feeder, Grid
from tests.support.emulated import HOUR, MIDNIGHT

TIMES = [MIDNIGHT + 10.0 * n for n in range(8640 * 3)]


def test_frequency_has_the_spread_of_continental_europe() -> None:
    hertz = list(map(Grid(1).frequency.at, TIMES))
    assert fmean(hertz) == pytest.approx(50.0, abs=0.005)
    assert 0.015 < pstdev(hertz) < 0.03
    assert 49.85 < min(hertz) < max(hertz) < 50.15


def test_voltage_keeps_to_the_band_and_follows_the_day() -> None:
    volts = list(map(Grid(1).voltage.at, TIMES))
    assert fmean(volts) == pytest.approx(230.0, abs=1.0)
    assert 0.9 * 230 < min(volts) < max(volts) < 1.1 * 230


def test_hours_that_are_made_alone_meet_without_a_step() -> None:
    voltage = Grid(1).voltage
    for hour in range(48):
        seam = MIDNIGHT + hour * HOUR
        steps = [abs(voltage.at(seam + 10 * n) - voltage.at(seam + 10 * (n - 1))) for n in range(-30, 30)]
        assert abs(voltage.at(seam) - voltage.at(seam - 10)) <= 2.5 * max(steps[:29] + steps[31:])


def test_the_order_of_asking_changes_nothing() -> None:
    one, other, times = Grid(5), Grid(5), TIMES[::50]
    assert [one.frequency.at(t) for t in times] == [other.frequency.at(t) for t in reversed(times)][::-1]


def test_the_last_of_nine_mi500_stands_two_volt_above_the_breaker() -> None:
    assert Feeder(position=9, count=9).rise(2.17) == pytest.approx(2.03, abs=0.02)


def test_the_service_line_adds_its_share_and_a_large_plant_has_a_stronger_one() -> None:
    alone = Feeder(position=9, count=9)
    house = Feeder(position=9, count=9, plant_a=9 * 2.17, unit_a=2.17)
    field = Feeder(position=9, count=9, plant_a=2000.0, unit_a=2.17)
    assert house.rise(2.17) - alone.rise(2.17) == pytest.approx(min(0.4 * 9 * 2.17, 6.9), rel=1e-3)
    assert field.rise(2.17) - alone.rise(2.17) == pytest.approx(6.9)


def test_units_nearer_to_the_breaker_rise_less() -> None:
    rises = [Feeder(position, 8).rise(2.0) for position in range(1, 9)]
    assert rises == sorted(rises)
    assert rises[0] > 0
