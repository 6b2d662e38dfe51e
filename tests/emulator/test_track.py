import pytest

from emulator.track import BLOCKS_KEPT, Track


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
