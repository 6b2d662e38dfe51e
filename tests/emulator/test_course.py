from itertools import pairwise
from math import inf

import pytest

from emulator.course import REMEMBERED_S, Constant, Natural, Scripted, Switch, leaves, part
from emulator.track import Line, Track

FLAT = Constant(230.0)


def wave(block: int) -> list[float]:
    """Return an hour of knots, one a minute: 0 but for a triangle of height 6 in the middle of each odd hour."""
    return [6.0 - abs(k - 30) if block % 2 and abs(k - 30) < 6 else 0.0 for k in range(60)]


def natural() -> Natural:
    return Natural(Track(60.0, 60, wave), 60)


@pytest.mark.parametrize(
    ("piece", "at"),
    [
        (Line(10.0, 20.0, 1.0, 5.0), 15.0),
        (Line(10.0, 20.0, 1.0, -3.0), 12.5),
        (Line(10.0, 20.0, 1.0, 2.9), None),
        (Line(10.0, 20.0, 1.0, 3.0), 20.0),
        (Line(10.0, 20.0, 1.0, 0.0), 20.0),
        (Line(10.0, inf, 3.0, 3.0), None),
    ],
    ids=["upwards", "downwards", "stays", "touches at the end", "touches below", "level on the limit"],
)
def test_a_piece_leaves_an_interval(piece: Line, at: float | None) -> None:
    assert leaves(piece, 0.0, 3.0) == at


def test_a_part_of_a_piece_is_on_the_same_line() -> None:
    assert part(Line(10.0, 20.0, 0.0, 10.0), 12.0, 15.0) == Line(12.0, 15.0, 2.0, 5.0)
    assert part(Line(10.0, 20.0, 0.0, 10.0), -inf, inf) == Line(10.0, 20.0, 0.0, 10.0)
    assert part(Line(10.0, inf, 4.0, 4.0), 12.0, inf) == Line(12.0, inf, 4.0, 4.0)


def test_nature_stays_for_a_whole_quiet_block_and_no_longer_is_promised() -> None:
    course = natural()
    assert course.stays(100.0, -1.0, 7.0) == 3600.0
    assert course.stays(3700.0, -1.0, 7.0) == 7200.0


def test_nature_leaves_at_the_exact_crossing() -> None:
    assert natural().stays(3700.0, -1.0, 2.5) == pytest.approx(3600 + 60 * 26.5)
    assert natural().stays(3600 + 60 * 31.0, 2.5, 7.0) == pytest.approx(3600 + 60 * 33.5)


def test_a_crossing_in_the_past_is_none_of_the_future() -> None:
    course = natural()
    assert course.stays(3600 + 60 * 27.0, 2.5, 7.0) == pytest.approx(3600 + 60 * 33.5)
    assert course.stays(3600 + 60 * 40.0, -1.0, 2.5) == 7200.0


def test_pieces_follow_one_another_and_agree_with_the_values() -> None:
    course = Scripted(natural())
    course.set(3000.0, 5.0, ramp_s=90.0)
    course.set(3300.0, None, ramp_s=30.0)
    t, pieces = 2900.0, []
    while t < 6000:
        pieces.append(course.piece(t))
        middle = (max(t, pieces[-1].start) + pieces[-1].end) / 2
        assert course.at(middle) == pytest.approx(pieces[-1].at(middle))
        t = pieces[-1].end
    assert all(early.end == late.start for early, late in pairwise(pieces))


@pytest.mark.parametrize(
    ("at", "value"), [(9.9, 230.0), (10.0, 230.0), (12.0, 210.0), (14.0, 190.0), (50.0, 190.0), (60.0, 230.0)]
)
def test_a_value_is_set_along_a_ramp_and_given_back(at: float, value: float) -> None:
    course = Scripted(FLAT)
    course.set(10.0, 190.0, ramp_s=4.0)
    course.set(60.0, None)
    assert course.at(at) == pytest.approx(value)


def test_a_ramp_that_is_interrupted_goes_on_from_where_it_was() -> None:
    course = Scripted(FLAT)
    course.set(10.0, 190.0, ramp_s=4.0)
    course.set(12.0, 230.0, ramp_s=4.0)
    assert [course.at(t) for t in (12.0, 14.0, 20.0)] == pytest.approx([210.0, 220.0, 230.0])


def test_setting_the_same_twice_is_setting_it_once() -> None:
    course = Scripted(FLAT)
    for _ in range(2):
        course.set(10.0, 190.0)
    assert [course.at(t) for t in (9.9, 10.0, 99.0)] == [230.0, 190.0, 190.0]


@pytest.mark.parametrize(
    ("t", "low", "high", "until"),
    [
        (5.0, 0.0, 300.0, inf),
        (10.5, 200.0, 300.0, 13.0),
        (11.0, 150.0, 300.0, 14.0),
        (20.0, 150.0, 300.0, inf),
    ],
    ids=["before any", "leaves within the ramp", "stays within the ramp", "held"],
)
def test_how_long_a_scripted_value_stays(t: float, low: float, high: float, until: float) -> None:
    course = Scripted(FLAT)
    if t > 10:
        course.set(10.0, 190.0, ramp_s=4.0)
    assert course.stays(t, low, high) == pytest.approx(until)


def test_what_is_beneath_shows_again_and_is_watched_again() -> None:
    course = Scripted(natural())
    course.set(100.0, 5.0)
    course.set(200.0, None)
    assert course.stays(300.0, -1.0, 7.0) == 3600.0


def test_old_settings_are_forgotten_but_not_the_one_in_force_then() -> None:
    course = Scripted(FLAT)
    for n in range(50):
        course.set(100.0 * n, float(n))
    now = 4900.0
    assert [course.at(now - REMEMBERED_S + t) for t in (0.0, 150.0)] == [36.0, 37.0]
    assert course.at(0.0) == 230.0


def test_a_switch_remembers_its_moves() -> None:
    switch = Switch()
    switch.move(5.0, closed=True)  # it is already
    switch.move(10.0, closed=False)
    switch.move(20.0, closed=False)
    switch.move(30.0, closed=True)
    assert [switch.closed(t) for t in (0, 9.9, 10, 29, 30)] == [True, True, False, False, True]
    assert [switch.since(t) for t in (0, 15, 31)] == [-inf, 10, 30]
    assert [switch.until(t) for t in (0, 15, 31)] == [10, 30, inf]


def test_a_switch_forgets_old_moves() -> None:
    switch = Switch()
    for n in range(1000):
        switch.move(10.0 * n, closed=n % 2 == 1)
    assert switch.since(0.0) >= 9990 - REMEMBERED_S - 20
    assert switch.closed(9990.0 - REMEMBERED_S)  # the move of n = 869
