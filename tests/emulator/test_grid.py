from math import inf
from statistics import fmean, pstdev

import pytest

from emulator.grid import Grid
from tests.support.emulated import HOUR, MIDNIGHT

TIMES = [MIDNIGHT + 10.0 * n for n in range(8640 * 3)]


def test_frequency_has_the_spread_of_continental_europe() -> None:
    hertz = list(map(Grid(1).hertz_at, TIMES))
    assert fmean(hertz) == pytest.approx(50.0, abs=0.005)
    assert 0.015 < pstdev(hertz) < 0.03
    assert 49.85 < min(hertz) < max(hertz) < 50.15


def test_voltage_keeps_to_the_band_and_follows_the_day() -> None:
    volts = list(map(Grid(1).volt_at, TIMES))
    assert fmean(volts) == pytest.approx(230.0, abs=1.0)
    assert 0.9 * 230 < min(volts) < max(volts) < 1.1 * 230


def test_hours_that_are_made_alone_meet_without_a_step() -> None:
    voltage = Grid(1).volt
    for hour in range(48):
        seam = MIDNIGHT + hour * HOUR
        steps = [abs(voltage.at(seam + 10 * n) - voltage.at(seam + 10 * (n - 1))) for n in range(-30, 30)]
        assert abs(voltage.at(seam) - voltage.at(seam - 10)) <= 2.5 * max(steps[:29] + steps[31:])


def test_the_order_of_asking_changes_nothing() -> None:
    one, other, times = Grid(5), Grid(5), TIMES[::50]
    assert [one.hertz_at(t) for t in times] == [other.hertz_at(t) for t in reversed(times)][::-1]


def test_a_still_grid_has_no_noise() -> None:
    grid = Grid(1, 240.0, 60.0, still=True)
    assert {(grid.volt_at(t), grid.hertz_at(t)) for t in TIMES[::100]} == {(240.0, 60.0)}


def test_without_mains_there_is_neither_voltage_nor_frequency() -> None:
    grid = Grid(1, still=True)
    grid.breaker.move(MIDNIGHT, closed=False)
    grid.breaker.move(MIDNIGHT + 10, closed=True)
    seen = [(grid.volt_at(MIDNIGHT + t), grid.hertz_at(MIDNIGHT + t), grid.alive(MIDNIGHT + t)) for t in (-1, 0, 9, 10)]
    assert seen == [(230, 50, True), (0, 0, False), (0, 0, False), (230, 50, True)]


def test_a_branch_has_the_grid_behind_a_breaker_of_its_own() -> None:
    grid = Grid(1, still=True)
    one, other = grid.branch(), grid.branch()
    one.breaker.move(MIDNIGHT, closed=False)
    one.volt.set(MIDNIGHT, 100.0)
    grid.volt.set(MIDNIGHT, 220.0)
    now = MIDNIGHT + 1
    assert [one.volt_at(now), other.volt_at(now), grid.volt_at(now)] == [0, 220, 220]
    one.breaker.move(MIDNIGHT + 2, closed=True)
    grid.breaker.move(MIDNIGHT + 4, closed=False)
    assert [one.volt_at(MIDNIGHT + 3), one.volt_at(MIDNIGHT + 5), other.volt_at(MIDNIGHT + 5)] == [100, 0, 0]


def test_a_piece_of_the_voltage_ends_where_a_switch_moves() -> None:
    grid = Grid(1, still=True)
    branch = grid.branch()
    grid.breaker.move(MIDNIGHT, closed=False)
    branch.breaker.move(MIDNIGHT + 3, closed=False)
    grid.breaker.move(MIDNIGHT + 5, closed=True)
    branch.breaker.move(MIDNIGHT + 8, closed=True)
    pieces = [branch.volt_piece(MIDNIGHT + t) for t in (-1, 1, 4, 6, 9)]
    assert [(piece.end - MIDNIGHT, piece.first) for piece in pieces] == [(0, 230), (3, 0), (5, 0), (8, 0), (inf, 230)]
    assert branch.volt_stays(MIDNIGHT + 6, -1.0, 40.0) == inf
