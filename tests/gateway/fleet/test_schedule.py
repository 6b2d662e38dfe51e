from itertools import pairwise
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.fleet.schedule import BURST_S, UNASKED_S, Job, Schedule

PROBE_S = 60.0


def simulate(
    schedule: Schedule, dead: set[int], until: float, talk_s: float, dead_s: float, start: float = 0.0
) -> list[tuple[float, Job]]:
    """Run the schedule against units that answer in `talk_s` or never, which costs `dead_s`."""
    now, log = start, []
    while now < until:
        step = schedule.next(now, PROBE_S)
        if isinstance(step, float):
            assert step > now
            now = step
            continue
        log.append((now, step))
        ended = now + (dead_s if step.unit in dead else talk_s)
        schedule.report(step, now, ended, answered=step.unit not in dead)
        now = ended
    return log


def starts(log: list[tuple[float, Job]], unit: int, item: int = 0) -> list[float]:
    return [at for at, job in log if job.unit == unit and job.item == item]


def test_a_link_with_time_to_spare_keeps_the_period_exactly() -> None:
    schedule = Schedule(3, (5.0,), probe_share=0.1, now=0.0)
    log = simulate(schedule, set(), 60.0, talk_s=0.5, dead_s=1.0)
    assert starts(log, 1) == [0.5 + 5 * n for n in range(12)]
    assert schedule.cycle_s == 5.0


def test_a_link_without_time_to_spare_stretches_the_cycle_and_says_so() -> None:
    schedule = Schedule(10, (5.0,), probe_share=0.1, now=0.0)
    log = simulate(schedule, set(), 200.0, talk_s=1.0, dead_s=1.0)
    assert [job.unit for _, job in log[:30]] == [*range(10)] * 3
    assert schedule.cycle_s == 10.0


def test_slow_items_keep_their_own_period() -> None:
    schedule = Schedule(2, (5.0, 60.0), probe_share=0.1, now=0.0)
    log = simulate(schedule, set(), 600.0, talk_s=0.1, dead_s=1.0)
    assert len(starts(log, 0, item=0)) == 120
    assert len(starts(log, 0, item=1)) == 10


def test_a_silent_unit_is_probed_with_doubling_pauses_up_to_the_probe_period() -> None:
    schedule = Schedule(2, (5.0,), probe_share=0.5, now=0.0)
    at = starts(simulate(schedule, {1}, 400.0, talk_s=0.1, dead_s=1.0), 1)
    assert [round(b - a) for a, b in pairwise(at)][:8] == [5, 5, 10, 20, 40, 60, 60, 60]


def test_a_probe_that_is_answered_makes_everything_due() -> None:
    schedule = Schedule(2, (5.0, 60.0), probe_share=0.5, now=0.0)
    simulate(schedule, {1}, 100.0, talk_s=0.1, dead_s=1.0)
    log = simulate(schedule, set(), 200.0, talk_s=0.1, dead_s=1.0, start=100.0)
    back = [(at, job) for at, job in log if job.unit == 1]
    assert back[0][1].probe
    assert [(job.item, job.probe) for _, job in back[1:3]] == [(0, False), (1, False)]


def test_with_nobody_to_protect_probes_are_bounded_by_their_period_alone() -> None:
    schedule = Schedule(10, (5.0,), probe_share=0.01, now=0.0)
    log = simulate(schedule, set(range(10)), 7200.0, talk_s=0.1, dead_s=2.0)
    assert 110 <= len(starts(log, 3)) <= 130


def test_a_pause_of_the_link_leaves_no_backlog_and_no_long_cycle() -> None:
    schedule = Schedule(2, (5.0,), probe_share=0.1, now=0.0)
    simulate(schedule, set(), 20.0, talk_s=0.1, dead_s=1.0)
    schedule.resume(1000.0)
    log = simulate(schedule, set(), 1020.0, talk_s=0.1, dead_s=1.0, start=1000.0)
    assert starts(log, 0) == [1000.0, 1005.0, 1010.0, 1015.0]
    assert schedule.cycle_s == 5.0


@st.composite
def plants(draw: st.DrawFn) -> tuple[int, set[int], float, float, float, float]:
    units = draw(st.integers(2, 20))
    dead = draw(st.sets(st.integers(0, units - 1), max_size=units - 1))
    period_s = draw(st.floats(1.0, 60.0))
    talk_s = draw(st.floats(0.05, 2.0))
    dead_s = draw(st.floats(0.1, 4.0))
    share = draw(st.floats(0.02, 0.5))
    return units, dead, period_s, talk_s, dead_s, share


@given(plants())
def test_nobody_starves_and_the_dead_cost_no_more_than_their_share(
    plant: tuple[int, set[int], float, float, float, float],
) -> None:
    units, dead, period_s, talk_s, dead_s, share = plant
    schedule = Schedule(units, (period_s,), probe_share=share, now=0.0)
    until = 20 * period_s + 100.0
    log = simulate(schedule, dead, until, talk_s, dead_s)
    free_s = 2 * len(dead) * dead_s  # two misses that show that a unit is dead
    spent_s = sum(dead_s for _, job in log if job.unit in dead)
    assert spent_s <= share * (until + dead_s + BURST_S) + free_s + dead_s
    live = units - len(dead)
    longest_s = max(period_s, live * talk_s / (1 - share)) + free_s + 2 * dead_s + talk_s + share * BURST_S
    for unit in set(range(units)) - dead:
        at = [*starts(log, unit), until]
        assert at[0] <= live * talk_s + free_s
        assert max(b - a for a, b in pairwise(at)) <= longest_s
    for unit in dead:
        assert len(starts(log, unit)) >= 2  # the dead are not forgotten either


def test_a_postponed_item_stays_so_when_its_unit_joins_anew() -> None:
    schedule = Schedule(1, (5.0, 60.0), probe_share=0.1, now=0.0)
    for item in (0, 1):
        schedule.report(Job(0, item, probe=False), 0.0, 0.1, answered=True)
    schedule.postpone(0, 1, 100.0)
    schedule.hasten(0, 20.0)
    assert schedule.next(20.0, 60.0) == Job(0, 0, probe=False)
    schedule.report(Job(0, 0, probe=False), 20.0, 20.1, answered=True)
    assert schedule.next(20.1, 60.0) == 25.0
    for at in range(25, 100, 5):
        assert schedule.next(at, 60.0) == Job(0, 0, probe=False)
        schedule.report(Job(0, 0, probe=False), at, at + 0.1, answered=True)
    assert schedule.next(100.0, 60.0) in (Job(0, 0, probe=False), Job(0, 1, probe=False))
    schedule.hasten(0, 130.0)
    schedule.report(Job(0, 0, probe=False), 130.0, 130.1, answered=True)
    assert schedule.next(130.1, 60.0) == Job(0, 1, probe=False)


HOUR_S = 3600.0


def lossy_day(
    units: int, away: dict[int, tuple[float, float]], *, period_s: float, share: float, loss: float, seed: int
) -> dict[int, list[tuple[float, bool]]]:
    """Run a schedule for LONG_S against units that are `away` for a while and whose answers get lost.

    Return when each was asked, and whether it was there.
    """
    rng, schedule = Random(seed), Schedule(units, (period_s, HOUR_S), probe_share=share, now=0.0)
    now, asked = 0.0, {unit: list[tuple[float, bool]]() for unit in range(units)}
    while now < LONG_S:
        step = schedule.next(now, 300.0)
        if isinstance(step, float):
            now = step
            continue
        left, back = away.get(step.unit, (0.0, 0.0))
        there = not left <= now < back
        answered = there and rng.random() >= loss
        asked[step.unit].append((now, there))
        ended = now + (TALK_S if answered else MISS_S)
        schedule.report(step, now, ended, answered=answered)
        if step.probe and answered:
            schedule.hasten(step.unit, ended)
        now = ended
    return asked


LONG_S = 5 * HOUR_S
TALK_S, MISS_S = 0.6, 6.3  # of a ZigBee link: an answer; a probe with its repeats


@given(
    units=st.integers(2, 60),
    gone=st.floats(0.0, 1.0),
    period_s=st.floats(5.0, 1800.0),
    share=st.floats(0.01, 0.5),
    loss=st.floats(0.0, 0.5),
    seed=st.integers(0, 1000),
)
@settings(max_examples=15, deadline=None)
@example(units=100, gone=0.95, period_s=5.0, share=0.01, loss=0.0, seed=1)
@example(units=100, gone=0.5, period_s=1800.0, share=0.01, loss=0.5, seed=2)
def test_no_unit_that_can_be_reached_goes_an_hour_without_a_poll(
    units: int, gone: float, period_s: float, share: float, loss: float, seed: int
) -> None:
    rng = Random(seed)
    away = {unit: (rng.uniform(0, HOUR_S), rng.uniform(2, 6) * HOUR_S) for unit in range(round(gone * units))}
    asked = lossy_day(units, away, period_s=period_s, share=share, loss=loss, seed=seed)
    for unit, times in asked.items():
        left, back = away.get(unit, (0.0, 0.0))
        heard = [0.0, *(at for at, here in times if here), LONG_S]
        gaps = [b - max(a, back) if a < left <= b else b - a for a, b in pairwise(heard)]
        assert max(gaps) < HOUR_S, f"unit {unit}, away from {left:.0f} to {back:.0f} s"


def test_commands_may_keep_polls_waiting_but_not_for_an_hour() -> None:
    schedule = Schedule(2, (5.0,), probe_share=0.1, now=0.0)
    schedule.report(Job(0, 0, probe=False), 100.0, 100.1, answered=True)
    assert not schedule.pressing(UNASKED_S - 1)
    assert schedule.pressing(UNASKED_S)
    schedule.report(Job(1, 0, probe=False), UNASKED_S, UNASKED_S + 0.1, answered=True)
    assert not schedule.pressing(UNASKED_S + 99)
    schedule.resume(UNASKED_S + 50)
    assert not schedule.pressing(2 * UNASKED_S + 49)
    assert schedule.pressing(2 * UNASKED_S + 50)


def test_of_units_that_are_due_together_the_longest_unasked_goes_first() -> None:
    schedule = Schedule(3, (5.0,), probe_share=0.1, now=0.0)
    for at, unit in enumerate((2, 0, 1)):
        schedule.report(Job(unit, 0, probe=False), at, at + 0.5, answered=True)
    for start in range(10, 100, 10):  # a link that opens again and again before all were asked
        schedule.resume(start)
        first = schedule.next(start, PROBE_S)
        assert isinstance(first, Job)
        assert first.unit == (2, 0, 1)[(start // 10 - 1) % 3]
        schedule.report(first, start, start + 0.5, answered=True)
