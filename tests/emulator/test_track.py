import pytest

from emulator.track import BLOCKS_KEPT, Knots, Line, Track


def squares(block: int) -> list[float]:
    return [float((block * 10 + k) ** 2) for k in range(10)]


def test_is_linear_between_knots_and_across_the_seam_of_two_blocks() -> None:
    track = Track(60.0, 10, squares)
    assert track.at(0.0) == 0.0
    assert track.at(90.0) == pytest.approx(2.5)
    assert track.at(9.5 * 60) == pytest.approx((81 + 100) / 2)


def test_the_order_of_asking_changes_nothing() -> None:
    forward, backward = Track(1.0, 10, squares), Track(1.0, 10, squares)
    times = [0.25 + 3.7 * n for n in range(60)]
    assert [forward.at(t) for t in times] == [backward.at(t) for t in reversed(times)][::-1]


def test_keeps_a_few_blocks_only() -> None:
    made: list[int] = []

    def make(block: int) -> list[float]:
        made.append(block)
        return squares(block)

    track = Track(1.0, 10, make)
    for block in range(BLOCKS_KEPT + 1):
        track.knot(block * 10)
    track.knot(BLOCKS_KEPT * 10)
    assert len(made) == BLOCKS_KEPT + 1
    track.knot(0)
    assert made[-1] == 0


def test_a_shift_moves_the_seams_not_the_time() -> None:
    track = Track(1.0, 10, squares, shift=4)
    assert track.knot(0) == 16.0
    assert track.knot(-4) == 0.0


def test_a_line_is_the_piece_around_an_instant() -> None:
    track = Track(60.0, 10, squares)
    assert track.line(9.5 * 60) == Line(540.0, 600.0, 81.0, 100.0)
    assert track.line(540.0) == track.line(599.9)
    assert track.line(9.5 * 60).at(9.5 * 60) == track.at(9.5 * 60)


@pytest.mark.parametrize(
    ("first", "last", "level", "at"),
    [
        (0.0, 10.0, 4.0, 44.0),
        (10.0, 0.0, 4.0, 46.0),
        (0.0, 3.0, 4.0, None),
        (5.0, 9.0, 4.0, None),
        (4.0, 9.0, 4.0, None),
    ],
    ids=["rising", "falling", "below", "above", "leaving it upwards"],
)
def test_a_line_crosses_a_level_at_most_once(first: float, last: float, level: float, at: float | None) -> None:
    assert Line(40.0, 50.0, first, last).crossing(level) == at


def test_knots_may_be_more_than_numbers() -> None:
    knots = Knots(10, lambda block: [(block, k) for k in range(10)])
    assert knots.knot(37) == (3, 7)
    assert knots.knot(-1) == (-1, 9)
