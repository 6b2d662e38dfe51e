"""A scenario in real time: emulator with its control interface, gateway and broker are processes of their own."""

import json
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from opencombiner.exit_code import ExitCode
from tests.support.benches import bench
from tests.support.processes import Command, command

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(280)]
REAL_TIME_S = 200.0
SCENARIO = """\
name: over
plant: {branches: {roof: 1}}
timeline:
  - {id: over, at_s: 5, name: grid_voltage, args: {pu: "${(trip.hv[1].v + 2) / 100}"}}
  - {id: early, after_s: 4, name: alarm, args: {target: roof-1, code: 9, action: reset}}
lasts_s: 20
expect:
  - {trip: {code: 5, of: roof-1, stage: 1}, since: over}
  - {alarm: {code: 5, of: roof-1}, since: over, within_s: 10}
  - {answer: {to: early, status: error}, since: early, within_s: 5}
  - {led: {of: roof-1, shows: red_slow}, since: over, within_s: 10}
"""


def test_a_scenario_runs_against_processes(tmp_path: Path) -> None:
    with ExitStack() as stack:
        file = bench(stack, tmp_path, ("roof",), ("gridsim", "das"))
        (tmp_path / "s.yaml").write_text(SCENARIO)
        arguments = ("hil", "run", str(tmp_path / "s.yaml"), "--bench", str(file))
        kit = stack.enter_context(command(tmp_path / "h.log", *arguments, "--report", str(tmp_path / "report")))
        assert kit.wait() == ExitCode.INCONCLUSIVE, kit.said  # nobody looks at the lamps of a bench
    [case] = json.loads((tmp_path / "report" / "report.json").read_text())["cases"]
    assert [one["verdict"] for one in case["expectations"]] == ["pass", "pass", "pass", "inconclusive"], case
    assert max(value for _, value in case["series"]["grid.v"]["points"]) > 260


def test_scenarios_of_the_library_run_in_real_time(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("over_frequency_trip", "loss_of_mains")}
    with ExitStack() as stack:
        kits = {name: stack.enter_context(_kit(stack, name, folder)) for name, folder in folders.items()}
        for kit in kits.values():
            kit.wait(REAL_TIME_S)
    for folder in folders.values():
        [case] = json.loads((folder / "report" / "report.json").read_text())["cases"]
        looked_at = [one["verdict"] for one in case["expectations"] if "lamp" not in one["expected"]]
        assert set(looked_at) == {"pass"}, case  # at lamps nobody looks


def _kit(stack: ExitStack, name: str, folder: Path) -> AbstractContextManager[Command]:
    """Run a scenario of the library on a bench of its own."""
    folder.mkdir()
    file = bench(stack, folder, ("east",), ("gridsim", "switch", "das"))
    settings = ("--set", "settle_s=3", *(("--set", "stage=1") if name.endswith("_trip") else ()))
    arguments = ("hil", "run", name, "--bench", str(file), "--report", str(folder / "report"), *settings)
    return command(folder / "h.log", *arguments)
