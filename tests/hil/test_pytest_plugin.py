"""The fixtures, used as a stranger uses them: in a test file of his own."""

import pytest

from tests.support import tree
from tests.support.documented import python_of

pytest_plugins = ("pytester",)
HEAD = """\
import pytest
from protocols.errors import ConfigError

pytestmark = pytest.mark.opencombiner(branches={"b1": 1})
"""


@pytest.fixture(autouse=True)
def _the_tree_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tree.ROOT))


def _run(pytester: pytest.Pytester, text: str) -> pytest.RunResult:
    pytester.makepyfile(text)
    return pytester.runpytest_subprocess("-p", "hil.pytest_plugin", "--strict-markers", "-p", "no:randomly")


def test_the_example_of_the_docs_runs(pytester: pytest.Pytester) -> None:
    _run(pytester, python_of("hil.md")).assert_outcomes(passed=2)


WRONG = {
    'gateway.expect(alarm={"of": "b1-1", "code": 5}, within_s=10)': "expected alarm 5 of b1-1 raised, within 10.000 s",
    "clock.until(lambda: False, within_s=3)": "not so within 3 s",
    'grid.act("restart", serial="b1-1")': "there is no act 'restart' here",
    'plant.act("restart", serial="b9-9")': "there is no unit 'b9-9'",
    'grid.act("grid_voltage", pu="high")': "is not a number",
    'gateway.expect(alarm={"of": "b1-1"}, since="surge")': "there is no event 'surge' yet",
}


def test_what_fails_says_why(pytester: pytest.Pytester) -> None:
    tests = [f"def test_{at}(plant, grid, gateway, clock):\n    {body}\n" for at, body in enumerate(WRONG)]
    result = _run(pytester, "\n\n".join((HEAD, *tests)))
    result.assert_outcomes(failed=len(WRONG))
    result.stdout.fnmatch_lines([f"E *{words}*" for words in WRONG.values()])


def test_a_test_reads_and_acts_on_every_side(pytester: pytest.Pytester) -> None:
    text = f"""\
{HEAD}

def test_it(plant, grid, medium, gateway, clock):
    began = clock.utc
    clock.advance(20)
    assert clock.now == 20
    assert clock.utc == began + 20
    assert plant.measured()["grid.v"] == 230
    assert plant.unit("b1-1").serial == gateway.said("inverter/b1-1/info")["serial"]
    medium.act("link_delay", seconds=0.1)
    plant.act("inverter_fault", serial="b1-1", code=10)
    took_s = clock.until(lambda: gateway.alarms("b1-1") == [10], within_s=30)
    assert 0 < took_s < 10
    [at_s] = [at_s for at_s, said in gateway.history("inverter/b1-1/event") if said["kind"] == "raise"]
    assert 20 < at_s <= 20 + took_s
    clock.step(-3600)
    clock.trust("guessed")
    assert clock.utc == pytest.approx(began + clock.now - 3600)


def test_a_second_test_begins_anew(clock, gateway):
    assert clock.now == 0
    assert gateway.alarms("b1-1") == []


@pytest.mark.opencombiner(branches={{"east": 1, "west": 2}}, grid_profile="gb_g98_g99", poll_s=2)
def test_the_nearest_marker_has_the_last_word(plant, clock):
    clock.advance(5)
    assert {{"east-1.w", "west-1.w", "west-2.w"}} <= plant.measured().keys()


def test_the_same_seed_brings_the_same_day(gateway, clock):
    clock.advance(60)
    assert gateway.said("site/state")
"""
    _run(pytester, text).assert_outcomes(passed=4)


def test_a_plant_that_cannot_be_is_refused(pytester: pytest.Pytester) -> None:
    result = _run(pytester, HEAD.replace('{"b1": 1}', '{"b1": 0}') + "\ndef test_it(plant):\n    pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*plant.yaml:1:*branches*"])


def test_a_run_without_the_fixtures_loads_nothing_of_ours(pytester: pytest.Pytester) -> None:
    text = (
        "import sys\n\ndef test_it():\n    assert 'hil.live' not in sys.modules and 'gateway.app' not in sys.modules\n"
    )
    _run(pytester, text).assert_outcomes(passed=1)
