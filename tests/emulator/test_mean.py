from math import sqrt

import pytest

from emulator.mean import WINDOW_S, MovingMean
from emulator.track import Line

FOREVER = 1e6


def level(start: float, end: float, value: float) -> Line:
    return Line(start, end, value, value)


def numeric(pieces: list[Line], t: float, *, squared: bool) -> float:
    """Return the mean by adding up 60 000 samples."""
    step = WINDOW_S / 60_000
    total = 0.0
    for n in range(60_000):
        at = t - WINDOW_S + (n + 0.5) * step
        value = next(piece for piece in pieces if piece.start <= at < piece.end).at(at)
        total += value**2 if squared else value
    return sqrt(total / 60_000) if squared else total / 60_000


@pytest.mark.parametrize("squared", [True, False], ids=["rms", "linear"])
def test_is_the_integral_over_ten_minutes(squared: bool) -> None:  # noqa: FBT001 - a row
    pieces = [Line(0, 500, 230, 250), Line(500, 700, 250, 220), level(700, 900, 0.0), Line(900, FOREVER, 230, 500)]
    mean = MovingMean(pieces[:3], squared=squared)
    for t in (900.0, 1000.0, 1234.5):
        assert mean.at(t, pieces[3]) == pytest.approx(numeric(pieces, t, squared=squared), rel=1e-6)


@pytest.mark.parametrize(
    ("before", "after", "squared", "seconds"),
    [(1.0, 1.12, False, 500.0), (1.06, 1.14, False, 300.0), (1.0, 1.12, True, 495.283), (1.06, 1.14, True, 294.545)],
    ids=["100 to 112 % linear", "106 to 114 % linear", "100 to 112 % rms", "106 to 114 % rms"],
)
def test_crosses_its_limit_when_the_note_says(before: float, after: float, squared: bool, seconds: float) -> None:  # noqa: FBT001 - a row
    mean = MovingMean([level(0, 600, before)], squared=squared)
    assert mean.stays(600, level(600, FOREVER, after), 0.0, 1.1) == pytest.approx(600 + seconds, abs=0.01)


def test_sees_the_crossing_back_and_the_seams_in_between() -> None:
    mean = MovingMean([level(0, 300, 1.2), level(300, 600, 1.0)], squared=False)
    present = level(600, 5000, 1.05)
    assert mean.at(600, present) == pytest.approx(1.1)
    assert mean.stays(600, present, 1.04, 1.2) == pytest.approx(840.0, abs=0.01)
    assert mean.stays(850, present, 1.0, 1.2) == 5000


def test_stays_no_longer_than_the_present_piece() -> None:
    mean = MovingMean([level(0, 600, 1.0)], squared=True)
    assert mean.stays(600, level(600, 610, 1.12), 0.0, 1.1) == 610


def test_a_piece_without_length_is_none() -> None:
    mean = MovingMean([level(0, 600, 1.0), level(600, 600, 9.0)], squared=False)
    assert mean.at(601, level(600, 700, 1.0)) == pytest.approx(1.0)


def test_what_left_the_window_is_thrown_away_and_the_mean_stays_right() -> None:
    mean = MovingMean([], squared=False)
    for n in range(5000):
        mean.append(level(n, n + 1, 1.0 + n % 2))
    assert mean.at(5000, level(5000, 5001, 1.0)) == pytest.approx(1.5)
    assert len(mean._pieces) < 600 + 520  # noqa: SLF001 - the bound is the point


def test_a_history_that_is_shorter_is_taken_to_begin_as_it_began() -> None:
    mean = MovingMean([level(500, 600, 1.0)], squared=False)
    assert mean.at(600, level(600, 700, 1.0)) == pytest.approx(1.0)
