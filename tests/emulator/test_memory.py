import pytest

from emulator.memory import DAY_S, RECORDS, Latch, Memory
from protocols.events import AlarmRecord


def test_records_are_newest_first_and_sixteen() -> None:
    memory = Memory()
    for n in range(RECORDS + 3):
        memory.note(4, 1, 190.0 + n, crossed_ms=n, opened_ms=n + 1)
    assert len(memory.records) == RECORDS
    assert memory.records[0] == AlarmRecord(19, 4, 1, 208.0, 18, 19)
    assert memory.records[-1].seq == 4


@pytest.mark.parametrize(("code", "latch"), [(9, Latch.MANUAL), (10, Latch.DAY)])
def test_two_codes_latch_at_once(code: int, latch: Latch) -> None:
    memory = Memory()
    memory.raised(code, 0.0)
    assert memory.latched == {code: latch}


@pytest.mark.parametrize("code", [1, 2, 3, 4, 6])
def test_the_others_never_latch(code: int) -> None:
    memory = Memory()
    for n in range(100):
        memory.raised(code, float(n))
    assert memory.latched == {}


@pytest.mark.parametrize(("code", "most", "within_s"), [(5, 10, DAY_S), (7, 5, 3600.0), (8, 6, DAY_S)])
def test_too_many_raises_within_the_window_lock_out(code: int, most: int, within_s: float) -> None:
    rare, often = Memory(), Memory()
    for n in range(3 * most):
        rare.raised(code, n * within_s / (most - 1))
    assert rare.latched == {}
    for n in range(most):
        assert often.latched == {}
        often.raised(code, n * (within_s - 1) / (most - 1))
    assert often.latched == {code: Latch.DAY}


def test_after_a_release_counting_begins_anew() -> None:
    memory = Memory()
    for n in range(5):
        memory.raised(7, float(n))
    memory.release(7)
    for n in range(4):
        memory.raised(7, 10.0 + n)
    assert memory.latched == {}
    memory.raised(7, 20.0)
    assert memory.latched == {7: Latch.DAY}


def test_releasing_what_is_not_latched_is_nothing() -> None:
    memory = Memory()
    memory.release(3)
    assert memory.latched == {}
