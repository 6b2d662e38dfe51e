"""An engine that was killed goes on where it stopped."""

from gateway.alarms.command import Action
from gateway.alarms.engine import Engine, Observation, Snapshot
from gateway.alarms.plant import Plant
from gateway.alarms.record import Moment, Record
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from tests.gateway.alarms.bench import CATALOGUE, UTC, Bench, after, at


def restarted(bench: Bench, t: float, loop_s: float = 0.0) -> Bench:
    """Rebuild an engine from the rows alone, at a time, on a loop that has just begun."""
    other = Bench(catalogue=bench.catalogue)
    other.plant = bench.plant
    other.engine = Engine(bench.catalogue, bench.plant)
    other.engine.restore(after(bench.rows))
    other.engine.resume(Moment(loop_s, UTC + t))
    return other


def test_the_rows_give_the_same_alarms_and_the_next_number() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True, 3: True})
    bench.command(1, Action.ACK, "a1", 9)
    other = restarted(bench, 60)
    assert other.engine.snapshot() == bench.engine.snapshot()
    assert all(standing.uncertain for standing in other.engine.standing())
    other.command(5, Action.ACK, "a1", 3)
    assert other.rows[-1].seq == bench.rows[-1].seq + 1


def test_a_snapshot_and_the_later_rows_do_too() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True})
    snapshot = bench.engine.snapshot()
    later = len(bench.rows)
    bench.see(5, "a1", {9: False})
    other = Engine(CATALOGUE, bench.plant)
    other.restore(after(bench.rows[later:], snapshot))
    assert other.snapshot() == bench.engine.snapshot()


def test_a_standing_alarm_is_not_raised_again_and_clears_when_seen_clear() -> None:
    bench = Bench()
    bench.see(0, "a1", {3: True})
    other = restarted(bench, 60)
    assert other.see(5, "a1", {3: True}) == ()
    other.see(10, "a1", {3: False})
    assert [row.stimulus for row in other.tick(11)] == [Stimulus.CLEAR]


def test_silence_after_a_restart_clears_nothing() -> None:
    bench = Bench()
    bench.see(0, "a1", {3: True})
    other = restarted(bench, 60)
    other.see(5, "a1", {3: None})
    assert other.tick(10_000) == ()
    assert other.state("a1", 3) is AlarmState.UNACK


def test_an_alarm_that_went_while_the_gateway_was_down_clears() -> None:
    bench = Bench()
    bench.see(0, "a1", {1: True})
    other = restarted(bench, 600)
    assert other.see(5, "a1", {1: False}) == ()
    assert other.engine.next_deadline() == 15


def test_a_latch_survives_and_is_reset_only_when_the_condition_is_known() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True})
    bench.see(5, "a1", {9: False})
    other = restarted(bench, 60)
    refused = other.command(1, Action.RESET, "a1", 9)
    assert refused is not None
    assert refused.code == "no_answer"
    other.see(2, "a1", {9: False})
    assert other.command(3, Action.RESET, "a1", 9) is None


def test_a_shelf_ends_at_its_time_also_when_that_passed_meanwhile() -> None:
    bench = Bench()
    bench.see(0, "a1", {3: True})
    bench.command(10, Action.SHELVE, "a1", 3)
    other = restarted(bench, 86_400, loop_s=500)
    assert other.engine.next_deadline() == 510
    late = restarted(bench, 200_000, loop_s=500)
    assert late.engine.next_deadline() == 500
    assert [row.stimulus for row in late.engine.tick(Moment(500, UTC + 200_000))] == [Stimulus.UNSHELVE]


def test_the_age_of_an_alarm_goes_on() -> None:
    bench = Bench()
    bench.see(0, "a1", {101: True})
    other = restarted(bench, 28_000, loop_s=7)
    assert other.engine.next_deadline() == 807


def test_a_repeated_reminder_begins_anew_with_data() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True})
    bench.command(1, Action.ACK, "a1", 9)
    other = restarted(bench, 60)
    assert other.engine.next_deadline() is None
    other.see(3, "a1", {9: True})
    assert other.engine.next_deadline() == 86_403


def test_a_clock_that_went_back_makes_nothing_older_than_it_is() -> None:
    bench = Bench()
    bench.see(0, "a1", {101: True})
    other = restarted(bench, -3600, loop_s=7)
    assert other.engine.next_deadline() == 7 + 28_800


def test_lockout_and_counts_survive() -> None:
    bench = Bench()
    for n in range(5):
        bench.see(n * 100, "a1", {7: True})
        bench.see(n * 100 + 1, "a1", {7: False})
        bench.tick(n * 100 + 61)
    other = restarted(bench, 1000)
    assert other.engine.snapshot() == bench.engine.snapshot()
    assert other.state("a1", 7) is AlarmState.LATCHED_UNACK
    other.see(1, "a1", {7: False})
    other.do(2, "day", "a1", 7)
    assert other.state("a1", 7) is AlarmState.RTNUN


def test_the_group_that_was_begun_keeps_its_first() -> None:
    bench = Bench({"a": 20})
    bench.see(0, "a1", {4: True})
    other = restarted(bench, 2, loop_s=2)
    other.see(3, "a2", {4: True})
    assert [row.first_out for row in other.rows] == [False]


def test_the_first_of_before_can_be_overtaken_and_a_second_is_no_first() -> None:
    bench = Bench({"a": 20})
    for t, unit, since in ((0, "a1", 2.0), (3, "a2", 3.0)):
        bench.keep(bench.engine.observe(at(t), Observation(unit, 4, True, since=UTC + since)))
    other = restarted(bench, 4, loop_s=4)
    other.keep(other.engine.observe(at(5), Observation("a3", 4, True, since=UTC + 2.5)))
    other.keep(other.engine.observe(at(6), Observation("a4", 4, True, since=UTC + 1.0)))
    assert [(row.subject, row.stimulus, row.first_out) for row in other.rows] == [
        ("a3", Stimulus.RAISE, False),
        ("a4", Stimulus.RAISE, True),
        ("a1", Stimulus.OVERTAKEN, False),
    ]


def test_raises_of_before_make_a_group_with_later_ones() -> None:
    bench = Bench({"a": 9})
    for unit in ("a1", "a2"):
        bench.see(0, unit, {6: True})
    other = restarted(bench, 20, loop_s=20)
    other.see(30, "a3", {6: True})
    assert other.shown() == [("a3", 6), ("branch/a", 6)]


def test_an_outage_stays_one_alarm() -> None:
    bench = Bench({"a": 4})
    for t in (0, 5, 10):
        for n in range(4):
            bench.see(t, f"a{n + 1}", {2: True})
    bench.tick(20)
    other = restarted(bench, 30)
    for n in range(4):
        other.see(n, f"a{n + 1}", {2: True})
    other.tick(100)
    assert other.rows == []
    assert other.suppression("a1", 2) is Suppression.BY_DESIGN


def test_alarms_of_what_is_no_more_are_dropped() -> None:
    bench = Bench({"a": 2})
    bench.see(0, "a1", {3: True})
    bench.see(0, "a2", {3: True})
    other = Engine(CATALOGUE, Plant({"roof": {"a": ("a2",)}}))
    other.restore(after(bench.rows))
    assert [s.record.subject for s in other.standing()] == ["a2"]
    snapshot = Snapshot(7, (Record("gone", 3), Record("a2", 999)))
    other.restore(snapshot)
    assert other.snapshot().seq == 7
