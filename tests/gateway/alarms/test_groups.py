"""One outage is one alarm, whatever the number of units; what many units show says so."""

import pytest

from config.alarms import Level
from gateway.alarms.engine import Observation
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from tests.gateway.alarms.bench import UTC, Bench, at, units

NORM, UNACK = AlarmState.NORM, AlarmState.UNACK


def poll(
    bench: Bench, t: float, branch: str, number: int, conditions: dict[int, bool | None], gap_s: float = 0
) -> None:
    for n, unit in enumerate(units(branch, number)):
        bench.tick(t + n * gap_s)
        bench.see(t + n * gap_s, unit, conditions)


def run(bench: Bench, until: float) -> None:
    """Let time pass, tick by tick."""
    while (due := bench.engine.next_deadline()) is not None and due <= until:
        bench.tick(due)


def test_an_outage_of_a_branch_is_one_alarm_and_its_units_are_hidden() -> None:
    bench = Bench({"a": 9})
    for t in (0, 5, 10, 15):
        poll(bench, t, "a", 9, {2: True, 4: True}, gap_s=0.2)
    assert bench.shown() == [("branch/a", 102)]
    assert {bench.suppression(unit, code) for unit in units("a", 9) for code in (2, 4)} == {Suppression.BY_DESIGN}
    assert {bench.state(unit, 2) for unit in units("a", 9)} == {UNACK}


def test_the_branch_alarm_comes_ten_seconds_after_the_third_unit_of_five() -> None:
    bench = Bench({"a": 5})
    for t, unit in ((0, "a1"), (1, "a2"), (3, "a3")):
        bench.see(t, unit, {2: True})
    assert bench.engine.next_deadline() == 13
    assert bench.tick(12.9) == ()
    (row,) = bench.tick(13)
    assert (row.subject, row.code, row.cause, row.since) == ("branch/a", 102, "reported", UTC)


GROUPS = [
    pytest.param(6, [0, 1, 2], True, id="three of six"),
    pytest.param(7, [0, 1, 2], False, id="three of seven are too small a share"),
    pytest.param(3, [0, 1], False, id="two of three are too few"),
    pytest.param(6, [0, 5, 10], True, id="within ten seconds"),
    pytest.param(6, [0, 5, 10.1], False, id="not within ten seconds"),
    pytest.param(6, [0, 6, 11, 15], True, id="the last three within ten seconds"),
    pytest.param(3, [0, 1, 2], True, id="all three"),
]


@pytest.mark.parametrize(("size", "instants", "grouped"), GROUPS)
def test_a_group_needs_a_share_a_number_and_a_time(size: int, instants: list[float], *, grouped: bool) -> None:
    bench = Bench({"a": size})
    for t, unit in zip(instants, units("a", size), strict=False):
        bench.see(t, unit, {2: True})
    run(bench, 60)
    assert (bench.state("branch/a", 102) is UNACK) is grouped


def test_units_that_sleep_are_not_asked() -> None:
    bench = Bench({"a": 9})
    for unit in units("a", 9)[3:]:
        bench.keep(bench.engine.dark(at(0), unit, is_dark=True))
    poll(bench, 1, "a", 3, {2: True})
    run(bench, 60)
    assert bench.state("branch/a", 102) is UNACK


def test_the_devices_own_instants_make_the_group_when_polls_are_slow() -> None:
    bench = Bench({"a": 4})
    for t, unit in ((0, "a1"), (20, "a2"), (40, "a3")):
        bench.keep(bench.engine.observe(at(t), Observation(unit, 2, True, since=UTC - 1)))
    run(bench, 60)
    assert bench.state("branch/a", 102) is UNACK


def test_the_branch_alarm_lasts_while_its_share_does_and_then_reveals_who_stays_behind() -> None:
    bench = Bench({"a": 4})
    for t in (0, 5, 10):
        poll(bench, t, "a", 4, {2: True})
    poll(bench, 20, "a", 2, {2: False})
    run(bench, 25)
    assert bench.state("branch/a", 102) is UNACK, "two of four still show it"
    bench.see(30, "a3", {2: False})
    run(bench, 60)
    assert bench.edges(Stimulus.CLEAR)[-1] == (41, "branch/a", 102, Stimulus.CLEAR)
    assert (bench.state("a4", 2), bench.suppression("a4", 2)) == (UNACK, Suppression.NONE)
    assert bench.edges(Stimulus.RELEASE)[-1] == (41, "a4", 2, Stimulus.RELEASE)


def test_an_outage_of_the_site_is_one_alarm() -> None:
    bench = Bench({"a": 4, "b": 9, "c": 2})
    for t in (0, 5, 10, 15, 20):
        for offset, branch, number in ((0, "a", 4), (0.3, "b", 9), (0.6, "c", 2)):
            poll(bench, t + offset, branch, number, {2: True})
    run(bench, 60)
    assert bench.shown() == [("site", 103)]


def test_one_dead_branch_of_two_is_no_outage_of_the_site() -> None:
    bench = Bench({"a": 9, "b": 3})
    for t in (0, 5, 10, 15):
        poll(bench, t, "a", 9, {2: True})
        poll(bench, t, "b", 3, {2: False})
    run(bench, 60)
    assert bench.shown() == [("branch/a", 102)]


def test_two_hundred_units_give_one_alarm_and_no_flood() -> None:
    sizes = {f"b{n}": 10 for n in range(20)}
    bench = Bench(sizes)
    for t in (0, 5, 10):
        for n, branch in enumerate(sizes):
            poll(bench, t + n * 0.2, branch, 10, {2: True})
    run(bench, 120)
    assert bench.shown() == [("site", 103)]
    load = bench.engine.load(at(120))
    assert (load.standing, load.flood) == (1, False)
    assert load.suppressed[Suppression.BY_DESIGN] == 200 + 20
    for branch in sizes:
        poll(bench, 200, branch, 10, {2: False})
    run(bench, 300)
    assert bench.engine.standing() == ()
    assert bench.engine.next_deadline() is None


def test_a_branch_that_falls_silent_by_day_is_an_inferred_outage() -> None:
    bench = Bench({"a": 3, "b": 3})
    for n, unit in enumerate(units("a", 3)):
        bench.see(n * 100, unit, {101: True})
    run(bench, 600)
    assert bench.edges(Stimulus.RAISE)[-1] == (210, "branch/a", 102, Stimulus.RAISE)
    assert bench.rows[-1].cause == "inferred"
    assert {bench.suppression(unit, 101) for unit in units("a", 3)} == {Suppression.BY_DESIGN}


def test_a_single_silent_unit_is_no_branch() -> None:
    bench = Bench({"a": 1, "b": 3})
    bench.see(0, "a1", {101: True})
    run(bench, 600)
    assert bench.shown() == [("a1", 101)]


def test_silence_behind_a_dead_link_says_nothing() -> None:
    bench = Bench({"a": 3})
    bench.see(0, "gateway/roof", {106: True})
    poll(bench, 1, "a", 3, {101: None, 2: None})
    run(bench, 600)
    assert bench.shown() == [("gateway/roof", 106)]


def test_night_that_falls_on_a_silent_branch_changes_nothing() -> None:
    bench = Bench({"a": 3})
    poll(bench, 0, "a", 3, {101: True})
    run(bench, 100)
    before = bench.state("branch/a", 102)
    for unit in units("a", 3):
        bench.keep(bench.engine.dark(at(200), unit, is_dark=True))
    run(bench, 1000)
    assert (before, bench.state("branch/a", 102)) == (UNACK, UNACK)


def test_what_a_third_of_a_branch_shows_within_a_minute_gets_a_notice_of_higher_priority() -> None:
    bench = Bench({"a": 9, "b": 1})
    for t, unit in ((0, "a1"), (30, "a5"), (60, "a9")):
        bench.see(t, unit, {6: True})
    assert bench.shown() == [("a1", 6), ("a5", 6), ("a9", 6), ("branch/a", 6)]
    notice = bench.rows[-1]
    assert notice.cause == "3 of 9 units: a1, a5, a9"
    row = bench.engine.row("branch/a", 6)
    assert row is not None
    assert (row.priority.value, bench.catalogue.by_code()[6].priority.value) == ("medium", "low")
    bench.see(65, "a1", {6: False})
    run(bench, 100)
    assert bench.state("branch/a", 6) is NORM


@pytest.mark.parametrize("instants", [(0, 30, 61), (0, 30)], ids=["too slow", "too few"])
def test_fewer_units_or_a_longer_time_give_no_notice(instants: tuple[float, ...]) -> None:
    bench = Bench({"a": 9})
    for t, unit in zip(instants, units("a", 3), strict=False):
        bench.see(t, unit, {6: True})
    assert bench.state("branch/a", 6) is NORM


def test_a_notice_is_of_the_branch_comes_at_once_calls_nobody_and_is_never_locked_out() -> None:
    bench = Bench({"a": 3})
    for code in (5, 8):
        row = bench.engine.row("branch/a", code)
        assert row is not None
        assert (row.level, row.on_polls, row.lockout, row.escalation, row.ack) == (Level.BRANCH, 1, None, (), False)


def test_a_notice_forms_by_raises_within_its_time_and_lasts_longer() -> None:
    bench = Bench({"a": 9})
    for t, unit in ((0, "a1"), (30, "a2"), (60, "a3"), (500, "a4")):
        bench.see(t, unit, {6: True})
    for unit in ("a1", "a2"):
        bench.see(600, unit, {6: False})
    run(bench, 700)
    assert bench.state("branch/a", 6) is NORM, "two of nine are no group"
    bench.see(800, "a5", {6: True})
    run(bench, 900)
    assert bench.state("branch/a", 6) is NORM, "three of nine, but not within a minute"


def test_either_rule_keeps_the_branch_alarm() -> None:
    bench = Bench({"a": 4})
    poll(bench, 0, "a", 4, {101: True})
    run(bench, 20)
    assert bench.state("branch/a", 102) is UNACK
    for t, unit in ((100, "a1"), (130, "a2"), (160, "a3"), (190, "a4")):
        bench.see(t, unit, {101: False, 2: True})
        bench.see(t + 5, unit, {101: False, 2: True})
    run(bench, 300)
    assert bench.edges(Stimulus.RAISE)[0][2] == 101
    assert [row.stimulus for row in bench.rows if row.code == 102] == [Stimulus.RAISE]


def test_hidden_alarms_give_no_notice() -> None:
    bench = Bench({"a": 4})
    for t in (0, 5, 10):
        poll(bench, t, "a", 4, {2: True, 4: True})
    run(bench, 100)
    assert bench.state("branch/a", 4) is NORM


def test_a_latching_code_gives_a_notice_that_does_not_latch() -> None:
    bench = Bench({"a": 3})
    poll(bench, 0, "a", 3, {9: True})
    assert bench.state("branch/a", 9) is UNACK
    poll(bench, 5, "a", 3, {9: False})
    assert bench.state("branch/a", 9) is NORM
    assert bench.state("a1", 9) is AlarmState.LATCHED_UNACK
