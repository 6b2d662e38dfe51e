from itertools import count

import pytest

from config.alarms import AlarmDef
from gateway.alarms.alarm import Alarm, Refused
from gateway.alarms.record import MAX_OCCURRENCES, MAX_TEXT, Record, Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from tests.gateway.alarms.bench import OPERATOR, ROWS, UTC, at

NORM, UNACK = AlarmState.NORM, AlarmState.UNACK


def alarm_of(code: int = 3, **changes: object) -> Alarm:
    row: AlarmDef = ROWS[code].model_copy(update=changes)
    return Alarm(row, Record("a1", code), count(1).__next__)


def raised(code: int = 3, **changes: object) -> Alarm:
    alarm = alarm_of(code, **changes)
    alarm.observe(at(0), condition=True)
    alarm.tick(at(0))
    assert alarm.record.state is UNACK
    return alarm


def test_an_on_delay_in_seconds_counts_from_the_first_sight() -> None:
    alarm = alarm_of(on_delay_s=10)
    alarm.observe(at(2), condition=True)
    assert alarm.next_deadline() == 12
    assert alarm.tick(at(11.99)) == []
    assert [row.stimulus for row in alarm.tick(at(12))] == [Stimulus.RAISE]
    assert alarm.next_deadline() is None


def test_polls_and_seconds_must_both_pass() -> None:
    alarm = alarm_of(on_delay_s=10, on_polls=3)
    for t in (0, 5):
        alarm.observe(at(t), condition=True)
    assert alarm.next_deadline() is None, "time alone raises nothing"
    assert alarm.tick(at(60)) == []
    alarm.observe(at(61), condition=True)
    assert len(alarm.tick(at(61))) == 1


def test_a_condition_that_goes_in_time_starts_the_delay_anew() -> None:
    alarm = alarm_of(on_delay_s=10)
    for t, condition in ((0, True), (9, False), (10, True)):
        alarm.observe(at(t), condition=condition)
    assert alarm.next_deadline() == 20
    assert alarm.tick(at(19)) == []


def test_polls_must_follow_each_other() -> None:
    alarm = alarm_of(on_polls=2)
    for t, condition in enumerate((True, False, True)):
        alarm.observe(at(t), condition=condition)
        assert alarm.tick(at(t)) == []
    alarm.observe(at(3), condition=True)
    assert len(alarm.tick(at(3))) == 1


def test_bad_data_is_no_poll_but_breaks_no_series() -> None:
    alarm = alarm_of(on_polls=2)
    for t, condition in enumerate((True, None, None)):
        alarm.observe(at(t), condition=condition)
    assert alarm.tick(at(3)) == []
    alarm.observe(at(4), condition=True)
    assert len(alarm.tick(at(4))) == 1


@pytest.mark.parametrize("condition", [True, False])
def test_bad_data_freezes_a_delay_and_good_data_lets_it_go_on(condition: bool) -> None:  # noqa: FBT001 - the row
    alarm = alarm_of(on_delay_s=10) if condition else raised(off_delay_s=10)
    alarm.observe(at(1), condition=condition)
    alarm.observe(at(4), condition=None)
    assert alarm.next_deadline() is None
    assert alarm.tick(at(1000)) == []
    alarm.observe(at(1000), condition=condition)
    assert alarm.next_deadline() == 1007
    assert alarm.tick(at(1006.9)) == []
    assert len(alarm.tick(at(1007))) == 1


def test_an_alarm_is_uncertain_while_its_data_is_bad() -> None:
    alarm = alarm_of()
    seen = []
    for t, condition in enumerate((True, None, None, False)):
        alarm.observe(at(t), condition=condition)
        seen.append(alarm.uncertain)
    assert seen == [False, True, True, False]


def test_bad_data_twice_loses_no_time() -> None:
    alarm = alarm_of(on_delay_s=10)
    alarm.observe(at(0), condition=True)
    alarm.observe(at(4), condition=None)
    alarm.observe(at(8), condition=None)
    alarm.observe(at(20), condition=True)
    assert alarm.next_deadline() == 26


def test_a_condition_that_comes_back_in_time_is_chatter_and_no_second_raise() -> None:
    alarm = raised(off_delay_s=10)
    for t, condition in ((1, False), (5, True), (6, False), (9, True), (10, False)):
        assert alarm.observe(at(t), condition=condition)
        assert alarm.tick(at(t)) == []
    (row,) = alarm.tick(at(20))
    assert (row.stimulus, row.chatter, row.count) == (Stimulus.CLEAR, 2, 1)
    assert alarm.record.chatter == 2
    alarm.observe(at(30), condition=True)
    alarm.tick(at(30))
    alarm.observe(at(31), condition=False)
    (row,) = alarm.tick(at(41))
    assert (row.chatter, row.count, alarm.record.chatter) == (0, 2, 2)


def test_an_observation_that_changes_nothing_asks_for_nothing() -> None:
    alarm = raised()
    assert not alarm.observe(at(5), condition=True)
    assert not alarm.observe(at(6), condition=None)


def test_a_raise_keeps_the_first_cause_the_devices_instant_and_its_own() -> None:
    alarm = alarm_of(on_polls=2)
    alarm.observe(at(3), condition=True, cause="island", since=UTC + 2.5)
    alarm.observe(at(8), condition=True, cause="outage", since=UTC + 7)
    (row,) = alarm.tick(at(8))
    assert (row.cause, row.since, row.ts, row.before, row.state) == ("island", UTC + 2.5, UTC + 8, NORM, UNACK)
    assert (alarm.record.since, alarm.record.raised_ts) == (UTC + 2.5, UTC + 8)


def test_without_the_devices_instant_the_first_sight_counts() -> None:
    alarm = alarm_of(on_polls=2)
    alarm.observe(at(3), condition=True)
    alarm.observe(at(8), condition=True)
    assert alarm.tick(at(8))[0].since == UTC + 3


def test_a_long_cause_is_cut() -> None:
    alarm = alarm_of()
    alarm.observe(at(0), condition=True, cause="x" * 1000)
    assert alarm.tick(at(0))[0].cause == "x" * MAX_TEXT


def test_an_alarm_that_asks_to_be_seen_waits_for_it_without_a_latch() -> None:
    alarm = raised(3, ack=True, off_delay_s=0)
    alarm.observe(at(1), condition=False)
    assert [row.state for row in alarm.tick(at(1))] == [AlarmState.RTNUN]
    alarm.observe(at(2), condition=True)
    assert [row.state for row in alarm.tick(at(2))] == [UNACK]
    alarm.observe(at(3), condition=False)
    alarm.tick(at(3))
    alarm.ack(at(4), OPERATOR)
    assert alarm.record.state is NORM


def test_unseen_and_shelved_it_is_forgotten_when_the_shelf_ends() -> None:
    alarm = raised(3, ack=True, off_delay_s=0)
    alarm.shelve(at(1), OPERATOR, 60)
    alarm.observe(at(2), condition=False)
    assert [row.state for row in alarm.tick(at(2))] == [AlarmState.RTNUN]
    assert [row.state for row in alarm.tick(at(61))] == [NORM]


def test_later_rows_repeat_what_the_raise_said_and_count_no_chatter() -> None:
    alarm = raised(9, off_delay_s=10)
    alarm.observe(at(1), condition=False)
    alarm.observe(at(2), condition=True, cause="another", since=UTC + 2)
    row = alarm.ack(at(3), OPERATOR)
    assert isinstance(row, Transition)
    assert (row.cause, row.since, row.first_out, row.chatter, row.count) == (None, UTC, False, 0, 1)
    alarm.observe(at(4), condition=False)
    (row,) = alarm.tick(at(14))
    assert (row.stimulus, row.chatter) == (Stimulus.LATCH, 1)
    alarm.observe(at(15), condition=True, cause="another", since=UTC + 15)
    assert [(row.cause, row.since) for row in alarm.tick(at(15))] == [("another", UTC + 15)]


def test_rows_before_a_new_raise_tell_of_the_old_one() -> None:
    alarm = alarm_of(9, on_polls=2)
    for t, condition in enumerate((True, True, False)):
        alarm.observe(at(t), condition=condition, cause="old")
        alarm.tick(at(t))
    alarm.observe(at(3), condition=True, cause="new", since=UTC + 3)
    row = alarm.ack(at(4), OPERATOR)
    assert isinstance(row, Transition)
    assert (row.cause, row.since) == ("old", UTC)


def test_who_acknowledged_is_kept() -> None:
    alarm = raised(9)
    row = alarm.ack(at(7), OPERATOR)
    assert isinstance(row, Transition)
    assert (row.actor, alarm.record.acked_by, alarm.record.acked_ts) == (OPERATOR, OPERATOR, UTC + 7)
    again = alarm.ack(at(8), OPERATOR)
    assert again == Refused("not_supported", "there is nothing to acknowledge")


def test_a_reset_is_refused_with_the_reason_while_the_condition_holds() -> None:
    alarm = alarm_of(9)
    alarm.observe(at(0), condition=True, cause="gfdi")
    alarm.tick(at(0))
    assert alarm.reset(at(1), OPERATOR) == Refused("condition_active", "the condition still holds: gfdi")


def test_a_reset_is_refused_while_the_condition_may_only_be_pausing() -> None:
    alarm = raised(9, off_delay_s=10)
    alarm.observe(at(1), condition=False)
    refused = alarm.reset(at(2), OPERATOR)
    assert isinstance(refused, Refused)
    assert refused.code == "condition_active"


def test_a_reset_is_refused_when_the_condition_is_back_and_not_yet_raised() -> None:
    alarm = alarm_of(9, on_polls=2)
    for t, condition in enumerate((True, True, False, True)):
        alarm.observe(at(t), condition=condition)
        alarm.tick(at(t))
    assert alarm.record.state is AlarmState.LATCHED_UNACK
    refused = alarm.reset(at(4), OPERATOR)
    assert isinstance(refused, Refused)
    assert refused.code == "condition_active"


def test_a_reset_without_a_latch_has_nothing_to_do() -> None:
    assert alarm_of(9).reset(at(0), OPERATOR) == Refused("not_supported", "there is nothing to reset")


def test_a_reset_on_unknown_data_is_refused() -> None:
    alarm = raised(9)
    alarm.observe(at(1), condition=False)
    alarm.tick(at(1))
    alarm.observe(at(2), condition=None)
    refused = alarm.reset(at(3), OPERATOR)
    assert refused == Refused("no_answer", "it is not known whether the condition is gone")


def test_a_shelf_ends_by_itself() -> None:
    alarm = raised()
    row = alarm.shelve(at(1), OPERATOR, 60)
    assert isinstance(row, Transition)
    assert (row.suppression, row.until_ts, row.actor) == (Suppression.SHELVED, UTC + 61, OPERATOR)
    assert alarm.next_deadline() == 61
    assert alarm.tick(at(60.9)) == []
    (row,) = alarm.tick(at(61))
    assert (row.stimulus, row.suppression, row.state) == (Stimulus.UNSHELVE, Suppression.NONE, UNACK)
    assert alarm.next_deadline() is None


def test_what_was_acknowledged_before_the_shelf_asks_again_after_it() -> None:
    alarm = raised()
    alarm.ack(at(1), OPERATOR)
    alarm.shelve(at(2), OPERATOR, 60)
    (row,) = alarm.tick(at(62))
    assert (row.before, row.state) == (AlarmState.ACKED, UNACK)


def test_a_shelved_alarm_is_followed() -> None:
    alarm = raised(off_delay_s=0)
    alarm.shelve(at(1), OPERATOR, 60)
    alarm.observe(at(2), condition=False)
    assert [row.state for row in alarm.tick(at(2))] == [NORM]
    assert alarm.record.suppression is Suppression.SHELVED
    alarm.observe(at(3), condition=True)
    assert [(row.state, row.suppression) for row in alarm.tick(at(3))] == [(UNACK, Suppression.SHELVED)]


def test_a_one_shot_shelf_ends_when_the_alarm_clears() -> None:
    alarm = raised(off_delay_s=0)
    alarm.shelve(at(1), OPERATOR, 60, one_shot=True)
    alarm.observe(at(2), condition=False)
    assert [row.stimulus for row in alarm.tick(at(2))] == [Stimulus.CLEAR, Stimulus.UNSHELVE]


def test_a_one_shot_shelf_put_before_the_alarm_waits_for_it() -> None:
    alarm = alarm_of(off_delay_s=0)
    alarm.shelve(at(1), OPERATOR, 60, one_shot=True)
    assert alarm.tick(at(2)) == []
    assert [row.stimulus for row in alarm.tick(at(61))] == [Stimulus.UNSHELVE]


@pytest.mark.parametrize("for_s", [0, -1, 28_800.1, float("nan")])
def test_a_shelf_has_a_longest_time(for_s: float) -> None:
    assert raised(9).shelve(at(1), OPERATOR, for_s) == Refused("out_of_range", "shelve for at most 28800 s")


@pytest.mark.parametrize(("comes_back", "opened"), [(False, True), (True, False)])
def test_a_day_that_starts_within_the_off_delay_opens_the_latch_after_it(*, comes_back: bool, opened: bool) -> None:
    alarm = raised(10, off_delay_s=60)
    alarm.ack(at(1), OPERATOR)
    alarm.observe(at(100), condition=False)
    assert alarm.day_start(at(110)) is None
    assert alarm.tick(at(110)) == []
    if comes_back:
        alarm.observe(at(120), condition=True)
        alarm.observe(at(130), condition=False)
    rows = alarm.tick(at(200))
    assert [row.stimulus for row in rows] == [Stimulus.LATCH, Stimulus.DAY_START][: 1 + opened]
    assert alarm.tick(at(201)) == []


@pytest.mark.parametrize("for_s", [0.1, 28_800])
def test_shelves_up_to_the_longest_are_allowed(for_s: float) -> None:
    assert isinstance(raised(9).shelve(at(1), OPERATOR, for_s), Transition)


def test_a_locked_out_alarm_is_free_after_its_reset() -> None:
    alarm = alarm_of(7, off_delay_s=0)
    for t in range(9):
        alarm.observe(at(t), condition=t % 2 == 0)
        alarm.tick(at(t))
    alarm.observe(at(9), condition=False)
    assert [row.stimulus for row in alarm.tick(at(9))] == [Stimulus.LATCH]
    alarm.reset(at(10), OPERATOR)
    assert (alarm.record.locked_out, alarm.record.released_ts) == (False, UTC + 10)


def test_an_operator_ends_a_shelf() -> None:
    alarm = raised()
    alarm.shelve(at(1), OPERATOR, 60)
    row = alarm.unshelve(at(2), "bob")
    assert isinstance(row, Transition)
    assert (row.suppression, row.actor) == (Suppression.NONE, "bob")
    assert alarm.next_deadline() is None
    assert alarm.unshelve(at(3), "bob") == Refused("not_supported", "the alarm is not shelved")


def test_out_of_service_outlasts_a_shelf() -> None:
    alarm = raised()
    alarm.shelve(at(1), OPERATOR, 60)
    row = alarm.remove(at(2), "bob")
    assert isinstance(row, Transition)
    assert row.suppression is Suppression.OUT_OF_SERVICE
    assert [row.suppression for row in alarm.tick(at(61))] == [Suppression.OUT_OF_SERVICE]
    assert alarm.remove(at(62), "bob") == Refused("duplicate", "the alarm is out of service already")
    row = alarm.place(at(63), "bob")
    assert isinstance(row, Transition)
    assert row.suppression is Suppression.NONE
    assert alarm.place(at(64), "bob") == Refused("not_supported", "the alarm is in service")


def test_only_so_many_raises_are_remembered() -> None:
    alarm = alarm_of(off_delay_s=0)
    for t in range(MAX_OCCURRENCES * 2 + 10):
        alarm.observe(at(t), condition=t % 2 == 0)
        alarm.tick(at(t))
    assert len(alarm.record.occurrences) == MAX_OCCURRENCES
    assert alarm.record.count == MAX_OCCURRENCES + 5
    assert alarm.record.occurrences[-1] == UTC + MAX_OCCURRENCES * 2 + 8


def test_a_transition_has_a_name_of_its_own() -> None:
    alarm = alarm_of(off_delay_s=0)
    alarm.observe(at(0), condition=True)
    (first,) = alarm.tick(at(0))
    alarm.observe(at(0), condition=False)
    (second,) = alarm.tick(at(0))
    assert (first.id, second.id) == ("1782000000000-1", "1782000000000-2")


def test_delays_follow_the_loop_when_the_wall_clock_is_stepped() -> None:
    alarm = raised(off_delay_s=10)
    alarm.observe(at(1), condition=False)
    stepped = type(at(0))(loop_s=2, utc_s=UTC + 86_400)
    assert alarm.tick(stepped) == []
    assert alarm.next_deadline() == 11
