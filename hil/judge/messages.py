"""Messages: what the gateway says on a topic, and what it answers to an operator."""

from collections.abc import Iterator
from typing import Any

from config.scenario import Answer, Comparison, Mqtt
from hil.judge.facts import SAID_S, Question
from hil.trace import Heard
from hil.verdict import Judgement, Span, Verdict


def said(asked: Mqtt, question: Question) -> Judgement:
    """Judge a value on a topic."""
    what = f"{asked.topic}{f' {asked.path}' if asked.path else ''} {_words(asked)}"
    heard = question.trace.on(asked.topic)
    if asked.throughout:
        return _throughout(asked, heard, what, question)
    found = question.weigh(_spans(asked, heard), what, SAID_S)
    if found.verdict is Verdict.FAIL and found.span is None:
        last = value_at(heard[-1].said(), asked.path) if heard else "nothing"
        return question.answer(found.verdict, found.expected, f"last {last!r}")
    return found


def _spans(asked: Mqtt, heard: list[Heard]) -> Iterator[Span]:
    for message in heard:
        value = value_at(message.said(), asked.path)
        if holds(asked, value):
            yield Span(message.at_s, message.at_s, f"{value!r}")


def _throughout(asked: Mqtt, heard: list[Heard], what: str, question: Question) -> Judgement:
    window = question.window
    inside = [each for each in heard if window.from_s <= each.at_s <= window.closes]
    for message in inside:
        value = value_at(message.said(), asked.path)
        if not holds(asked, value):
            at_s = message.at_s
            return question.answer(Verdict.FAIL, f"{what} throughout", f"{value!r} after {at_s:.1f} s", at_s)
    if not inside or window.closes > question.trace.ended_s:
        return question.answer(Verdict.INCONCLUSIVE, f"{what} throughout", "not seen to the end of the window")
    return question.answer(Verdict.PASS, f"{what} throughout", f"so in each of {len(inside)} messages")


def _words(asked: Comparison) -> str:
    given = {"above": asked.above, "below": asked.below, "equals": asked.equals}
    return " and ".join(f"{name} {value}" for name, value in given.items() if value is not None)


def value_at(said: Any, path: str) -> Any:
    """Return the value at a dotted path; None where there is none."""
    for part in path.split(".") if path else ():
        match said:
            case dict():
                said = said.get(part)
            case list() if part.isdigit() and int(part) < len(said):
                said = said[int(part)]
            case _:
                return None
    return said


def holds(asked: Comparison, value: Any) -> bool:
    """Tell whether a value is as asked; a text is compared as JSON writes it."""
    if asked.equals is not None and _text(value) != asked.equals:
        return False
    if asked.above is None and asked.below is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (asked.above is None or value > asked.above) and (asked.below is None or value < asked.below)


def _text(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def answered(asked: Answer, question: Question) -> Judgement:
    """Judge the answer to an operator's request, which bears the event's id."""
    wanted = asked.status + (f" {asked.error}" if asked.error else "")
    what, other = f"answer to {asked.to}: {wanted}", ""
    spans: list[Span] = []
    for heard in question.trace.below("bridge/response/alarm"):
        other = _answer(heard, asked, spans) or other
    for heard in question.trace.below("bridge/response/command"):
        other = _answer(heard, asked, spans) or other
    found = question.weigh(spans, what, SAID_S)
    if found.verdict is Verdict.FAIL and found.span is None:
        return question.answer(found.verdict, found.expected, other or "no answer")
    return found


def _answer(heard: Heard, asked: Answer, spans: list[Span]) -> str:
    """Add the answer to the spans if it is as asked; else return what it is, if it is for the event at all."""
    said = heard.said()
    if not isinstance(said, dict) or said.get("transaction") != asked.to:
        return ""
    error = (said.get("error") or {}).get("code")
    shown = f"{said.get('status')} {error or ''}".strip()
    if said.get("status") == asked.status and asked.error in {None, error}:
        spans.append(Span(heard.at_s, heard.at_s, shown))
    return shown
