import pytest

from config.formula import AbsentError, FormulaError
from config.grid_profile import Mean
from config.grid_profiles import grid_profile
from config.scope import abilities, mean_crossing_s, stage_times_s, withstood
from protocols.registry import vendor


@pytest.mark.parametrize(
    ("kind", "before", "after", "crossing_s"),
    [
        pytest.param("linear", 100, 112, 500.0, id="the arithmetic mean of the usual test"),
        pytest.param("linear", 106, 114, 300.0, id="the arithmetic mean of the second test"),
        pytest.param("rms", 100, 112, 495.3, id="the root mean square crosses earlier"),
        pytest.param("rms", 106, 114, 294.5, id="the same for the second test"),
    ],
)
def test_the_mean_crosses_its_limit_after(kind: str, before: float, after: float, crossing_s: float) -> None:
    limit = Mean.model_validate({"v": 110, "t": 0.1, "mean": kind})
    assert mean_crossing_s(limit, before, after) == pytest.approx(crossing_s, abs=0.1)


def test_a_mean_that_stays_below_never_crosses() -> None:
    with pytest.raises(AbsentError, match="never exceeds 110 %"):
        mean_crossing_s(Mean(v=110, t=0.1), 100, 108)


def test_a_mean_that_is_above_already_is_a_mistake() -> None:
    with pytest.raises(FormulaError, match="above 110 % before the step"):
        mean_crossing_s(Mean(v=110, t=0.1), 111, 112)


@pytest.mark.parametrize(
    ("code", "times_s"),
    [
        pytest.param(3, (0.1,), id="under-frequency"),
        pytest.param(4, (3.0, 0.3), id="under-voltage"),
        pytest.param(5, (0.1, 0.1), id="over-voltage, the mean is its last stage"),
        pytest.param(6, (0.1,), id="over-frequency"),
        pytest.param(7, (0.2,), id="DC component"),
        pytest.param(9, (), id="a code without a time in the profile"),
    ],
)
def test_the_stages_of_a_code(code: int, times_s: tuple[float, ...]) -> None:
    assert stage_times_s(grid_profile("de_vde_ar_n_4105_2018_11"), code) == times_s


@pytest.mark.parametrize(
    ("pct", "t", "withstood_s"),
    [
        pytest.param(86, 3.0, 3.0, id="no stage acts there"),
        pytest.param(60, 3.0, 0.9 * 3.0 - 0.04, id="cut by the first stage"),
        pytest.param(30, 3.0, 0.9 * 0.3 - 0.04, id="cut by the quicker of two stages"),
        pytest.param(16, 0.15, 0.15, id="shorter than any stage"),
        pytest.param(126, 5.0, 0.9 * 0.1 - 0.04, id="too high"),
    ],
)
def test_a_stage_of_the_same_profile_cuts_what_must_be_withstood(pct: float, t: float, withstood_s: float) -> None:
    profile = grid_profile("de_vde_ar_n_4105_2018_11")
    assert withstood(profile, pct, t) == pytest.approx(withstood_s)


def test_what_units_can_be_told_stands_in_their_registry() -> None:
    can, cannot = abilities(vendor("atmoce")), abilities(vendor("rockcore"))
    assert (can.resets, can.powers, can.switches) == (True, True, True)
    assert (cannot.resets, cannot.powers, cannot.switches) == (False, False, False)
