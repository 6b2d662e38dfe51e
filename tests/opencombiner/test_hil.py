"""The commands `hil check` and `hil run`, from the command line to the exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from config.schema import scenario_schema
from hil import library
from opencombiner.cli import app
from opencombiner.exit_code import ExitCode

run = CliRunner().invoke
PASSING = """\
name: over
plant: {branches: {b1: 1}}
parameters: {code: 5}
timeline:
  - {id: over, at_s: 20, name: grid_voltage, args: {pu: 1.27}}
expect:
  - {alarm: {code: "${code}", of: b1-1}, since: over, within_s: 20}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "s.yaml"
    path.write_text(PASSING)
    return path


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        pytest.param("", "", ExitCode.OK, "PASS", id="a pass"),
        pytest.param("code: 5}", "code: 6}", ExitCode.FAILED, "FAIL", id="a fail"),
        pytest.param("within_s: 20", "within_s: 1", ExitCode.INCONCLUSIVE, "INCONCLUSIVE", id="no verdict"),
        pytest.param("1.27", '"${trip.hv[9].v}"', ExitCode.OK, "NOT APPLICABLE", id="not applicable"),
        pytest.param("1.27", "high", ExitCode.REFUSED, "s.yaml:5:", id="refused"),
    ],
)
def test_the_exit_code_is_the_verdict(file: Path, old: str, new: str, code: ExitCode, words: str) -> None:
    file.write_text(PASSING.replace(old, new))
    result = run(app, ["hil", "run", str(file)])
    assert result.exit_code == code, result.output
    assert words in result.output


def test_a_failure_is_explained_on_the_terminal(file: Path) -> None:
    told = run(app, ["hil", "run", str(file), "--set", "code=4"]).output
    assert "expected alarm 4 of b1-1 raised, within 20.000 s" in told
    assert "last on the wire:" in told


def test_several_processes_come_to_the_same_report(file: Path, tmp_path: Path) -> None:
    file.write_text(PASSING + "matrix: {profile: [gb_g98_g99, de_vde_ar_n_4105_2018_11]}\ngrid_profile: ${profile}\n")
    reports = []
    for jobs in ("1", "2"):
        folder = tmp_path / jobs
        result = run(app, ["hil", "run", str(file), "--report", str(folder), "--jobs", jobs])
        assert result.exit_code == ExitCode.OK, result.output
        reports.append((folder / "report.json").read_bytes())
    assert reports[0] == reports[1]


def test_a_folder_without_scenarios_is_no_pass(tmp_path: Path) -> None:
    result = run(app, ["hil", "run", str(tmp_path)])
    assert result.exit_code == ExitCode.REFUSED
    assert "there is no scenario file" in result.output


def test_a_report_is_written(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    assert run(app, ["hil", "run", str(file), "--report", str(folder)]).exit_code == ExitCode.OK
    assert json.loads((folder / "report.json").read_text())["verdict"] == "pass"
    suite = ET.parse(folder / "junit.xml").getroot()[0]  # noqa: S314 - our own file
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("over", "1", "0")


def test_check_shows_what_would_run_in_a_folder(file: Path) -> None:
    (file.parent / "t.yaml").write_text(
        PASSING.replace("1.27", '"${trip.hv[9].v}"').replace("name: over", "name: nine")
    )
    result = run(app, ["hil", "check", str(file.parent)])
    assert result.exit_code == ExitCode.OK
    assert "s.yaml: over\n" in result.output
    assert "t.yaml: nine: not applicable, there is no stage 9" in result.output
    assert "2 cases, 1 apply" in result.output


def test_check_lists_the_errors_of_every_file(file: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (file.parent / name).write_text(PASSING.replace("since: over", "since: under"))
    result = run(app, ["hil", "check", str(file.parent)])
    assert result.exit_code == ExitCode.REFUSED
    assert [f"{name}.yaml:7:" in result.output for name in ("a", "b", "s")] == [True, True, False]


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        pytest.param("code", "write NAME=VALUE", id="no value"),
        pytest.param("cod=5", "no scenario has such a parameter", id="a typo"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(file: Path, setting: str, complaint: str) -> None:
    result = run(app, ["hil", "check", str(file), "--set", setting])
    assert result.exit_code == ExitCode.REFUSED
    assert complaint in result.output


def test_a_scenario_of_the_library_runs_by_its_name() -> None:
    result = run(
        app, ["hil", "run", "rocof_immunity", "--set", "profile=de_vde_ar_n_4105_2018_11", "--set", "role=m-combiner"]
    )
    assert result.exit_code == ExitCode.OK, result.output
    assert "PASS           RoCoF immunity" in result.output


def test_the_library_is_listed() -> None:
    shown = run(app, ["hil", "list"]).output
    assert all(name in shown for name in library.names())
    about = run(app, ["hil", "list", "over_voltage_trip"]).output
    assert "VDE V 0124-100" in about
    assert "gb_g98_g99" in about
    strange = run(app, ["hil", "list", "none"])
    assert strange.exit_code == ExitCode.REFUSED
    assert "there is no scenario 'none'" in strange.output


def test_the_schema_is_printed() -> None:
    assert run(app, ["hil", "schema"]).stdout == scenario_schema()
