"""The scenarios that come with the package: all of them pass, with every role and profile that they apply to."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.alarms import Latching, load_catalogue
from config.grid_profiles import grid_profiles
from config.roles import ROLES
from config.scenarios import Case, load_cases
from hil import library
from hil.run import run_case, unserved
from hil.verdict import Verdict
from protocols.errors import ConfigError
from tests.support.judged import judged

CASES = [case for name in library.names() for path in library.files(Path(name)) for case in load_cases(path)]
SERVED = [case for case in CASES if unserved(case) is None]
EVERY_PROFILE = {  # named after a standard's test
    *(f"{side}_{what}_trip" for side in ("over", "under") for what in ("voltage", "frequency")),
    *("ten_minute_mean_from_nominal", "ten_minute_mean_from_below_the_limit", "ten_minute_mean_below_the_limit"),
    *("ride_through_over_voltage", "ride_through_under_voltage", "operating_range", "rocof_immunity"),
    *("enter_service_voltage", "enter_service_frequency", "ramp_after_trip", "starting_to_generate"),
    *("short_interruption", "over_frequency_power", "loss_of_mains"),
}
LATCHED: Mapping[Latching, tuple[str, ...]] = {
    Latching.AUTO: ("alarm_01_dc_over_voltage", "alarm_02_grid_outage", "alarm_03_under_frequency", "alarm_04_sag"),
    Latching.DAY: ("alarm_10_internal_fault",),
    Latching.MANUAL: ("alarm_09_low_insulation", "alarm_09_wet_dawn", "alarm_09_ground_fault"),
    Latching.AUTO_LOCKOUT: ("alarm_05_lockout", "alarm_07_lockout", "alarm_08_lockout"),
}


def _of(name: str) -> list[Case]:
    return [case for case in CASES if case.path.stem == name]


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> Mapping[str, tuple[Verdict, str]]:
    """Run those cases that this session asks for, side by side."""
    asked = {case.name: case for item in request.session.items if (case := _asked(item)) is not None}
    return dict(zip(asked, judged(list(asked.values())), strict=True))


def _asked(item: pytest.Item) -> Case | None:
    found = item.callspec.params.get("run") if hasattr(item, "callspec") else None
    return found if isinstance(found, Case) else None


@pytest.mark.day
@pytest.mark.timeout(600)  # the first one waits for all
@pytest.mark.parametrize("run", SERVED, ids=[f"{case.path.stem}: {case.name}" for case in SERVED])
def test_unbroken_firmware_passes(run: Case, verdicts: Mapping[str, tuple[Verdict, str]]) -> None:
    verdict, why = verdicts[run.name]
    assert verdict is Verdict.PASS, why


def test_no_two_cases_have_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_what_is_named_after_a_standard_runs_over_every_profile_and_role() -> None:
    for name in EVERY_PROFILE:
        cases = _of(name)
        assert {case.parameters["profile"] for case in cases} == set(grid_profiles()), name
        assert {case.parameters["role"] for case in cases} == set(ROLES), name
        assert cases[0].scenario is None or cases[0].scenario.standard, name


def test_every_scenario_runs_over_every_role() -> None:
    for name in library.names():
        assert {case.parameters["role"] for case in _of(name)} == set(ROLES), name


def test_most_scenarios_apply_to_every_role_with_some_profile() -> None:
    there = {(case.path.stem, case.parameters["role"]) for case in SERVED}
    for role in ROLES:
        assert len([name for name, of in there if of == role]) > len(library.names()) * 3 // 5, role


def test_every_code_of_a_unit_and_every_policy_has_a_scenario() -> None:
    rows = {row.code: row for row in load_catalogue().alarms if row.code <= 10}
    asked = {int(found[1]) for name in library.names() if (found := re.match(r"alarm_(\d\d)_", name))}
    assert asked == set(rows)
    for policy, names in LATCHED.items():
        for name in names:
            assert rows[int(name[6:8])].latching is policy, name
            assert _of(name), name


@pytest.mark.parametrize(
    ("name", "profile", "why"),
    [
        pytest.param("ten_minute_mean_from_nominal", "gb_g98_g99", "there is no hv_avg10", id="no mean at all"),
        pytest.param("ten_minute_mean_from_nominal", "nl_en_50549_1_2019", "does not apply", id="a quicker stage"),
        pytest.param("ride_through_under_voltage", "fr_vde_0126_1_1_vfr2019", "there is no stage", id="no curve"),
        pytest.param("short_interruption", "eu_en_50549_1_2019", "there is no short_interruption", id="no such rule"),
        pytest.param("ramp_after_trip", "gb_g98_g99", "does not apply", id="no ramp"),
    ],
)
def test_what_a_profile_does_not_have_is_not_applicable_and_no_pass(name: str, profile: str, why: str) -> None:
    for case in _of(name):
        if case.parameters["profile"] == profile:
            assert why in str(case.absent)
            assert run_case(case).verdict is Verdict.ABSENT


def test_a_stage_that_a_profile_lacks_is_not_applicable() -> None:
    [lacking] = [
        case
        for case in _of("over_voltage_trip")
        if (case.parameters["profile"], case.parameters["stage"]) == ("de_vde_ar_n_4105_2018_11", "2")
        and case.parameters["role"] == "m-combiner"
    ]
    assert lacking.absent == "there is no stage 2"
    assert "over-voltage stage 2" in lacking.name


def test_names_and_files_and_folders_all_stand_for_files(tmp_path: Path) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text("")
    assert library.files(own) == library.files(tmp_path) == [own]
    assert [path.stem for path in library.files(Path("night"))] == ["night"]
    assert tuple(path.stem for path in library.files(Path(library.WHOLE))) == library.names()


def test_a_name_that_is_not_in_the_library_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no scenario 'nigth', and no such file; `opencombiner hil list`"):
        library.files(Path("nigth"))


def test_the_list_tells_what_a_scenario_tests_and_with_what() -> None:
    entry = next(entry for entry in library.entries() if entry.name == "over_voltage_trip")
    assert (entry.title, entry.profiles) == ("interface protection - voltage, over-voltage stage", grid_profiles())
    assert "EN 50549-10" in entry.standard
    assert 0 < entry.runs < entry.cases
    assert next(entry for entry in library.entries() if entry.name == "lossy_medium").title == "a lossy medium"
