"""Expectations judged over a recording: from what was captured in the field to a verdict."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.scenarios import load_cases
from hil.report import explanation
from hil.run import Result, run_case
from hil.verdict import Verdict
from opencombiner.redaction import redact
from tests.day.test_replay import plans, troubles
from tests.support.emulated import NOON
from tests.support.recorded import captured

pytestmark = pytest.mark.day
SCENARIO = """\
name: what a neighbour captured
site: y.yaml
grid_profile: gb_g98_g99
expect:
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a redacted capture of six minutes, in which mains and insulation fail, and its site file."""
    here = tmp_path_factory.mktemp("field")
    then, _ = plans(here, units=3, poll_s=5.0, grid_profile="gb_g98_g99", emulation={"script": troubles(60.0)})
    captured(then, here / "x.pcapng", 360.0, start_utc=NOON)
    redact(then, here / "x.pcapng", here / "y.pcapng")
    return here


def _judged(folder: Path, expect: str, timeline: str = "") -> Result:
    path = folder / "s.yaml"
    path.write_text(SCENARIO.replace("expect:", f"{timeline}expect:") + expect)
    [case] = load_cases(path)  # from any folder: the file that is replayed lies beside the site file
    return run_case(case)


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        pytest.param("alarm: {of: AT000004, code: 3}, not_before_s: 50, within_s: 90", Verdict.PASS, id="an alarm"),
        pytest.param("alarm: {of: AT000006, code: 9}", Verdict.PASS, id="an alarm at some time"),
        pytest.param("alarm: {of: AT000004, code: 9}, never: true", Verdict.PASS, id="none of another unit"),
        pytest.param("alarm: {of: AT000004, code: 3}, never: true", Verdict.FAIL, id="not none"),
        pytest.param("alarm: {of: AT000004, code: 6}, within_s: 300", Verdict.FAIL, id="another alarm"),
        pytest.param("state: {of: AT000004, is_in: [fault]}, within_s: 300", Verdict.PASS, id="a state"),
        pytest.param("alarm: {of: AT000004, code: 6}, within_s: 4000", Verdict.INCONCLUSIVE, id="after its end"),
        pytest.param("trip: {of: AT000004, code: 3}", Verdict.PASS, id="a trip by the unit's record"),
    ],
)
def test_what_is_expected_of_a_recording(folder: Path, expect: str, verdict: Verdict) -> None:
    result = _judged(folder, f"  - {{{expect}}}\n")
    assert result.verdict is verdict, explanation(result)


def test_a_recording_lasts_as_long_as_it_did(folder: Path) -> None:
    result = _judged(folder, "  - {listed: {of: AT000006, codes: [9]}}\n")
    assert result.verdict is Verdict.PASS, explanation(result)
    assert result.trace.ended_s == pytest.approx(361, abs=3)


def test_nothing_can_be_done_to_what_is_past(folder: Path) -> None:
    outage = "timeline:\n  - {at_s: 10, name: grid_outage}\n"
    result = _judged(folder, "  - {alarm: {of: AT000004, code: 3}}\n", outage)
    assert (result.verdict, result.broken) == (
        Verdict.INCONCLUSIVE,
        "grid_outage: a recording cannot be acted on",
    )


def test_the_gateway_and_its_broker_can_be_acted_on(folder: Path) -> None:
    away = "timeline:\n  - {id: away, at_s: 100, name: broker_down}\n  - {id: back, at_s: 130, name: broker_up}\n"
    expect = "  - {mqtt: {topic: bridge/state, path: state, equals: online}, since: back, within_s: 60}\n"
    result = _judged(folder, expect, away)
    assert result.verdict is Verdict.PASS, explanation(result)


def test_a_time_of_day_is_that_of_the_recording(folder: Path) -> None:
    at = datetime.fromtimestamp(NOON + 30, UTC).isoformat()
    timeline = f"timeline:\n  - {{id: later, at: '{at}', name: mark}}\n"
    result = _judged(folder, "  - {alarm: {of: AT000004, code: 3}, since: later, within_s: 90}\n", timeline)
    assert result.verdict is Verdict.PASS, explanation(result)
    assert result.trace.deeds[0].at_s == pytest.approx(30, abs=5)
    assert result.trace.ended_s == pytest.approx(360, abs=10)
