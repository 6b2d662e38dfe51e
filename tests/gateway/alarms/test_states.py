import pytest

from gateway.alarms.states import ACK_FREE, ACTIVE, LATCHED, REVEALED, TRANSITIONS, AlarmState, Stimulus

OPERATORS_EDGES = [
    ("norm", "raise", "unack"),
    ("unack", "ack", "acked"),
    ("unack", "clear", "rtnun"),
    ("unack", "latch", "latched_unack"),
    ("acked", "clear", "norm"),
    ("acked", "latch", "latched_acked"),
    ("acked", "realarm", "unack"),
    ("rtnun", "ack", "norm"),
    ("rtnun", "raise", "unack"),
    ("latched_unack", "ack", "latched_acked"),
    ("latched_unack", "raise", "unack"),
    ("latched_acked", "raise", "unack"),
    ("latched_unack", "reset", "rtnun"),
    ("latched_acked", "reset", "norm"),
    ("latched_unack", "day_start", "rtnun"),
    ("latched_acked", "day_start", "norm"),
]


@pytest.mark.parametrize(("before", "stimulus", "after"), OPERATORS_EDGES)
def test_the_table_is_that_of_the_standard(before: str, stimulus: str, after: str) -> None:
    assert TRANSITIONS[AlarmState(before), Stimulus(stimulus)] is AlarmState(after)


def test_nothing_but_these_edges_a_lockout_and_a_new_judgement_moves_an_alarm() -> None:
    listed = {(AlarmState(before), Stimulus(stimulus)) for before, stimulus, _ in OPERATORS_EDGES}
    judged = {(state, s) for state in AlarmState for s in (Stimulus.RECONFIGURED, Stimulus.REPLACED)}
    assert set(TRANSITIONS) == listed | judged | {(AlarmState.UNACK, Stimulus.LOCKOUT)}


def test_a_new_judgement_begins_at_normal() -> None:
    after = {TRANSITIONS[state, Stimulus.REPLACED] for state in AlarmState}
    assert after == {AlarmState.NORM}


def test_without_acknowledgement_only_the_clearing_differs() -> None:
    differs = {key for key in TRANSITIONS if TRANSITIONS[key] is not ACK_FREE[key]}
    assert differs == {(AlarmState.UNACK, Stimulus.CLEAR)}
    assert ACK_FREE[AlarmState.UNACK, Stimulus.CLEAR] is AlarmState.NORM


def test_no_latch_opens_but_by_a_reset_a_new_day_or_a_new_judgement() -> None:
    opening = {s for (state, s), after in TRANSITIONS.items() if state in LATCHED and after not in ACTIVE | LATCHED}
    assert opening == {Stimulus.RESET, Stimulus.DAY_START, Stimulus.RECONFIGURED, Stimulus.REPLACED}


def test_shown_again_an_alarm_is_as_its_condition_says_and_a_latch_holds() -> None:
    shown = {state: REVEALED.get(state, state) for state in AlarmState}
    assert shown[AlarmState.ACKED] is AlarmState.UNACK
    assert shown[AlarmState.RTNUN] is AlarmState.NORM
    assert all(shown[state] is state for state in LATCHED)
