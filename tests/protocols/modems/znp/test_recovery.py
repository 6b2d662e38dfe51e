from protocols.modems.znp.recovery import BACKOFF_S, QUIET_S, Action, Health, Recovery


def climb(recovery: Recovery, times: int) -> list[tuple[Action, Health]]:
    return [(recovery.act(recovery.due_at), recovery.health) for _ in range(times)]


def test_after_a_missed_answer_it_goes_from_pings_to_a_full_start() -> None:
    recovery = Recovery(0.0)
    recovery.missed(10.0)
    assert recovery.due_at == 10.0
    assert climb(recovery, 5) == [
        (Action.PING, Health.SUSPECT),
        (Action.PING, Health.SUSPECT),
        (Action.PING, Health.SUSPECT),
        (Action.SOFT_RESET, Health.STALLED),
        (Action.FULL_START, Health.LOST),
    ]


def test_full_starts_come_at_longer_intervals_without_end() -> None:
    recovery = Recovery(0.0)
    climb(recovery, 4)
    waits = []
    for _ in range(len(BACKOFF_S) + 2):
        at = recovery.due_at
        assert recovery.act(at) is Action.FULL_START
        waits.append(recovery.due_at - at)
    assert waits == [*BACKOFF_S, BACKOFF_S[-1], BACKOFF_S[-1]]


def test_an_answer_makes_all_good() -> None:
    recovery = Recovery(0.0)
    recovery.missed(1.0)
    climb(recovery, 4)
    recovery.heard(9.0)
    assert (recovery.health, recovery.due_at, recovery.recovered) == (Health.OK, 9.0 + QUIET_S, 1)
    assert recovery.act(recovery.due_at) is Action.PING


def test_a_ping_after_silence_is_no_suspicion() -> None:
    recovery = Recovery(0.0)
    assert recovery.due_at == QUIET_S
    assert climb(recovery, 2) == [(Action.PING, Health.OK), (Action.PING, Health.SUSPECT)]


def test_an_answer_to_the_first_ping_is_no_recovery() -> None:
    recovery = Recovery(0.0)
    recovery.missed(1.0)
    recovery.act(1.0)
    recovery.heard(1.1)
    assert recovery.recovered == 0


def test_a_chip_that_rebooted_is_started_at_once() -> None:
    recovery = Recovery(0.0)
    recovery.unstarted(5.0)
    assert (recovery.due_at, recovery.act(5.0), recovery.health) == (5.0, Action.SOFT_RESET, Health.STALLED)


def test_while_it_climbs_more_misses_change_nothing() -> None:
    recovery = Recovery(0.0)
    recovery.missed(1.0)
    recovery.act(1.0)
    due_at = recovery.due_at
    recovery.missed(1.2)
    assert recovery.due_at == due_at
