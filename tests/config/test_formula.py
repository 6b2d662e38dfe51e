import pytest

from config.formula import MAX_LENGTH, AbsentError, FormulaError, fill
from config.grid_profiles import grid_profile
from config.scope import scope_of

DE = grid_profile("de_vde_ar_n_4105_2018_11")
GB = grid_profile("gb_g98_g99")
SCOPE = scope_of(DE, None) | {"step": "4", "name": "east"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("plain", "plain", id="a text without a formula"),
        pytest.param("${trip.hv[1].v + 2}", "127", id="a stage of the profile"),
        pytest.param("${0.9 * trip.lv[1].t - 0.04}", "2.66", id="a tolerance"),
        pytest.param("${name}-1", "east-1", id="a name inside a text"),
        pytest.param("${-step / 2}", "-2", id="a parameter that is a text of digits"),
        pytest.param("${max(step, 3)}", "4", id="a function"),
        pytest.param("${trip.hv[1].v > 112 and step == 4}", "true", id="a comparison"),
        pytest.param("${mean_trip_s(100, 112)}", "495.28301886", id="the crossing of the root mean square"),
    ],
)
def test_a_formula_is_worked_out(text: str, filled: str) -> None:
    assert fill(text, SCOPE).startswith(filled)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("${__import__('os')}", "no '__import__' here", id="a builtin"),
        pytest.param("${trip.__class__}", "no '__class__' here", id="a dunder"),
        pytest.param("${trip.hv.index(1)}", "is not allowed", id="a method"),
        pytest.param("${[1, 2]}", "is not allowed", id="a list"),
        pytest.param("${2 ** 99}", "is not allowed", id="a power"),
        pytest.param("${1 / 0}", "divides by zero", id="a division by zero"),
        pytest.param("${1 +}", "is no formula", id="no formula"),
        pytest.param("${" + "1+" * MAX_LENGTH + "1}", "longer than 200", id="too long"),
        pytest.param("${name + 1}", "'east' is no number", id="a word in a sum"),
        pytest.param("${trip}", "is no number and no text", id="a whole block"),
        pytest.param("${step", "without an end", id="no closing brace"),
        pytest.param("${trip.hv[0].v}", "from 1 on", id="stages count from 1"),
    ],
)
def test_anything_else_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(FormulaError, match=complaint.replace("[", r"\[")):
        fill(text, SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("${trip.hv[2].v}", id="a stage that is not there"),
        pytest.param("${mean_trip_s(100, 108)}", id="a mean that never gets there"),
        pytest.param("${ride_through.lv[3].t}", id="a curve that is shorter"),
    ],
)
def test_a_setting_that_the_profile_lacks_is_told_apart(text: str) -> None:
    with pytest.raises(AbsentError, match=r"there is no|never exceeds"):
        fill(text, SCOPE)


def test_a_profile_without_the_mean_has_no_crossing() -> None:
    with pytest.raises(AbsentError, match="hv_avg10"):
        fill("${mean_trip_s(100, 112)}", scope_of(GB, None))
