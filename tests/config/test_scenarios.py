import re
from pathlib import Path

import pytest

from config.findings import SiteRefusedError
from config.grid_profiles import grid_profiles
from config.packaged import packaged
from config.scenarios import load_cases
from config.schema import scenario_schema

PLAIN = """\
name: plain
plant: {branches: {b1: 2}}
timeline:
  - {id: over, at_s: 60, name: grid_voltage, args: {pu: 1.2}}
expect:
  - {alarm: {code: 5, of: b1-1}, since: over, within_s: 30}
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(text)
    return path


def test_a_scenario_becomes_a_case_with_a_plant(tmp_path: Path) -> None:
    [case] = load_cases(_file(tmp_path, PLAIN))
    assert case.site is not None
    assert [unit.id for unit in case.site.gateways[0].branches[0].inverters] == ["b1-1", "b1-2"]
    assert [(event.id, event.at_s, event.name, dict(event.args)) for event in case.events] == [
        ("over", 60.0, "grid_voltage", {"pu": 1.2})
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        pytest.param("grid_voltage", "grid_volts", 4, "timeline[0].name: there is no instrument", id="an unknown act"),
        pytest.param("pu: 1.2", "pu: high", 4, "'high' is not a number", id="an argument that is no number"),
        pytest.param("{pu: 1.2}", "{}", 4, "grid_voltage needs pu", id="an argument that is missing"),
        pytest.param("since: over", "since: ever", 6, "there is no event 'ever'", id="an event that is not there"),
        pytest.param("of: b1-1", "of: b1-9", 6, "there is no 'b1-9' for alarm", id="a slot that is not there"),
        pytest.param("code: 5", "code: five", 6, "'five' is no whole number", id="a code that is no number"),
        pytest.param("within_s", "withn_s", 6, "did you mean within_s?", id="a typo"),
        pytest.param("1.2", '"${trip.hv[1].w}"', 4, "there is no 'w' here", id="a formula with a typo"),
        pytest.param("at_s: 60", "at_s: 60, after_s: 1", 4, "two times", id="an event with two times"),
        pytest.param("alarm: {code: 5, of: b1-1}", "never: true", 6, "of one kind", id="an expectation of nothing"),
        pytest.param("b1: 2}", "b1: 2}, role: none", 2, "correct the plant", id="a role that is not there"),
        pytest.param("- {id: over", "- {for: x, each: 1, id: over", 4, "the loop is incomplete", id="half a loop"),
        pytest.param("code: 5", "code: 55", 6, "there is no alarm 55", id="a code that no alarm has"),
        pytest.param("alarm: {code: 5,", "state: {is_in: [falut],", 6, "there is no state 'falut'", id="no state"),
        pytest.param(
            "alarm: {code: 5,", "never: true, energy: {", 6, "never says nothing of a counter", id="no counter never"
        ),
        pytest.param(
            "expect:", "  - {id: over, name: mark}\nexpect:", 4, "two events are called 'over'", id="one id twice"
        ),
        pytest.param("at_s: 60", "at: 2027-06-21T12:00:00Z", 4, "at most 8 days", id="a time far away"),
        pytest.param("at_s: 60", "at: noon", 4, "is no time of this run", id="a time that is none"),
    ],
)
def test_an_error_names_its_line_and_what_helps(tmp_path: Path, old: str, new: str, line: int, complaint: str) -> None:
    path = _file(tmp_path, PLAIN.replace(old, new, 1))
    with pytest.raises(SiteRefusedError, match=re.escape(complaint)) as refused:
        load_cases(path)
    assert f"{path}:{line}:" in str(refused.value)


def test_a_loop_unrolls_and_its_items_keep_their_line(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "expect:\n", 'expect:\n  - for: {n: 2}\n    each:\n      - {alarm: {of: "b1-${n}"}, never: true}\n'
    )
    [case] = load_cases(_file(tmp_path, text))
    assert case.scenario is not None
    assert [one.alarm.of for one in case.scenario.expect if one.alarm] == ["b1-1", "b1-2", "b1-1"]
    with pytest.raises(SiteRefusedError, match=r"s\.yaml:8:.*b1-3"):
        load_cases(_file(tmp_path, text.replace("{n: 2}", "{n: 3}")))


def test_a_loop_in_a_loop(tmp_path: Path) -> None:
    loop = """\
  - for: {round: [1, 2]}
    each:
      - for: {pu: ["1.1", "0.9"]}
        each:
          - {after_s: 10, name: grid_voltage, args: {pu: "${pu + round / 100}"}}
"""
    [case] = load_cases(_file(tmp_path, PLAIN.replace("expect:", loop + "expect:")))
    assert [(event.at_s, event.args["pu"]) for event in case.events[1:]] == [
        (70.0, 1.11),
        (80.0, 0.91),
        (90.0, 1.12),
        (100.0, 0.92),
    ]


def test_loops_cannot_fill_the_memory(tmp_path: Path) -> None:
    nested = "  - {for: {a: 300}, each: [{for: {b: 300}, each: [{name: mark, after_s: 1}]}]}\n"
    with pytest.raises(SiteRefusedError, match="the loops make more than 50000 values"):
        load_cases(_file(tmp_path, PLAIN.replace("expect:", nested + "expect:")))


def test_the_matrix_runs_over_every_profile_and_one_can_be_picked(tmp_path: Path) -> None:
    path = _file(tmp_path, PLAIN + "matrix: {profile: all}\ngrid_profile: ${profile}\n")
    assert [case.parameters["profile"] for case in load_cases(path)] == list(grid_profiles())
    [case] = load_cases(path, {"profile": "gb_g98_g99"})
    assert (case.name, case.profile and case.profile.id) == ("plain [profile=gb_g98_g99]", "gb_g98_g99")


def test_what_the_profile_does_not_have_is_not_applicable(tmp_path: Path) -> None:
    path = _file(tmp_path, PLAIN.replace("1.2", '"${trip.hv_avg10.v / 100}"') + "grid_profile: gb_g98_g99\n")
    [case] = load_cases(path)
    assert case.absent == "there is no hv_avg10"


def test_a_condition_may_say_that_a_scenario_does_not_apply(tmp_path: Path) -> None:
    [case] = load_cases(_file(tmp_path, PLAIN + 'applies: "${trip.hv[1].v > 500}"\n'))
    assert case.absent == "it does not apply to this plant and grid profile"


def test_a_parameter_is_replaced(tmp_path: Path) -> None:
    path = _file(tmp_path, PLAIN.replace("1.2", '"${step}"') + 'parameters: {step: "${trip.hv[1].v / 100}"}\n')
    assert load_cases(path)[0].events[0].args["pu"] == pytest.approx(1.15)
    assert load_cases(path, {"step": "1.3"})[0].events[0].args["pu"] == 1.3


@pytest.mark.parametrize(
    ("when", "at_s"),
    [
        pytest.param('"13:30"', 0.0, id="the start, local time"),
        pytest.param('"14:00:30"', 1830.0, id="later that day"),
        pytest.param('"13:00"', 84600.0, id="earlier: the next day"),
        pytest.param('"2026-06-21T12:00:00Z"', 1800.0, id="a stamp"),
    ],
)
def test_an_event_may_have_a_time_of_day(tmp_path: Path, when: str, at_s: float) -> None:
    [case] = load_cases(_file(tmp_path, PLAIN.replace("at_s: 60", f"at: {when}")))
    assert case.events[0].at_s == at_s


def test_an_act_may_name_a_unit_by_its_slot(tmp_path: Path) -> None:
    [case] = load_cases(
        _file(tmp_path, PLAIN.replace("grid_voltage, args: {pu: 1.2}", "restart, args: {serial: b1-2}"))
    )
    assert case.events[0].args == {"serial": "AT000002"}


def test_the_schema_in_the_package_is_the_one_of_the_code() -> None:
    assert packaged("scenario.schema.json").read_text("utf-8") == scenario_schema(), "make generate"


def test_an_expected_stage_that_the_profile_lacks_is_not_applicable(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "{alarm: {code: 5, of: b1-1}, since: over, within_s: 30}", "{trip: {code: 5, of: b1-1, stage: 4}}"
    )
    [case] = load_cases(_file(tmp_path, text))
    assert case.absent == "there is no stage 4 of code 5"
