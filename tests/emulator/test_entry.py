from math import inf

import pytest

from config.grid_profiles import grid_profile
from emulator.entry import EnterService

EN, DE = grid_profile("eu_en_50549_1_2019"), grid_profile("de_vde_ar_n_4105_2018_11")


@pytest.mark.parametrize(
    ("volt", "hertz", "fits"),
    [
        (230.0, 50.0, True),
        (195.5, 49.5, True),
        (253.0, 50.2, True),
        (195.4, 50.0, False),
        (253.1, 50.0, False),
        (230.0, 49.49, False),
        (230.0, 50.21, False),
        (None, 50.0, False),
        (230.0, None, False),
    ],
)
def test_the_window_of_en_50549(volt: float | None, hertz: float | None, fits: bool) -> None:  # noqa: FBT001 - a row
    assert EnterService(EN).fits(volt, hertz) is fits


def test_the_wait_counts_from_when_all_was_there() -> None:
    entry = EnterService(EN)
    assert entry.due(-inf) == inf
    entry.observe(5.0, fits=True, permitted=False)
    assert entry.due(-inf) == inf
    entry.observe(8.0, fits=True, permitted=True)
    entry.observe(20.0, fits=True, permitted=True)
    assert entry.due(-inf) == 68
    entry.observe(30.0, fits=False, permitted=True)
    assert entry.due(-inf) == inf


@pytest.mark.parametrize(("left_at", "due"), [(7.0, 16.0), (6.9, 71.0)], ids=["3 s", "longer"])
def test_the_wait_is_shorter_after_a_short_interruption(left_at: float, due: float) -> None:
    entry = EnterService(DE)
    entry.observe(10.0, fits=True, permitted=False)
    entry.observe(11.0, fits=True, permitted=True)
    assert entry.due(left_at) == due


def test_holding_keeps_the_grids_return_in_mind_and_stopping_does_not() -> None:
    entry = EnterService(DE)
    entry.observe(10.0, fits=True, permitted=True)
    entry.hold()
    assert entry.due(9.0) == inf
    entry.observe(20.0, fits=True, permitted=True)
    assert entry.due(9.0) == 25
    entry.stop()
    entry.observe(30.0, fits=True, permitted=True)
    assert entry.due(9.0) == 90
