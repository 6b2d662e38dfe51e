"""Judges on traces made by hand: rows of what was heard, and the verdict."""

import json
from math import inf
from typing import Any

import pytest

from config.grid_profiles import grid_profile
from config.scenario import Expectation
from hil.judge import Facts, judge
from hil.trace import MAX_HEARD, Gap, Heard, Lamp, Trace
from hil.verdict import Judgement, Verdict

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
ENDED_S = 200.0


def _trace(*rows: tuple[float, str, Any]) -> Trace:
    trace = Trace(ended_s=ENDED_S)
    for at_s, topic, said in rows:
        trace.hear(Heard(at_s, topic, json.dumps(said).encode()))
    return trace


def _judge(trace: Trace, *, at_s: dict[str, float] | None = None, utc: float | None = None, **asked: Any) -> Judgement:
    profile = grid_profile("gb_g98_g99")
    facts = Facts(trace, profile, {"s": 5.0, "other": 10.0}, at_s or {"e": 50.0}, utc)
    return judge(Expectation.model_validate({"since": "e", **asked}), facts)


def _states(*told: tuple[float, str]) -> list[tuple[float, str, Any]]:
    return [(at_s, "inverter/s/state", {"state": state}) for at_s, state in told]


@pytest.mark.parametrize(
    ("told", "asked", "verdict"),
    [
        pytest.param([(48, "running"), (53, "fault")], {"is_in": ["fault"]}, PASS, id="it was entered"),
        pytest.param([(48, "fault"), (53, "fault")], {"is_in": ["fault"]}, PASS, id="it was so already"),
        pytest.param([(48, "running"), (53, "running")], {"is_in": ["fault"]}, FAIL, id="it never was"),
        pytest.param(
            [(48, "fault"), (53, "running")], {"is_in": ["running"], "throughout": True}, PASS, id="throughout"
        ),
        pytest.param(
            [(53, "running"), (58, "fault")], {"is_in": ["running"], "throughout": True}, FAIL, id="not throughout"
        ),
        pytest.param([(48, "running")], {"is_in": ["running"], "throughout": True}, OPEN, id="nobody looked"),
    ],
)
def test_states(told: list[tuple[float, str]], asked: dict[str, Any], verdict: Verdict) -> None:
    assert _judge(_trace(*_states(*told)), state={"of": "s", **asked}, within_s=30).verdict is verdict


def test_what_a_unit_did_out_of_reach_nobody_knows() -> None:
    rows = [*_states((53, "running"), (78, "running")), (60.0, "inverter/s/availability", {"state": "offline"})]
    asked: dict[str, Any] = {"of": "s", "is_in": ["running"], "throughout": True}
    assert _judge(_trace(*rows), state=asked, within_s=30).verdict is OPEN
    assert _judge(_trace(*rows[:2]), state=asked, within_s=30).verdict is PASS


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"alarm": {"of": "s"}, "never": True}, id="that nothing happened"),
        pytest.param({"listed": {"of": "s"}}, id="a list at the end"),
        pytest.param({"state": {"of": "s", "is_in": ["running"], "throughout": True}}, id="what lasted"),
    ],
)
def test_what_was_not_heard_may_speak_against_it(asked: dict[str, Any]) -> None:
    trace = _trace(*_states((53, "running"), (78, "running")), (40.0, "inverter/s/alarms", []))
    assert _judge(trace, within_s=30, **asked).verdict is PASS
    trace.gaps.append(Gap(55, inf))
    found = _judge(trace, within_s=30, **asked)
    assert (found.verdict, "nobody heard the broker meanwhile" in found.seen) == (OPEN, True)


@pytest.mark.parametrize(("never", "verdict"), [(False, PASS), (True, FAIL)], ids=["wanted", "unwanted"])
def test_a_lamp_that_shows_it_already(*, never: bool, verdict: Verdict) -> None:
    trace = _trace(*_states((53, "running")))
    trace.lamps_seen = True
    trace.lamps.append(Lamp(10.0, "s", "red_slow"))
    assert _judge(trace, led={"of": "s", "shows": "red_slow"}, within_s=30, never=never).verdict is verdict


@pytest.mark.parametrize(
    ("told", "window", "verdict"),
    [
        pytest.param([(60, "fault"), (110, "starting"), (115, "running")], (50, 70), PASS, id="in its time"),
        pytest.param([(60, "fault"), (75, "starting"), (80, "running")], (50, 70), FAIL, id="too soon"),
        pytest.param([(60, "fault"), (140, "starting"), (145, "running")], (50, 70), FAIL, id="too late"),
        pytest.param([(60, "fault"), (98, "starting"), (103, "running")], (50, 70), OPEN, id="perhaps too soon"),
        pytest.param([(60, "running"), (115, "running")], (50, 70), FAIL, id="it had never stopped"),
    ],
)
def test_reconnection(told: list[tuple[float, str]], window: tuple[float, float], verdict: Verdict) -> None:
    asked: dict[str, Any] = {"not_before_s": window[0], "within_s": window[1]}
    assert _judge(_trace(*_states(*told)), reconnect={"of": "s"}, **asked).verdict is verdict


@pytest.mark.parametrize(
    ("counts", "asked", "verdict", "seen"),
    [
        pytest.param([(40, 100), (60, 110), (90, 120)], {"at_least_wh": 20}, PASS, "20 Wh", id="enough"),
        pytest.param([(40, 100), (60, 110)], {"at_least_wh": 20}, FAIL, "10 Wh", id="too little"),
        pytest.param([(40, 100), (60, 150)], {"at_most_wh": 20}, FAIL, "50 Wh", id="too much"),
        pytest.param([(40, 100), (60, 110), (90, 105)], {}, FAIL, "fell from 110 to 105", id="it fell"),
        pytest.param([(40, 100), (60, None)], {}, OPEN, "not seen at both ends", id="it was not told"),
    ],
)
def test_energy(counts: list[tuple[float, int | None]], asked: dict[str, Any], verdict: Verdict, seen: str) -> None:
    rows = [(at_s, "inverter/s/state", {"e_total_wh": count}) for at_s, count in counts]
    found = _judge(_trace(*rows), energy={"of": "s", **asked}, within_s=100)
    assert (found.verdict, seen in found.seen) == (verdict, True), found.seen


def _record(at_s: float, took_ms: int, stage: int = 1, opened: str | None = None) -> tuple[float, str, Any]:
    told = {"kind": "record", "code": 5, "stage": stage, "crossed_ms": 1000, "opened_ms": 1000 + took_ms}
    return at_s, "inverter/s/event", {**told, "opened": opened}


@pytest.mark.parametrize(
    ("rows", "asked", "verdict"),
    [
        pytest.param([_record(55, 995)], {"stage": 1}, PASS, id="in the stage's time"),
        pytest.param([_record(55, 850)], {"stage": 1}, FAIL, id="more than a tenth and 40 ms early"),
        pytest.param([_record(55, 1120)], {"stage": 1}, FAIL, id="more than 100 ms late"),
        pytest.param([_record(55, 1100)], {"stage": 1}, OPEN, id="on the edge, by the clock of the record"),
        pytest.param([_record(55, 995, stage=2)], {"stage": 1}, FAIL, id="another stage"),
        pytest.param([_record(45, 995)], {"stage": 1}, FAIL, id="a record from before the event"),
        pytest.param([_record(55, 995)], {"counts_from": "event"}, OPEN, id="from the event, by a clock nobody knows"),
    ],
)
def test_trips(rows: list[tuple[float, str, Any]], asked: dict[str, Any], verdict: Verdict) -> None:
    window: dict[str, Any] = {"not_before_s": 0.9, "within_s": 1.1} if "counts_from" in asked else {}
    assert _judge(_trace(*rows), trip={"of": "s", "code": 5, **asked}, **window).verdict is verdict


def test_a_trip_counted_from_the_event_is_known_by_the_uptime() -> None:
    opened = "2026-06-21T00:01:00.000Z"  # ten seconds after the event
    trip = {"of": "s", "code": 5, "counts_from": "event"}
    utc = 1_782_000_000.0
    found = _judge(_trace(_record(65, 995, opened=opened)), trip=trip, utc=utc, not_before_s=8, within_s=12)
    assert found.verdict is PASS, found.seen


@pytest.mark.parametrize(
    ("listed", "codes", "never", "verdict"),
    [
        pytest.param([9], [9], False, PASS, id="as expected"),
        pytest.param([5, 9], [9], False, FAIL, id="one more"),
        pytest.param([], [], False, PASS, id="none"),
        pytest.param([9], [9], True, FAIL, id="what must not be listed"),
    ],
)
def test_lists(listed: list[int], codes: list[int], *, never: bool, verdict: Verdict) -> None:
    trace = _trace((60.0, "site/alarms", [{"code": code} for code in listed]), (150.0, "site/alarms", [{"code": 1}]))
    assert _judge(trace, listed={"of": "site", "codes": codes}, within_s=50, never=never).verdict is verdict


@pytest.mark.parametrize(
    ("told", "verdict", "seen"),
    [
        pytest.param(
            {"transaction": "e", "status": "error", "error": {"code": "busy"}}, PASS, "busy", id="as expected"
        ),
        pytest.param({"transaction": "e", "status": "ok", "error": None}, FAIL, "ok", id="another answer"),
        pytest.param(
            {"transaction": "x", "status": "error", "error": {"code": "busy"}}, FAIL, "no answer", id="for others"
        ),
    ],
)
def test_answers(told: dict[str, Any], verdict: Verdict, seen: str) -> None:
    trace = _trace((51.0, "bridge/response/alarm", told))
    found = _judge(trace, answer={"to": "e", "status": "error", "error": "busy"}, within_s=10)
    assert (found.verdict, seen in found.seen) == (verdict, True), found.seen


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        pytest.param({"path": "p", "above": 4, "below": 6}, PASS, id="between"),
        pytest.param({"path": "p", "equals": "5"}, PASS, id="a whole number as it is written"),
        pytest.param({"path": "on", "equals": "true"}, PASS, id="a truth"),
        pytest.param({"path": "none", "equals": "null"}, PASS, id="nothing"),
        pytest.param({"path": "list.1.x", "equals": "b"}, PASS, id="deep inside"),
        pytest.param({"path": "on", "above": 0}, FAIL, id="a truth is no number"),
        pytest.param({"path": "p.q.r", "above": 0}, FAIL, id="a path that leads nowhere"),
    ],
)
def test_values(asked: dict[str, Any], verdict: Verdict) -> None:
    said = {"p": 5.0, "on": True, "none": None, "list": [{}, {"x": "b"}]}
    assert _judge(_trace((60.0, "t", said)), mqtt={"topic": "t", **asked}, within_s=20).verdict is verdict


def test_a_note_stands_beside_what_was_expected() -> None:
    found = _judge(_trace(), led={"of": "s", "shows": "red_slow"}, within_s=20, note="§8.7")
    assert found.expected.endswith("(§8.7)")


def test_lamps_that_nobody_sees_are_inconclusive() -> None:
    assert _judge(_trace(), led={"of": "s", "shows": "red_slow"}, within_s=20).verdict is OPEN


def test_a_lamp_is_seen_when_it_changes() -> None:
    trace = _trace()
    trace.lamps_seen = True
    trace.lamps += [Lamp(10, "s", "red_slow"), Lamp(20, "s", "green_slow"), Lamp(58, "s", "red_slow")]
    assert _judge(trace, led={"of": "s", "shows": "red_slow"}, within_s=20).verdict is PASS


@pytest.mark.parametrize("how", ["a gap", "too much"])
def test_what_was_missed_is_no_failure(how: str) -> None:
    trace = _trace()
    trace.gaps = [Gap(55, 60)] if how == "a gap" else []
    trace.overflown = how == "too much"
    assert _judge(trace, alarm={"of": "s", "code": 5}, within_s=20).verdict is OPEN
    trace.gaps, trace.overflown = [], False
    assert _judge(trace, alarm={"of": "s", "code": 5}, within_s=20).verdict is FAIL


def test_a_trace_is_bounded_and_tells_that_it_is_full() -> None:
    trace = Trace()
    message = Heard(0.0, "t", b"")
    for _ in range(MAX_HEARD + 1):
        trace.hear(message)
    assert (len(trace.heard), trace.overflown) == (MAX_HEARD, True)
