"""A bench on virtual time: a gateway behind an in-process broker, and the emulator behind its control interface."""

import asyncio
from pathlib import Path

import pytest

from config.bench_file import load_bench
from config.findings import SiteRefusedError
from config.scenarios import load_cases
from config.site import Site
from drivers.stream import listen
from emulator.control import Control
from hil.report import explanation
from hil.run import Result, run_on_bench
from hil.verdict import Verdict
from tests.support.emulated import NOON
from tests.support.plant import Scene, living, site
from tests.support.virtual_time import FakeClock, run

pytestmark = pytest.mark.day
SCENARIO = """\
name: over
plant: {branches: {b1: 1}}
timeline:
  - {id: over, at_s: 30, name: grid_voltage, args: {pu: "${(trip.hv[1].v + 2) / 100}"}}
  - {id: back, after_s: 20, name: grid_voltage, args: {pu: }}
  - {id: limit, after_s: 30, name: command, args: {target: AT000001, command: limit, value: 50, unit: "%"}}
expect:
  - {trip: {code: 5, of: AT000001, stage: 1}, since: over}
  - {alarm: {code: 5, of: AT000001}, since: over, within_s: 20}
  - {answer: {to: limit}, since: limit, within_s: 30}
"""
BENCH = """\
site: site.yaml
mqtt: {url: "mem://NAME"}
instruments:
  gridsim: {backend: emulator, control: "mem://control"}
  das: {backend: emulator, control: "mem://control"}
"""


async def _no(_: str) -> str:
    return "n"


def _on_bench(folder: Path, *, bench: str = BENCH, scenario: str = SCENARIO, broker_away_s: float = 0.0) -> Result:
    plan: Site = site(folder, units=1, poll_s=5.0, emulation={"clouds": "clear", "grid": "still"})
    files = folder / "files"
    files.mkdir()
    (files / "bench.yaml").write_text(bench.replace("NAME", folder.name))
    (files / "s.yaml").write_text(scenario)
    [case] = load_cases(files / "s.yaml", bench=plan)

    async def interfere(scene: Scene) -> None:
        await asyncio.sleep(50)
        if broker_away_s:
            scene.broker.stop()
            await asyncio.sleep(broker_away_s)
            scene.broker.start()

    async def main() -> Result:
        async with living(plan, FakeClock(NOON)) as scene:
            listener = await listen("mem://control")
            serving = asyncio.ensure_future(Control(scene.plant, {"AT000001": "one"}).serve(listener))
            interfering = asyncio.ensure_future(interfere(scene))
            try:
                await asyncio.sleep(20)
                return await run_on_bench(case, load_bench(files / "bench.yaml"), _no)
            finally:
                for task in (serving, interfering):
                    task.cancel()

    return run(main())


def test_a_scenario_runs_against_a_gateway_that_is_there(tmp_path: Path) -> None:
    result = _on_bench(tmp_path)
    assert result.verdict is Verdict.PASS, explanation(result)
    volts = [value for _, value in result.trace.series["grid.v"]]
    assert (min(volts), max(volts)) == pytest.approx((230.0, 269.1))


def test_an_observer_that_was_deaf_concludes_nothing_from_silence(tmp_path: Path) -> None:
    never = (
        SCENARIO.partition("expect:")[0] + "expect:\n  - {alarm: {code: 4, of: AT000001}, since: over, within_s: 30}\n"
    )
    result = _on_bench(tmp_path, scenario=never, broker_away_s=15.0)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "nobody heard the broker meanwhile" in result.judgements[0].seen


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        pytest.param(
            "gridsim: {backend: emulator", "pvsim: {backend: emulator", "the bench has no gridsim", id="left out"
        ),
        pytest.param(
            '{backend: emulator, control: "mem://control"}\n  das', "{backend: manual}\n  das", "cannot do", id="no"
        ),
        pytest.param("mem://control", "mem://other", "nobody serves it", id="an emulator that is not there"),
    ],
)
def test_a_bench_that_lacks_something_comes_to_no_verdict(tmp_path: Path, old: str, new: str, why: str) -> None:
    result = _on_bench(tmp_path, bench=BENCH.replace(old, new))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert why in (result.broken or "")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param('control: "mem://control"', "baud: 9600", "lacks something; add control", id="no address"),
        pytest.param("das: {backend: emulator", "das: {backend: manual", "an operator cannot", id="a das by hand"),
        pytest.param(
            '{backend: emulator, control: "mem://control"}', "{backend: csv, file: x}", "a table cannot", id="a table"
        ),
        pytest.param("backend: emulator", "backend: magic", "'magic' is not known here", id="an unknown backend"),
        pytest.param(
            "backend: emulator", "backend: manual, commands: {fly: [A]}", "there is no act 'fly'", id="no act"
        ),
    ],
)
def test_a_bench_file_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH.replace(old, new, 1))
    with pytest.raises(SiteRefusedError, match=complaint) as refused:
        load_bench(path)
    assert f"{path}:" in str(refused.value)


def test_a_broker_may_be_away_and_come_back(tmp_path: Path) -> None:
    late = SCENARIO.replace(
        "since: limit, within_s: 30}",
        "since: limit, within_s: 30}\n  - {listed: {of: AT000001}, since: limit, within_s: 90}",
    )
    result = _on_bench(tmp_path, scenario=late.replace("after_s: 30", "after_s: 60"), broker_away_s=15.0)
    assert result.trace.gaps
    assert result.judgements[-1].verdict is Verdict.PASS, explanation(result)
