"""Who is called, when "occurs frequently" is a figure."""

import pytest

from config.alarms import Call
from gateway.alarms.engine import Observation
from gateway.alarms.states import Stimulus
from tests.gateway.alarms.bench import ROWS, UTC, Bench, at

DAY = 86_400.0


def calls(bench: Bench) -> list[tuple[float, str, str]]:
    return [(round(r.ts - UTC, 3), r.subject, r.detail or "") for r in bench.rows if r.stimulus is Stimulus.ESCALATE]


def come_and_go(bench: Bench, t: float, unit: str, code: int) -> None:
    for offset in (0, 5):
        bench.see(t + offset, unit, {code: True})
    bench.see(t + 10, unit, {code: False})
    bench.tick(t + 70)


# code, instants of raises of one unit among nine (code 2 and 8 five seconds later), who is called when
COUNTS = [
    pytest.param(1, [0], [(0, "first")], id="1 calls the owner at once"),
    pytest.param(1, [0, DAY - 1], [(0, "first"), (DAY - 1, "twice_a_day")], id="1 twice a day calls the distributor"),
    pytest.param(1, [0, DAY], [(0, "first")], id="1 twice in more than a day calls nobody else"),
    pytest.param(2, [0, 100, 200], [(205, "often_alone")], id="2 of one unit thrice a day"),
    pytest.param(3, [0, 100, 200, 300], [], id="3 four times calls nobody"),
    pytest.param(3, [0, 100, 200, 300, 400], [(400, "five_a_day")], id="3 five times calls the grid operator"),
    pytest.param(4, [0, 100, 200, 300, 400], [(200, "often_alone")], id="4 of one unit is its cable"),
    pytest.param(5, [0, 100, 200, 300, 400], [(200, "often"), (400, "five_a_day")], id="5 three and five times"),
    pytest.param(6, [0, 100, 200, 300, 400], [(400, "five_a_day")], id="6 five times calls the grid operator"),
    pytest.param(7, [0, 4000, 8000], [(4000, "often"), (8000, "three_a_day")], id="7 twice and three times"),
    pytest.param(8, [0, 100, 200], [(205, "often")], id="8 three times calls the owner"),
    pytest.param(9, [0], [(0, "first")], id="9 calls the owner at once"),
    pytest.param(9, [0, 2 * DAY], [(0, "first"), (2 * DAY, "twice_a_week")], id="9 on two days calls the installer"),
    pytest.param(10, [0, DAY / 2], [(0, "first"), (DAY / 2, "twice_a_week")], id="10 twice calls the distributor"),
]


@pytest.mark.parametrize(("code", "instants", "expected"), COUNTS)
def test_a_code_that_keeps_coming_calls_somebody(
    code: int, instants: list[float], expected: list[tuple[float, str]]
) -> None:
    bench = Bench({"a": 9})
    for t in instants:
        come_and_go(bench, t, "a1", code)
    assert calls(bench) == [(t, "a1", tag) for t, tag in expected]


def test_fifteen_a_week_or_five_a_day_of_a_whole_branch_call_the_grid_operator() -> None:
    bench = Bench({"a": 2})
    for n in range(5):
        for unit in ("a1", "a2"):
            come_and_go(bench, n * 1000.0, unit, 4)
    tags = {(unit, tag) for _, unit, tag in calls(bench)}
    assert tags == {("a1", "often"), ("a2", "often"), ("a1", "five_a_day"), ("a2", "five_a_day")}


@pytest.mark.parametrize(("size", "tag"), [(7, "three_a_day"), (6, "mains_distorted")])
def test_from_three_tenths_of_a_branch_on_it_is_the_mains(size: int, tag: str) -> None:
    bench = Bench({"a": size})
    come_and_go(bench, 0, "a2", 7)
    for n in range(3):
        come_and_go(bench, 1000 + 4000.0 * n, "a1", 7)
    assert calls(bench)[-1] == (9000, "a1", tag)


@pytest.mark.parametrize(("size", "showing", "tag"), [(2, 1, "often_alone"), (10, 2, "often_alone"), (10, 3, "often")])
def test_alone_is_one_unit_or_fewer_than_three_tenths(size: int, showing: int, tag: str) -> None:
    bench = Bench({"a": size})
    for n in range(3):
        for unit in range(showing):
            come_and_go(bench, 1000.0 * n + 100 * unit, f"a{unit + 1}", 4)
    assert {tag for *_, tag in calls(bench)} == {tag}


def test_what_neighbours_had_before_the_window_is_forgotten() -> None:
    bench = Bench({"a": 2})
    come_and_go(bench, 0, "a2", 4)
    for n in range(3):
        come_and_go(bench, DAY + 1000.0 * n, "a1", 4)
    assert calls(bench) == [(DAY + 2000, "a1", "often_alone")]


def test_a_cause_calls_at_once() -> None:
    bench = Bench()
    bench.keep(bench.engine.observe(at(0), Observation("a1", 1, True, "far_above_limit")))
    assert [tag for *_, tag in calls(bench)] == ["first", "far_above"]


def test_a_rule_calls_once_in_its_window() -> None:
    bench = Bench({"a": 9})
    for n in range(9):
        come_and_go(bench, n * 100.0, "a1", 3)
    assert calls(bench) == [(400, "a1", "five_a_day")]
    for n in range(5):
        come_and_go(bench, 400 + DAY + n * 100.0, "a1", 3)
    assert [t for t, *_ in calls(bench)] == [400, 400 + DAY]


STANDING = [
    pytest.param({"a": 2, "b": 1}, 101, ("site", 103), 900, id="an outage of the site for a quarter of an hour"),
    pytest.param({"a": 2}, 101, ("branch/a", 102), 900, id="an outage of a branch for a quarter of an hour"),
    pytest.param({"a": 1}, 8, ("a1", 8), 14_400, id="8 for four hours"),
    pytest.param({"a": 1}, 10, ("a1", 10), 86_400, id="10 on the next day"),
    pytest.param({"a": 1}, 101, ("a1", 101), 28_800, id="silence for eight hours"),
    pytest.param({"a": 1}, 104, ("a1", 104), 3600, id="a wrong profile for an hour"),
]


@pytest.mark.parametrize(("sizes", "code", "raised", "standing_s"), STANDING)
def test_an_alarm_that_stands_calls_somebody_at_its_time(
    sizes: dict[str, int], code: int, raised: tuple[str, int], standing_s: float
) -> None:
    bench = Bench(sizes)
    for t in (0, 5):
        for branch, number in sizes.items():
            for n in range(number):
                bench.see(t, f"{branch}{n + 1}", {code: True})
    bench.tick(15)
    (began,) = (at_s for at_s, *alarm, _ in bench.edges(Stimulus.RAISE) if tuple(alarm) == raised)
    bench.rows.clear()
    due = bench.engine.next_deadline()
    assert due == began + standing_s
    assert bench.tick(due - 0.1) == ()
    assert [(row.stimulus, row.subject, row.code) for row in bench.tick(due)] == [(Stimulus.ESCALATE, *raised)]
    assert bench.engine.next_deadline() is None, "once"


def test_what_is_shelved_or_cleared_calls_nobody() -> None:
    bench = Bench()
    bench.see(0, "a1", {101: True})
    bench.see(100, "a1", {101: False})
    assert bench.engine.next_deadline() is None
    bench.do(200, "replace", "a1", 101)
    bench.rows.clear()
    bench.tick(100_000)
    assert calls(bench) == []


def test_raises_that_another_alarm_explains_do_not_count() -> None:
    bench = Bench({"a": 9})
    for n in range(6):
        for offset in (0, 5):
            bench.see(n * 100.0 + offset, "a1", {10: True, 3: True})
        bench.see(n * 100.0 + 10, "a1", {3: False})
        bench.tick(n * 100.0 + 20)
    assert {tag for *_, tag in calls(bench)} == {"first"}


def test_a_raise_that_stands_alone_in_the_end_counts() -> None:
    bench = Bench()
    bench.see(0, "a1", {1: True, 9: True})
    bench.see(5, "a1", {1: False, 9: True})
    bench.tick(15)
    assert calls(bench) == [(0, "a1", "first"), (15, "a1", "first")]
    assert [row.code for row in bench.rows if row.stimulus is Stimulus.ESCALATE] == [1, 9]


def test_nobody_but_the_owner_is_called_for_a_first_raise() -> None:
    first = {rule.call for row in ROWS.values() for rule in row.escalation if rule.tag == "first"}
    assert first == {Call.OWNER}
