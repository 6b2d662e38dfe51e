"""Each code's row of the catalogue, as exact instants: (s, what happens, state after it)."""

import pytest

from gateway.alarms.command import Action
from gateway.alarms.states import AlarmState
from tests.gateway.alarms.bench import Bench, Deed

NORM, UNACK, ACKED = AlarmState.NORM, AlarmState.UNACK, AlarmState.ACKED
RTNUN, LATCHED, SEEN = AlarmState.RTNUN, AlarmState.LATCHED_UNACK, AlarmState.LATCHED_ACKED

Row = tuple[float, Deed, AlarmState]


def clears_after(off_delay_s: float) -> list[Row]:
    return [
        (0, False, NORM),
        (5, True, UNACK),
        (10, True, UNACK),
        (15, False, UNACK),
        (15 + off_delay_s - 0.01, "tick", UNACK),
        (15 + off_delay_s, "tick", NORM),
    ]


def needs_two_polls(off_delay_s: float) -> list[Row]:
    return [
        (0, True, NORM),
        (4.9, "tick", NORM),
        (5, None, NORM),
        (10, False, NORM),
        (15, True, NORM),
        (20, True, UNACK),
        (25, False, UNACK),
        (25 + off_delay_s - 0.01, "tick", UNACK),
        (25 + off_delay_s, "tick", NORM),
    ]


SCENARIOS = [
    pytest.param(1, clears_after(10), id="1 is raised at once and clears after 10 s"),
    pytest.param(2, needs_two_polls(1), id="2 needs two polls and clears after 1 s"),
    pytest.param(3, clears_after(1), id="3 is raised at once and clears after 1 s"),
    pytest.param(4, clears_after(1), id="4 is raised at once and clears after 1 s"),
    pytest.param(5, clears_after(60), id="5 is raised at once and clears after 60 s"),
    pytest.param(6, clears_after(1), id="6 is raised at once and clears after 1 s"),
    pytest.param(7, clears_after(60), id="7 is raised at once and clears after 60 s"),
    pytest.param(8, needs_two_polls(60), id="8 needs two polls and clears after 60 s"),
    pytest.param(
        1,
        [(0, True, UNACK), (5, Action.ACK, ACKED), (10, False, ACKED), (20, "tick", NORM), (21, Action.ACK, NORM)],
        id="1 may be acknowledged",
    ),
    pytest.param(
        9,
        [
            (0, True, UNACK),
            (5, False, LATCHED),
            (10, Action.ACK, SEEN),
            (15, "day", SEEN),
            (20, Action.RESET, NORM),
        ],
        id="9 latches at once, waits through the day's start, goes by a reset",
    ),
    pytest.param(
        9,
        [(0, True, UNACK), (5, Action.RESET, UNACK), (10, Action.ACK, ACKED), (15, Action.RESET, ACKED)],
        id="9 is not reset while the insulation is low",
    ),
    pytest.param(
        9,
        [(0, True, UNACK), (5, False, LATCHED), (10, Action.RESET, RTNUN), (15, Action.ACK, NORM)],
        id="9 that was reset unseen still asks to be acknowledged",
    ),
    pytest.param(
        9,
        [(0, True, UNACK), (5, False, LATCHED), (9, True, UNACK), (12, False, LATCHED), (13, None, LATCHED)],
        id="9 that comes back while latched is raised again",
    ),
    pytest.param(
        9,
        [(0, True, UNACK), (5, False, LATCHED), (6, Action.RESET, RTNUN), (9, True, UNACK)],
        id="9 that comes back after its reset is raised again",
    ),
    pytest.param(
        9,
        [(0, True, UNACK), (5, False, LATCHED), (6, None, LATCHED), (7, Action.RESET, LATCHED), (8, False, LATCHED)],
        id="9 is not reset while nobody knows the insulation",
    ),
    pytest.param(
        9,
        [(0, True, UNACK), (5, Action.ACK, ACKED), (86_404.9, "tick", ACKED), (86_405, "tick", UNACK)],
        id="9 asks again a day after it was acknowledged, if it still stands",
    ),
    pytest.param(
        10,
        [(0, True, UNACK), (5, Action.ACK, ACKED), (10, False, SEEN), (50_000, "day", NORM)],
        id="10 stays until the next day's start",
    ),
    pytest.param(
        10,
        [(0, True, UNACK), (10, False, LATCHED), (50_000, "day", RTNUN), (50_001, Action.ACK, NORM)],
        id="10 unseen overnight asks to be acknowledged",
    ),
    pytest.param(
        10,
        [(0, True, UNACK), (50_000, "day", UNACK), (50_005, False, LATCHED), (50_006, None, LATCHED)],
        id="10 does not go by a day's start that finds the fault still there",
    ),
    pytest.param(
        10,
        [(0, True, UNACK), (5, False, LATCHED), (6, None, LATCHED), (50_000, "day", LATCHED)],
        id="10 does not go by a day's start while its state is unknown",
    ),
    pytest.param(
        10, [(0, True, UNACK), (5, False, LATCHED), (6, Action.RESET, RTNUN)], id="10 goes by a reset as well"
    ),
    pytest.param(
        101, [(0, None, NORM), (5, True, UNACK), (9, None, UNACK), (10, False, NORM)], id="101 clears at once"
    ),
    pytest.param(104, [(0, True, NORM), (5, True, UNACK), (10, False, NORM)], id="104 needs two polls"),
]


@pytest.mark.parametrize(("code", "rows"), SCENARIOS)
def test_a_code_lives_by_its_row(code: int, rows: list[Row]) -> None:
    bench = Bench()
    for t, deed, expected in rows:
        bench.do(t, deed, "a1", code)
        assert bench.state("a1", code) is expected, f"at {t} s"


def test_the_clock_alarm_waits_a_quarter_of_an_hour() -> None:
    bench = Bench()
    bench.see(0, "site", {105: True})
    assert bench.engine.next_deadline() == 900
    assert bench.tick(899.9) == ()
    assert [row.code for row in bench.tick(900)] == [105]


def test_the_link_alarm_waits_half_a_minute() -> None:
    bench = Bench()
    bench.see(0, "gateway/roof", {106: True})
    assert bench.tick(29.9) == ()
    assert [row.code for row in bench.tick(30)] == [106]
    assert [row.state for row in bench.see(31, "gateway/roof", {106: False})] == [NORM]


LOCKOUTS = [
    pytest.param(5, 10, 86_400, id="5 after ten raises in a day"),
    pytest.param(7, 5, 3600, id="7 after five raises in an hour"),
    pytest.param(8, 6, 86_400, id="8 after six raises in a day"),
]


def raise_and_clear(bench: Bench, t: float, code: int, times: int, every_s: float) -> float:
    """Raise and clear so often; return the time after it."""
    for _ in range(times):
        for offset, condition in ((0, True), (5, True), (10, False)):
            bench.see(t + offset, "a1", {code: condition})
        bench.tick(t + 70)
        t += every_s
    return t


@pytest.mark.parametrize(("code", "count", "within_s"), LOCKOUTS)
def test_a_code_that_came_too_often_is_locked_out_until_the_next_day(code: int, count: int, within_s: float) -> None:
    bench = Bench()
    t = raise_and_clear(bench, 0, code, count - 1, 80)
    assert bench.state("a1", code) is NORM
    t = raise_and_clear(bench, t, code, 1, 80)
    assert bench.state("a1", code) is LATCHED
    bench.do(t, Action.ACK, "a1", code)
    bench.do(t + 1, "day", "a1", code)
    assert bench.state("a1", code) is NORM
    raise_and_clear(bench, t + 2, code, count - 1, 80)
    assert bench.state("a1", code) is NORM, "the count begins anew with the day"
    assert within_s > count * 80


@pytest.mark.parametrize(("code", "count", "within_s"), LOCKOUTS)
def test_raises_outside_the_window_lock_nothing_out(code: int, count: int, within_s: float) -> None:
    bench = Bench()
    raise_and_clear(bench, 0, code, count * 2, within_s / (count - 1) + 1)
    assert bench.state("a1", code) is NORM


def test_a_locked_out_alarm_can_be_reset_by_hand() -> None:
    bench = Bench()
    t = raise_and_clear(bench, 0, 7, 5, 80)
    bench.do(t, Action.RESET, "a1", 7)
    assert bench.state("a1", 7) is RTNUN
