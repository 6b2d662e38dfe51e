from typing import Literal

import pytest

from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action, Command
from gateway.alarms.engine import Engine, Observation
from gateway.alarms.plant import Plant
from gateway.alarms.record import MAX_TEXT, Shelf
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from tests.gateway.alarms.bench import CATALOGUE, UTC, Bench, at

NORM, UNACK, ACKED = AlarmState.NORM, AlarmState.UNACK, AlarmState.ACKED
HIDDEN, SHOWN = Suppression.BY_DESIGN, Suppression.NONE

HIDES = [
    *((2, code, HIDDEN) for code in (3, 4, 5, 6)),
    *((2, code, SHOWN) for code in (1, 7, 8, 9, 10)),
    *((10, code, HIDDEN) for code in (2, 3, 4, 5, 6, 7, 8)),
    *((10, code, SHOWN) for code in (1, 9)),
    (1, 9, HIDDEN),
    (1, 10, SHOWN),
    *((code, 2, SHOWN) for code in (3, 4, 5, 6)),
]


@pytest.mark.parametrize(("holder", "code", "expected"), HIDES)
def test_a_code_hides_what_it_explains(holder: int, code: int, expected: Suppression) -> None:
    bench = Bench()
    for t in (0, 5):
        bench.see(t, "a1", {code: True, holder: True})
    assert bench.suppression("a1", code) is expected
    reasons = {row.detail for row in bench.rows if row.stimulus is Stimulus.SUPPRESS and row.code == code}
    assert reasons == ({str(holder)} if expected is HIDDEN else set())
    assert bench.state("a1", code) is UNACK, "hidden or not, it is followed"


def test_nothing_hides_the_alarms_of_a_neighbour() -> None:
    bench = Bench({"a": 2})
    for t in (0, 5):
        bench.see(t, "a1", {2: True})
        bench.see(t, "a2", {4: True})
    assert bench.suppression("a2", 4) is SHOWN


def test_an_explanation_that_goes_reveals_what_it_hid() -> None:
    bench = Bench()
    for t in (0, 5):
        bench.see(t, "a1", {2: True, 4: True})
    bench.see(10, "a1", {2: False})
    bench.tick(11)
    assert bench.edges()[-2:] == [(11, "a1", 2, Stimulus.CLEAR), (11, "a1", 4, Stimulus.RELEASE)]
    assert bench.rows[-1].state is UNACK


def test_what_went_while_it_was_hidden_is_let_go_in_silence() -> None:
    bench = Bench()
    for t in (0, 5):
        bench.see(t, "a1", {2: True, 4: True})
    bench.see(10, "a1", {2: True, 4: False})
    bench.tick(11)
    assert [row.stimulus for row in bench.rows[-2:]] == [Stimulus.CLEAR, Stimulus.RELEASE]
    assert bench.rows[-2].suppression is HIDDEN
    assert (bench.state("a1", 4), bench.shown()) == (NORM, [("a1", 2)])
    record = next(record for record in bench.engine.snapshot().records if record.code == 4)
    assert (record.cleared_ts, record.count, record.occurrences) == (UTC + 11, 1, ())


def test_an_outage_that_is_not_yet_sure_hides_already() -> None:
    bench = Bench()
    bench.see(0, "a1", {2: True, 4: True})
    assert bench.suppression("a1", 4) is HIDDEN
    bench.see(5, "a1", {2: False, 4: True})
    assert (bench.suppression("a1", 4), bench.state("a1", 2)) == (SHOWN, NORM)


def test_in_the_dark_silence_is_no_alarm_and_self_protection_is_frozen() -> None:
    bench = Bench()
    bench.see(0, "a1", {8: True})
    bench.see(5, "a1", {8: True})
    bench.keep(bench.engine.dark(at(10), "a1", is_dark=True))
    bench.see(15, "a1", {101: True, 8: False, 7: True})
    bench.tick(1000)
    assert bench.shown() == [("a1", 8)]
    assert (bench.state("a1", 8), bench.state("a1", 7)) == (UNACK, NORM)
    assert {s.record.code: s.uncertain for s in bench.engine.standing()} == {8: True, 101: False}
    bench.keep(bench.engine.dark(at(2000), "a1", is_dark=False))
    assert bench.edges()[-1] == (2000, "a1", 101, Stimulus.RELEASE)


def test_a_unit_that_stays_dark_changes_nothing() -> None:
    bench = Bench()
    bench.see(0, "a1", {101: True})
    assert bench.engine.dark(at(1), "a1", is_dark=False) == ()
    (row,) = bench.engine.dark(at(2), "a1", is_dark=True)
    assert (row.stimulus, row.detail) == (Stimulus.SUPPRESS, "dark")
    assert bench.engine.dark(at(3), "a1", is_dark=True) == ()


FIRST_OUT = [
    pytest.param([(0, "a1", 4, 0.0), (1, "a2", 4, 0.5)], {("a1", 4)}, id="the earlier one"),
    pytest.param([(0, "a1", 4, 0.5), (1, "a2", 4, 0.0)], {("a2", 4)}, id="the earlier one, heard of later"),
    pytest.param([(0, "a1", 3, 0.0), (1, "a1", 5, 0.0)], {("a1", 5)}, id="on a tie the order of codes"),
    pytest.param([(0, "a1", 5, 0.0), (1, "a1", 3, 0.0)], {("a1", 5)}, id="on a tie the order, whoever was heard first"),
    pytest.param([(0, "a1", 3, 0.0), (1, "a2", 3, 0.0)], {("a1", 3)}, id="on a full tie who was heard first"),
    pytest.param([(0, "a1", 4, 0.0), (9, "a2", 4, 5.0)], {("a1", 4)}, id="five seconds are one group"),
    pytest.param([(9, "a1", 4, 9.0), (10, "a2", 4, 4.0)], {("a2", 4)}, id="five seconds earlier are one group too"),
    pytest.param([(0, "a1", 104, 0.0), (1, "a1", 101, 0.0)], {("a1", 101)}, id="codes without a place come last"),
    pytest.param([(0, "a1", 4, 0.0), (9, "a2", 4, 5.1)], {("a1", 4), ("a2", 4)}, id="more are two groups"),
    pytest.param([(9, "a1", 4, 9.0), (10, "a2", 4, 3.9)], {("a1", 4), ("a2", 4)}, id="late news of a group before"),
    pytest.param([(0, "a1", 4, 0.0), (1, "b1", 4, 0.5)], {("a1", 4), ("b1", 4)}, id="each branch has its own"),
]


@pytest.mark.parametrize(("raises", "first"), FIRST_OUT)
def test_the_first_of_a_group_is_named(
    raises: list[tuple[float, str, int, float]], first: set[tuple[str, int]]
) -> None:
    bench = Bench({"a": 8, "b": 8})
    for t, unit, code, since in raises:
        bench.keep(bench.engine.observe(at(t), Observation(unit, code, True, since=UTC + since)))
    assert {(s.record.subject, s.record.code) for s in bench.engine.standing() if s.record.first_out} == first


def test_the_one_overtaken_is_told_so_once() -> None:
    bench = Bench({"a": 11})
    for t, unit, since in ((0, "a1", 0.5), (1, "a2", 0.2), (2, "a3", 0.3)):
        bench.keep(bench.engine.observe(at(t), Observation(unit, 4, True, since=UTC + since)))
    assert bench.edges(Stimulus.OVERTAKEN) == [(1, "a1", 4, Stimulus.OVERTAKEN)]
    assert [row.first_out for row in bench.rows] == [True, True, False, False]


def test_a_first_stays_the_first_and_an_alarm_of_the_branch_is_none() -> None:
    bench = Bench({"a": 3})
    for unit in ("a1", "a2", "a3"):
        bench.see(0, unit, {6: True})
    bench.command(1, Action.ACK, "a1", 6)
    assert [(row.subject, row.stimulus, row.first_out) for row in bench.rows] == [
        ("a1", Stimulus.RAISE, True),
        ("a2", Stimulus.RAISE, False),
        ("a3", Stimulus.RAISE, False),
        ("branch/a", Stimulus.RAISE, False),
        ("a1", Stimulus.ACK, True),
    ]


def test_one_that_has_cleared_since_is_not_overtaken() -> None:
    bench = Bench({"a": 8})
    bench.keep(bench.engine.observe(at(0), Observation("a1", 9, True, since=UTC)))
    bench.do(1, "replace", "a1", 9)
    bench.keep(bench.engine.observe(at(2), Observation("a2", 4, True, since=UTC - 1)))
    assert bench.edges(Stimulus.OVERTAKEN) == []


def test_one_that_has_come_again_since_is_not_overtaken() -> None:
    bench = Bench({"a": 8})
    bench.keep(bench.engine.observe(at(0), Observation("a1", 9, True, since=UTC)))
    bench.see(1, "a1", {9: False})
    bench.keep(bench.engine.observe(at(2), Observation("a1", 9, True, since=UTC + 2)))
    bench.keep(bench.engine.observe(at(3), Observation("a2", 4, True, since=UTC - 1)))
    assert bench.edges(Stimulus.OVERTAKEN) == []
    assert [row.first_out for row in bench.rows if row.stimulus is Stimulus.RAISE] == [True, False, True]


def test_a_command_needs_a_target_a_code_and_a_name() -> None:
    engine = Bench().engine
    unknown = [Command(Action.ACK, *target, "ann") for target in (("a9", 1), ("a1", 11), ("a1", 102), ("site", 5))]
    for command in unknown:
        answer = engine.command(at(0), command)
        assert isinstance(answer, Refused)
        assert answer.code == "unknown_target"
    for name in ("", "x" * (MAX_TEXT + 1)):
        answer = engine.command(at(0), Command(Action.ACK, "a1", 1, name))
        assert isinstance(answer, Refused)
        assert answer.code == "out_of_range"


def test_a_refusal_says_why() -> None:
    engine = Bench().engine
    unknown = engine.command(at(0), Command(Action.ACK, "a9", 1, "ann"))
    assert unknown == Refused("unknown_target", "a9 has no alarm 1")
    nobody = engine.command(at(0), Command(Action.ACK, "a1", 1, ""))
    assert nobody == Refused("out_of_range", "say who you are, in at most 120 characters")


DEEDS = [Action.ACK, Action.SHELVE, Action.UNSHELVE, Action.REMOVE, Action.PLACE, Action.RESET]


@pytest.mark.parametrize("name", ["b", "bob", "x" * MAX_TEXT])
def test_each_command_says_who_gave_it(name: str) -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True})
    bench.see(1, "a1", {9: False})
    before = len(bench.rows)
    for action in DEEDS:
        assert bench.command(2, action, "a1", 9, by=name) is None
    assert [row.actor for row in bench.rows[before:]] == [name] * len(DEEDS)
    assert [row.seq for row in bench.rows] == list(range(1, len(bench.rows) + 1))


def test_a_shelf_has_an_owner() -> None:
    bench = Bench()
    bench.command(0, Action.SHELVE, "a1", 9, by="bob")
    assert bench.engine.snapshot().records[0].shelf == Shelf("bob", UTC + 28_800, one_shot=False)


def test_a_notice_goes_when_its_units_are_shelved() -> None:
    bench = Bench({"a": 6})
    for unit in ("a1", "a2", "a3"):
        bench.see(0, unit, {6: True})
    assert bench.state("branch/a", 6) is UNACK
    for unit in ("a1", "a2"):
        bench.command(5, Action.SHELVE, unit, 6)
    bench.tick(6)
    assert bench.state("branch/a", 6) is NORM


def test_a_hidden_alarm_that_is_unshelved_stays_hidden_and_acknowledged() -> None:
    bench = Bench()
    bench.see(0, "a1", {2: True, 4: True})
    for action in (Action.ACK, Action.SHELVE, Action.UNSHELVE):
        bench.command(1, action, "a1", 4)
    assert (bench.state("a1", 4), bench.suppression("a1", 4)) == (ACKED, HIDDEN)


def test_a_hidden_latch_that_a_new_day_opens_is_released() -> None:
    bench = Bench()
    for n in range(5):
        bench.see(n * 100, "a1", {7: True})
        bench.see(n * 100 + 1, "a1", {7: False})
        bench.tick(n * 100 + 61)
    bench.command(500, Action.ACK, "a1", 7)
    bench.see(501, "a1", {10: True})
    assert bench.suppression("a1", 7) is HIDDEN
    bench.do(502, "day", "a1", 7)
    assert [row.stimulus for row in bench.rows[-2:]] == [Stimulus.DAY_START, Stimulus.RELEASE]


def test_a_shelf_lasts_as_long_as_asked_or_as_the_row_allows() -> None:
    bench = Bench()
    bench.keep(bench.engine.observe(at(0), Observation("a1", 3, True)))
    answer = bench.engine.command(at(1), Command(Action.SHELVE, "a1", 3, "ann", for_s=60))
    assert not isinstance(answer, Refused)
    assert answer[0].until_ts == UTC + 61
    assert bench.command(2, Action.SHELVE, "a1", 3) is None
    assert bench.rows[-1].until_ts == UTC + 2 + 86_400
    assert bench.engine.next_deadline() == 2 + 86_400
    assert bench.command(3, Action.UNSHELVE, "a1", 3) is None
    assert bench.suppression("a1", 3) is SHOWN


def test_a_one_shot_shelf_is_passed_on() -> None:
    bench = Bench()
    bench.see(0, "a1", {3: True})
    bench.engine.command(at(1), Command(Action.SHELVE, "a1", 3, "ann", one_shot=True))
    bench.see(2, "a1", {3: False})
    bench.tick(3)
    assert bench.edges()[-1] == (3, "a1", 3, Stimulus.UNSHELVE)


def test_out_of_service_and_back() -> None:
    bench = Bench()
    bench.see(0, "a1", {3: True})
    bench.command(1, Action.REMOVE, "a1", 3)
    assert bench.suppression("a1", 3) is Suppression.OUT_OF_SERVICE
    bench.command(2, Action.PLACE, "a1", 3)
    assert bench.suppression("a1", 3) is SHOWN


def test_an_alarm_can_be_shelved_before_it_ever_came() -> None:
    bench = Bench()
    assert bench.command(0, Action.SHELVE, "a1", 3) is None
    bench.see(1, "a1", {3: True})
    assert bench.shown() == []
    assert bench.engine.load(at(1)).suppressed[Suppression.SHELVED] == 1


@pytest.mark.parametrize(
    ("subject", "code"), [("a9", 1), ("a1", 11), ("a1", 102), ("branch/a", 101), ("branch/a", 105)]
)
def test_an_observation_of_what_is_not_is_our_bug(subject: str, code: int) -> None:
    with pytest.raises(LookupError, match=f"{subject} has no alarm {code}"):
        Bench().see(0, subject, {code: True})


@pytest.mark.parametrize(("subject", "code"), [("branch/a", 102), ("branch/a", 5), ("site", 103)])
def test_what_follows_from_units_is_not_observed(subject: str, code: int) -> None:
    with pytest.raises(LookupError, match=f"{subject} {code} is not observed"):
        Bench().see(0, subject, {code: True})


def test_a_new_grid_profile_judges_anew_and_keeps_the_counts() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True, 3: False})
    bench.do(1, "profile", "a1", 9)
    assert bench.rows[-1].stimulus is Stimulus.RECONFIGURED
    assert bench.state("a1", 9) is NORM
    assert bench.engine.next_deadline() is None
    bench.see(5, "a1", {9: True})
    assert (bench.rows[-2].stimulus, bench.rows[-2].count, bench.rows[-1].stimulus) == (
        Stimulus.RAISE,
        2,
        Stimulus.ESCALATE,
    )


@pytest.mark.parametrize("deed", ["profile", "replace"])
def test_what_is_judged_anew_waits_for_data(deed: Literal["profile", "replace"]) -> None:
    bench = Bench()
    bench.see(0, "a1", {8: True})
    bench.see(5, "a1", {8: True})
    bench.do(6, deed, "a1", 8)
    assert (bench.rows[-1].actor, bench.state("a1", 8)) == ("ann", NORM)
    bench.see(7, "a1", {8: None})
    bench.tick(1000)
    bench.see(1001, "a1", {8: True})
    assert bench.state("a1", 8) is NORM, "one poll is not enough"
    bench.see(1006, "a1", {8: True})
    assert bench.state("a1", 8) is UNACK


def test_a_unit_judged_anew_counts_no_more_in_its_group() -> None:
    bench = Bench({"a": 6})
    for unit in ("a1", "a2", "a3"):
        bench.see(0, unit, {6: True})
    bench.do(1, "replace", "a1", 6)
    bench.do(1, "profile", "a2", 6)
    bench.tick(2)
    assert bench.state("branch/a", 6) is NORM


def test_a_new_profile_where_nothing_stands_is_no_edge() -> None:
    bench = Bench()
    bench.see(0, "a1", {3: True})
    bench.see(1, "a1", {3: False})
    bench.tick(2)
    assert bench.engine.reconfigured(at(3), "a1", "ann") == ()


def test_another_unit_in_the_slot_has_no_past() -> None:
    bench = Bench()
    for t in (0, 10, 20, 30):
        bench.see(t, "a1", {7: True})
        bench.see(t + 1, "a1", {7: False})
        bench.tick(t + 70)
    bench.do(200, "replace", "a1", 7)
    assert bench.engine.snapshot().records[0].occurrences == ()
    bench.see(300, "a1", {7: True})
    assert (bench.rows[-1].stimulus, bench.rows[-1].count) == (Stimulus.RAISE, 1)


def test_a_replaced_unit_is_still_shelved() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True})
    bench.command(1, Action.SHELVE, "a1", 9)
    bench.do(2, "replace", "a1", 9)
    assert bench.suppression("a1", 9) is Suppression.SHELVED


def test_a_replaced_unit_is_still_out_of_service_or_hidden() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True, 1: True})
    bench.command(1, Action.REMOVE, "a1", 1)
    rows = bench.engine.replaced(at(2), "a1", "ann")
    assert [(row.stimulus, row.code, row.suppression) for row in rows] == [
        (Stimulus.REPLACED, 1, Suppression.OUT_OF_SERVICE),
        (Stimulus.REPLACED, 9, HIDDEN),
        (Stimulus.RELEASE, 9, SHOWN),
    ]
    assert bench.suppression("a1", 1) is Suppression.OUT_OF_SERVICE


def test_a_value_is_judged_with_the_deadband_of_its_row() -> None:
    bench = Bench()
    assert bench.engine.judge("a1", 1, 59.0, 60.0) is False
    assert bench.engine.judge("a1", 1, 60.1, 60.0) is True
    bench.see(0, "a1", {1: True})
    assert bench.engine.judge("a1", 1, 58.0, 60.0) is True
    assert bench.engine.judge("a1", 1, 56.9, 60.0) is False
    assert bench.engine.judge("a1", 1, None, 60.0) is None
    with pytest.raises(LookupError, match="a1 has no alarm 2 with a deadband"):
        bench.engine.judge("a1", 2, 1.0, 2.0)


def test_a_plant_with_a_name_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a1 stands in the plant twice"):
        Plant({"roof": {"a": ("a1",), "b": ("a1",)}})


def test_nothing_is_due_on_an_empty_plant() -> None:
    engine = Engine(CATALOGUE, Plant({}))
    assert engine.next_deadline() is None
    assert engine.tick(at(0)) == ()
    assert engine.snapshot().seq == 0
