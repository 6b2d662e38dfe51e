"""What the documents say is there, is there."""

import re
import shutil
from pathlib import Path

import pytest

from config.bench import ACTS, WORDS
from config.bench_file import load_bench
from config.checks import admit
from config.grid_profiles import grid_profiles
from config.loader import load_site
from config.scenario import KINDS
from config.scenarios import load_cases
from docs import points
from drivers.clock import SystemClock
from opencombiner.cli import app
from opencombiner.exit_code import ExitCode
from tests.support import tree

README = (tree.ROOT / "README.md").read_text()
MAKEFILE = (tree.ROOT / "Makefile").read_text()
UNIT = (tree.ROOT / "docs" / "opencombiner.service").read_text()
EXPECTED_TARGETS = {"demo", "test", "check", "bench", "test-compose", "help"}


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _dead_links(path: Path) -> list[str]:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text())
    return [link for link in links if not link.startswith(("https://", "mailto:")) and not _leads_somewhere(path, link)]


def _leads_somewhere(path: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (path.parent / file).resolve() if file else path
    return target.exists() and (not anchor or anchor in _anchors(target.read_text()))


def test_the_promised_targets_exist() -> None:
    assert _targets() >= EXPECTED_TARGETS


def test_help_lists_every_target() -> None:
    listed = set(
        re.findall(r"^ *make ([a-z-]+)", tree.run("make", "--no-print-directory", "help").stdout, re.MULTILINE)
    )
    assert listed == _targets() - {"mosquitto"}


def test_the_documents_name_only_targets_that_exist() -> None:
    def unknown(path: Path) -> set[str]:
        named = re.findall(r"(?:^|`)make (?:-C \w+ )?([a-z-]+)", path.read_text(), re.MULTILINE)
        return set(named) - _targets()

    assert tree.offenders(tree.files(".md"), unknown) == {}


def test_the_readme_lists_every_command() -> None:
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    commands |= {str(group.name) for group in app.registered_groups}
    assert set(re.findall(r"^\| `opencombiner (\w+)", README, re.MULTILINE)) == commands


def test_the_readme_explains_every_exit_code() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)] == sorted(ExitCode)


def test_the_page_on_scenarios_names_every_act_and_every_kind_of_expectation() -> None:
    named = set(re.findall(r"`([a-z_]+)`", (tree.ROOT / "docs" / "hil.md").read_text()))
    assert named >= {*ACTS, *KINDS, *WORDS}


def test_the_scenario_of_the_page_is_admitted(tmp_path: Path) -> None:
    scenario, *_ = re.findall(
        r"^```yaml\n(.*?)^```", (tree.ROOT / "docs" / "hil.md").read_text(), re.MULTILINE | re.DOTALL
    )
    path = tmp_path / "s.yaml"
    path.write_text(scenario)
    assert len(load_cases(path)) == len(grid_profiles())


def test_the_bench_of_the_page_is_admitted(tmp_path: Path) -> None:
    _, bench, _ = re.findall(
        r"^```yaml\n(.*?)^```", (tree.ROOT / "docs" / "hil.md").read_text(), re.MULTILINE | re.DOTALL
    )
    path = tmp_path / "b.yaml"
    path.write_text(bench)
    assert load_bench(path).instruments.gridsim is not None


def test_the_site_file_of_the_readme_is_admitted(tmp_path: Path) -> None:
    parts = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)  # the plant, and what may be added
    site = tmp_path / "site.yaml"
    site.write_text("".join(parts))
    assert admit(load_site(site, SystemClock())) == ()


def test_every_link_between_documents_leads_somewhere() -> None:
    assert tree.offenders(tree.files(".md"), _dead_links) == {}


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A b\n[here](#a-b) [gone](gone.md) [nowhere](#c)")
    assert _dead_links(page) == ["gone.md", "#c"]


def test_the_table_of_points_is_up_to_date() -> None:
    assert points.TARGET.read_text() == points.table(), "run: make generate"


def test_every_decision_is_in_the_index() -> None:
    folder = tree.ROOT / "docs" / "adr"
    linked = re.findall(r"\((\d{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text())
    assert linked == sorted(path.name for path in folder.glob("[0-9]*.md"))


@pytest.mark.parametrize("line", ["Type=notify", "DynamicUser=yes", "SupplementaryGroups=dialout", "WatchdogSec=60"])
def test_the_unit_file_keeps_what_the_daemon_relies_on(line: str) -> None:
    assert line in UNIT.splitlines()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
def test_systemd_accepts_the_unit_file(tmp_path: Path) -> None:
    unit = tmp_path / "opencombiner.service"
    unit.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", UNIT))  # the program is not installed there
    done = tree.run("systemd-analyze", "verify", str(unit))
    assert (done.returncode, done.stderr) == (0, "")
