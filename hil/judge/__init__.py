"""Judges a run by its trace, after it has ended. Pure: the same for an emulated plant and for a bench."""

from config.scenario import Expectation
from hil.judge import alarms, energy, messages, trips, units
from hil.judge.facts import Facts, Question
from hil.verdict import Judgement, Verdict

__all__ = ["Facts", "judge"]


def judge(expectation: Expectation, facts: Facts) -> Judgement:
    """Return what came of an expectation."""
    window = facts.window(expectation)
    question = Question(expectation, window, facts)
    found = _judged(expectation, question)
    if found.verdict is not Verdict.PASS and facts.trace.deaf(window.from_s, window.closes):
        return question.answer(Verdict.INCONCLUSIVE, found.expected, f"{found.seen}; nobody heard the broker meanwhile")
    return found


def _judged(one: Expectation, question: Question) -> Judgement:
    match one:
        case Expectation(alarm=asked) if asked is not None:
            return alarms.changed(asked, question)
        case Expectation(listed=asked) if asked is not None:
            return alarms.listed(asked, question)
        case Expectation(trip=asked) if asked is not None:
            return trips.tripped(asked, question)
        case Expectation(reconnect=asked) if asked is not None:
            return units.reconnected(asked, question)
        case Expectation(state=asked) if asked is not None:
            return units.stood(asked, question)
        case Expectation(led=asked) if asked is not None:
            return units.shone(asked, question)
        case Expectation(mqtt=asked) if asked is not None:
            return messages.said(asked, question)
        case Expectation(energy=asked) if asked is not None:
            return energy.counted(asked, question)
        case Expectation(answer=asked) if asked is not None:
            return messages.answered(asked, question)
        case _:
            raise AssertionError("an expectation has a kind")
