from math import inf

import pytest

from config.grid_profiles import grid_profile
from emulator.insulation_check import InsulationTest

LIMITS = grid_profile("eu_en_50549_1_2019").insulation  # 7 kOhm, clear at 10 kOhm


def machine() -> InsulationTest:
    return InsulationTest(LIMITS)


def play(test: InsulationTest, ohms: list[float]) -> list[tuple[float, bool]]:
    """Take a reading of each value when it is due; return when, and whether it was the fault."""
    seen = []
    for ohm in ohms:
        due = test.due
        seen.append((due, test.tick(due, ohm)))
    return seen


def test_nothing_is_due_before_the_start() -> None:
    assert machine().due == inf


@pytest.mark.parametrize(
    ("ohms", "fails"),
    [
        ([6999.0] * 3, True),
        ([6999.0, 7000.0, 6999.0], False),
        ([7000.0, 6999.0, 6999.0], False),
        ([1e6] * 3, False),
    ],
    ids=["three low", "the second is not", "the first is not", "healthy"],
)
def test_a_start_takes_three_readings_and_all_must_be_low(ohms: list[float], fails: bool) -> None:  # noqa: FBT001 - a row
    test = machine()
    test.start(100.0)
    seen = play(test, ohms)
    assert [at for at, _ in seen] == [100, 105, 110]
    assert [failed for _, failed in seen] == [False, False, fails]


def test_low_readings_are_continued_until_there_are_three() -> None:
    test = machine()
    test.start(0.0)
    seen = play(test, [1e6, 1e6, 5000.0, 4000.0, 4500.0])
    assert [at for at, _ in seen] == [0, 5, 10, 15, 20]
    assert seen[-1][1]
    assert (test.low_since, test.worst_ohm) == (10.0, 4000.0)


def test_every_ten_minutes_while_feeding_and_daily_otherwise() -> None:
    test = machine()
    test.start(0.0)
    play(test, [1e6] * 3)
    assert test.due == 10 + 86400
    test.feeding(70.0, on=True)
    assert [at for at, _ in play(test, [1e6] * 3)] == [670, 1270, 1870]
    test.feeding(1900.0, on=True)
    assert test.due == 2470
    test.feeding(1900.0, on=False)
    assert test.due == 1900 + 86400


def test_a_good_reading_forgets_the_low_ones() -> None:
    test = machine()
    test.start(0.0)
    play(test, [5000.0, 5000.0, 1e6])
    assert (test.low_since, test.worst_ohm) == (None, inf)


@pytest.mark.parametrize(
    ("ohms", "sound"),
    [([10_000.0] * 3, True), ([9_999.0, 1e6, 1e6], False), ([1e6, 1e6], False), ([1e6, 1e6, 9_999.0], False)],
    ids=["three good ones", "one between the limits", "two only", "the last one"],
)
def test_sound_is_three_good_readings_in_a_row(ohms: list[float], sound: bool) -> None:  # noqa: FBT001 - a row
    test = machine()
    test.start(0.0)
    play(test, ohms)
    assert test.sound is sound


def test_a_new_start_begins_from_nothing() -> None:
    test = machine()
    test.start(0.0)
    play(test, [5000.0, 1e6])
    test.start(50.0)
    assert (test.due, test.sound, test.low_since) == (50.0, False, None)
    test.stop()
    assert test.due == inf


@pytest.mark.parametrize(("ohm", "clears"), [(9_999.0, False), (10_000.0, True)])
def test_a_reset_needs_the_clear_resistance(ohm: float, clears: bool) -> None:  # noqa: FBT001 - a row
    assert machine().clears(ohm) is clears
