"""From values to places, and points that can be spared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.axis import Axis, Point, axis_for, round_step, thinned

AXIS = Axis(0.0, 100.0, 0.0, 10.0)


def test_values_beyond_an_axis_lie_at_its_ends() -> None:
    assert [AXIS.at(value) for value in (-5, 0, 50, 100, 1e9)] == [0, 0, 5, 10, 10]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        pytest.param(0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0], id="shares"),
        pytest.param(49.9, 50.1, [49.9, 49.95, 50.0, 50.05, 50.1], id="narrow"),
        pytest.param(-3.0, 3.0, [-2, 0, 2], id="either sign"),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert Axis(low, high, 0, 1).ticks(5) == pytest.approx(ticks)


def test_a_flat_curve_has_an_axis_too() -> None:
    axis = axis_for([230.0, 230.0], 100, 0, least=10)
    assert (axis.low, axis.high) == (225.0, 235.0)
    assert axis.at(230.0) == 50


def test_steps_are_round_numbers() -> None:
    assert [round_step(rough) for rough in (0.11, 0.5, 3, 70, 1000)] == pytest.approx([0.2, 0.5, 5, 100, 1000])


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(-5, 5).map(float)), max_size=300))
def test_thinning_keeps_ends_and_extremes_and_no_more_than_can_be_seen(points: list[Point]) -> None:
    points.sort(key=lambda point: point[0])
    kept = thinned(points, AXIS)
    assert len(kept) <= 4 * 11
    assert set(kept) <= set(points)
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])
        values = [value for _, value in points]
        assert {min(values), max(values)} <= {value for _, value in kept}


def test_a_step_stays_steep_and_a_flat_middle_falls_away() -> None:
    points = [(0.0, 1.0), (20.0, 1.0), (40.0, 1.0), (40.0, 2.0), (60.0, 2.0), (100.0, 2.0)]
    assert thinned(points, AXIS) == [(0.0, 1.0), (40.0, 1.0), (40.0, 2.0), (100.0, 2.0)]
