"""Judges a run by its trace, after it has ended. Pure: the same for an emulated plant and for a bench."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from config.scenario import Expectation
from hil.judge import alarms, energy, messages, trips, units
from hil.judge.facts import Facts, Question
from hil.judge.untold import subject, untold
from hil.verdict import Judgement, Verdict

__all__ = ["Facts", "judge"]


def judge(expectation: Expectation, facts: Facts) -> Judgement:
    """Return what came of an expectation."""
    window = facts.window(expectation)
    question = Question(expectation, window, facts)
    if (why := untold(expectation, facts.vendors)) is not None:
        return question.answer(Verdict.ABSENT, f"{', '.join(expectation.kinds)} of {subject(expectation)}", why)
    found = _judged(expectation, question)
    if expectation.note:
        found = replace(found, expected=f"{found.expected} ({expectation.note})")
    rests_on_silence = found.verdict is not Verdict.PASS or _of_the_whole_window(expectation)
    if rests_on_silence and facts.trace.deaf(window.from_s, window.closes):
        return question.answer(Verdict.INCONCLUSIVE, found.expected, f"{found.seen}; nobody heard the broker meanwhile")
    return found


def _of_the_whole_window(one: Expectation) -> bool:
    """Tell whether an expectation speaks of all that happens in its window: what was not heard may speak against it."""
    lasting = any(asked is not None and asked.throughout for asked in (one.state, one.mqtt))
    return one.never or lasting or one.listed is not None


def _judged(one: Expectation, question: Question) -> Judgement:
    (kind,) = one.kinds
    return _JUDGES[kind](getattr(one, kind), question)


_JUDGES: Mapping[str, Callable[[Any, Question], Judgement]] = {
    "alarm": alarms.changed,
    "listed": alarms.listed,
    "trip": trips.tripped,
    "reconnect": units.reconnected,
    "state": units.stood,
    "led": units.shone,
    "mqtt": messages.said,
    "energy": energy.counted,
    "answer": messages.answered,
}
