import pytest

from benchmarks import calibration
from benchmarks.calibration import Calibration


def test_a_machine_that_takes_twice_as_long_is_half_as_fast() -> None:
    taken = Calibration()
    taken.pieces_s = [calibration.REFERENCE_S, 3 * calibration.REFERENCE_S]
    assert taken.slowdown == pytest.approx(2)
    assert taken.spent_s == pytest.approx(4 * calibration.REFERENCE_S)


def test_without_a_piece_there_is_no_slowdown() -> None:
    with pytest.raises(ValueError, match="no piece"):
        _ = Calibration().slowdown


def test_a_piece_takes_time() -> None:
    taken = Calibration()
    taken.take()
    assert taken.slowdown > 0


def test_the_work_is_the_same_each_time() -> None:
    assert calibration.work(50) == calibration.work(50) != calibration.work(51)
