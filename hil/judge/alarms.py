"""Alarms: their changes, as events on MQTT, and their lists."""

from collections.abc import Iterator
from typing import Any

from config.scenario import Alarm, Listed
from gateway.alarms.states import Stimulus
from hil.judge.facts import Question, place, seen_at
from hil.verdict import Judgement, Span, Verdict

_KINDS = {
    "raised": Stimulus.RAISE,
    "cleared": Stimulus.CLEAR,
    "latched": Stimulus.LATCH,
    "acked": Stimulus.ACK,
    "reset": Stimulus.RESET,
    "locked_out": Stimulus.LOCKOUT,
    "suppressed": Stimulus.SUPPRESS,
}


def changed(asked: Alarm, question: Question) -> Judgement:
    """Judge a change of an alarm."""
    what = f"alarm {asked.code or 'of any code'} of {asked.of} {asked.becomes.replace('_', ' ')}"
    resolution_s = question.facts.poll_s(asked.of)
    found = question.weigh(_spans(asked, question, resolution_s), what, resolution_s)
    if found.verdict is Verdict.FAIL and found.span is None:
        return question.answer(found.verdict, found.expected, _others(asked, question))
    return found


def _spans(asked: Alarm, question: Question, resolution_s: float) -> Iterator[Span]:
    wanted = _KINDS[asked.becomes].value
    for heard in question.trace.on(f"{place(asked.of)}/event"):
        said = heard.said()
        if _is_alarm(said) and said["kind"] == wanted and asked.code in {None, said["code"]}:
            at_s = question.facts.instant(said.get("ts"), heard)
            yield seen_at(at_s, resolution_s, f"alarm {said['code']} {asked.becomes}")


def _is_alarm(said: Any) -> bool:
    return isinstance(said, dict) and {"kind", "code"} <= said.keys()


def _others(asked: Alarm, question: Question) -> str:
    """Tell what was heard of the subject's alarms instead."""
    told = [
        f"{said['code']} {said['kind']} at {heard.at_s:.1f} s"
        for heard in question.trace.on(f"{place(asked.of)}/event")
        if _is_alarm(said := heard.said())
    ]
    return f"nothing of it; of {asked.of} there was {', '.join(told[-6:]) or 'no word of any alarm'}"


def listed(asked: Listed, question: Question) -> Judgement:
    """Judge which alarms are listed at the end of the window."""
    expected = f"alarms listed of {asked.of}: {_codes(asked.codes)}"
    before = [each for each in question.trace.on(f"{place(asked.of)}/alarms") if each.at_s <= question.window.closes]
    if not before or question.window.closes > question.trace.ended_s:
        return question.answer(Verdict.INCONCLUSIVE, expected, "no list by then")
    shown = sorted(alarm["code"] for alarm in before[-1].said() or [])
    verdict = Verdict.PASS if (shown == sorted(asked.codes)) is not question.expectation.never else Verdict.FAIL
    return question.answer(verdict, expected, _codes(shown), before[-1].at_s)


def _codes(codes: Any) -> str:
    return ", ".join(map(str, codes)) or "none"
