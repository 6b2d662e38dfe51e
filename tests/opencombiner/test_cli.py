import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from config.findings import SiteRefusedError
from config.packaged import packaged
from config.schema import schema
from opencombiner.cli import app
from opencombiner.errors import Commands
from opencombiner.exit_code import MEANING, ExitCode
from protocols.errors import ConfigError, LinkDownError

run = CliRunner().invoke
OVERLOADED = "".join(f"          - {{serial: 500E{n:05d}, model: MI-500}}\n" for n in range(7))
SITE = """\
location: daylight
gateways:
  - id: roof
    role: m-combiner
    link: {url: /dev/ttyUSB0, bit_rate: 50}
    branches:
      - id: south
        inverters:
"""

DTU_SITE = """\
location: daylight
gateways:
  - id: roof
    role: dtu
    link: {medium: serial_bridge, radio: cmt2300a, url: /dev/ttyUSB0}
    branches:
      - id: south
        inverters:
          - {serial: "114483761097", model: HMS-1000-2T}
"""

INTERRUPTED = """\
import sys
from opencombiner.__main__ import main

class CtrlC:
    def find_spec(self, *_):
        raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
main()
"""


@pytest.fixture
def demo(tmp_path: Path) -> str:
    path = tmp_path / "demo.yaml"
    path.write_text(packaged("demo.yaml").read_text("utf-8"), "utf-8")
    return str(path)


@pytest.fixture
def overloaded(tmp_path: Path) -> str:
    path = tmp_path / "site.yaml"
    path.write_text(SITE + OVERLOADED, "utf-8")
    return str(path)


def test_check_shows_links_branches_and_inverters(demo: str) -> None:
    result = run(app, ["check", demo])
    assert result.exit_code == ExitCode.OK
    assert result.stderr == ""
    assert result.stdout.startswith("demo at ")
    for word in ("Links", "0.28 s", "3.3 s", "5.0 s", "Branches", "4 x MI-400", "12.51 A", "90 %", "west-5"):
        assert word in result.stdout


def test_check_prints_the_same_as_json(demo: str) -> None:
    result = run(app, ["check", demo, "--json"])
    report = json.loads(result.stdout)
    assert result.exit_code == ExitCode.OK
    assert (report["ok"], report["site"], report["findings"]) == (True, "demo", [])
    link, radio = report["links"]
    assert (link["gateway"], link["units"], link["poll_s"], link["period_s"]) == ("combiner", 12, 5.0, 5.0)
    assert link["cycle_s"] == pytest.approx(12 * link["transaction_s"], rel=0.01)
    assert (radio["adapter"], radio["units"]) == ("cmt2300a, 865.00 MHz", 3)
    assert [branch["used_pct"] for branch in report["branches"]] == [90, 73, None]
    assert report["inverters"][11] == {
        "slot": "west-5",
        "serial": "500E2400012",
        "model": "MI-500",
        "gateway": "combiner",
        "branch": "west",
        "node": 12,
    }


def test_check_says_what_a_slow_link_makes_of_the_poll_period(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE + "          - {serial: 400E00001, model: MI-400}\n", "utf-8")
    result = run(app, ["check", str(path)])
    assert result.exit_code == ExitCode.OK
    assert "asked 5.0 s" in " ".join(result.stdout.replace("│", " ").split())
    assert f"{path}:3:5: warning: gateways[0].poll_s: a round of polls takes this link" in result.stderr


@pytest.mark.parametrize("command", ["check", "run", "emulate"])
def test_a_refused_site_is_told_in_one_line_and_an_exit_code(command: str, overloaded: str) -> None:
    result = run(app, [command, overloaded])
    assert result.exit_code == ExitCode.REFUSED
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{overloaded}:7:9: gateways[0].branches[0]: branch 'south': 7 x MI-500 draw 15.19 A")


def test_a_refused_site_is_told_in_json_too(overloaded: str) -> None:
    result = run(app, ["check", overloaded, "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == ExitCode.REFUSED
    assert told["ok"] is False
    (finding,) = told["findings"]
    assert (finding["file"], finding["line"], finding["column"]) == (overloaded, 7, 9)
    assert (finding["severity"], finding["setting"]) == ("error", "gateways[0].branches[0]")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "a", "b"],
        ["fly"],
        ["emulate", "a", "--link", "mem://x"],
        ["emulate", "a", "--serial", "1"],
        ["emulate", "a", "--link", "mem://x", "--serial", "1", "--control", "127.0.0.1:0"],
        ["run", "site.yaml", "--log-level", "loud"],
        ["demo", "--seconds", "0"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_a_usage_error(arguments: list[str]) -> None:
    assert run(app, arguments).exit_code == ExitCode.USAGE


def test_the_emulator_refuses_real_hardware(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace("50}", "5000}") + "          - {serial: 400E00001, model: MI-400}\n", "utf-8")
    result = run(app, ["emulate", str(path), "--seed", "7"])
    assert result.exit_code == ExitCode.REFUSED
    assert f"{path}:5:17: gateways[0].link.url: /dev/ttyUSB0 is real hardware" in result.stderr


@pytest.mark.parametrize(
    ("serial", "code", "told"),
    [
        ("114483761097", ExitCode.FAILED, "mem://nowhere: nobody serves it"),
        ("114483761098", ExitCode.REFUSED, "there is no unit '114483761098' in the site"),
    ],
    ids=["no bridge", "no such unit"],
)
def test_a_unit_that_cannot_stand_in_on_a_link_says_why(tmp_path: Path, serial: str, code: ExitCode, told: str) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(DTU_SITE, "utf-8")
    result = run(app, ["emulate", str(path), "--link", "mem://nowhere", "--serial", serial])
    assert (result.exit_code, result.stdout) == (
        code,
        "" if code is ExitCode.REFUSED else f"{serial} is on mem://nowhere\n",
    )
    assert told in result.stderr


def test_what_turns_out_wrong_at_run_time_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    text = SITE.replace("50}", "5000}") + "          - {serial: 400E00001, model: MI-400}\n"
    path.write_text(f"{text}state_dir: {tmp_path / 'nowhere'}\n", "utf-8")
    result = run(app, ["run", str(path)])
    assert result.exit_code == ExitCode.REFUSED
    assert result.stderr == (
        f"{path}:10:12: state_dir: {tmp_path / 'nowhere'} is no directory; create it or name another one\n"
    )


def test_ctrl_c_while_the_program_is_being_loaded_leaves_no_traceback() -> None:
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, check=False, timeout=30)  # noqa: S603 - our words
    assert (ended.returncode, ended.stderr) == (ExitCode.INTERRUPTED, b"")


def test_the_schema_is_printed_as_it_is_packaged() -> None:
    assert run(app, ["schema"]).stdout == schema()


def test_the_example_is_a_site_that_check_admits(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(run(app, ["example"]).stdout, "utf-8")
    assert run(app, ["check", str(path)]).exit_code == ExitCode.OK


def test_the_catalogue_is_printed_whole() -> None:
    result = run(app, ["alarms", "--json"])
    assert result.exit_code == ExitCode.OK
    rows = {row["code"]: row for row in json.loads(result.stdout)}
    assert set(rows) == {*range(1, 11), *range(101, 107)}
    nine = rows[9]
    assert (nine["latching"], nine["acknowledge"], nine["led"]) == ("manual", True, "red quick")
    assert nine["escalation"][1] == {
        "call": "installer",
        "when": "it is raised 2 times in 7 days",
        "count": 2,
        "within_s": 604800.0,
        "standing_s": None,
        "scope": "any",
        "advice": "Only in wet mornings: moisture in a connector; also when dry: call the distributor next.",
    }
    assert all(row[key] for row in rows.values() for key in ("name", "cause", "consequence", "remedy", "source"))


def test_the_catalogue_is_printed_for_people() -> None:
    told = " ".join(run(app, ["alarms"]).stdout.split())
    assert "9 Low insulation of the DC side unit high manual red quick" in told
    assert "it is raised 3 times in 24 h, on few units of the branch: Only this unit loses the mains" in told
    assert "it stands for 15 min" in told
    assert "with the cause far_above_limit" in told


def test_the_version_is_printed() -> None:
    result = run(app, ["--version"])
    assert result.exit_code == ExitCode.OK
    assert result.stdout.startswith("opencombiner")


@pytest.mark.parametrize("command", [[], ["check"], ["run"], ["emulate"], ["demo"]], ids=" ".join)
def test_help_tells_every_exit_code(command: list[str]) -> None:
    told = " ".join(run(app, [*command, "--help"]).stdout.split())
    for code, meaning in MEANING.items():
        assert f"{code.value} {meaning}" in told


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        pytest.param(ConfigError("a: b"), ExitCode.REFUSED, "a: b\n", id="a setting"),
        pytest.param(SiteRefusedError(Path("s"), ()), ExitCode.REFUSED, "\n", id="a site file"),
        pytest.param(LinkDownError("broker gone"), ExitCode.FAILED, "broker gone\n", id="a medium"),
        pytest.param(
            ExceptionGroup("tasks", [ConfigError("x"), ExceptionGroup("inner", [ConfigError("y")])]),
            ExitCode.REFUSED,
            "x\ny\n",
            id="settings that several tasks complain of",
        ),
        pytest.param(
            ExceptionGroup("tasks", [LinkDownError("x"), ConfigError("y")]), ExitCode.FAILED, "x\ny\n", id="a mixture"
        ),
        pytest.param(KeyboardInterrupt(), ExitCode.INTERRUPTED, "", id="Ctrl-C before the loop runs"),
    ],
)
def test_an_error_becomes_lines_and_an_exit_code(error: BaseException, code: ExitCode, line: str) -> None:
    failing = typer.Typer(cls=Commands)

    @failing.command()
    def fail() -> None:
        raise error

    @failing.command()
    def succeed() -> None:
        pass

    result = run(failing, ["fail"])
    assert (result.exit_code, result.stderr) == (code, line)
    assert run(failing, ["succeed"]).exit_code == ExitCode.OK


def test_a_bug_keeps_its_traceback() -> None:
    failing = typer.Typer(cls=Commands)

    @failing.command()
    def fail() -> None:
        raise ExceptionGroup("tasks", [ConfigError("x"), ZeroDivisionError("y")])

    @failing.command()
    def succeed() -> None:
        pass

    assert isinstance(run(failing, ["fail"]).exception, ExceptionGroup)
    assert run(failing, ["succeed"]).exit_code == ExitCode.OK
