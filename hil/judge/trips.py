"""Trip times, out of the devices' own records: a poll could not tell them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from config.scenario import Trip
from config.scope import EARLY_S, EARLY_SHARE, stage_times_s
from hil.judge.facts import RECORD_S, STAMP_S, Question, place, seen_at
from hil.trace import Heard
from hil.verdict import Judgement, Span, Window

LATE_S = 0.1  # by which a relay may open after the stage's time


def tripped(asked: Trip, question: Question) -> Judgement:
    """Judge when the relay opened: measured from the crossing by the device, or from the event by its uptime."""
    stage = "" if asked.stage is None else f", stage {asked.stage}"
    what = f"relay of {asked.of} open by code {asked.code}{stage}, counted from the {asked.counts_from}"
    if question.expectation.never:
        poll_s = question.facts.poll_s(asked.of)
        heard = [seen_at(each.at_s, poll_s, f"stage {said['stage']} acted") for each, said in _records(asked, question)]
        return question.weigh(heard, what, poll_s)
    if asked.counts_from == "event":
        return question.weigh(_by_stamp(asked, question), what, STAMP_S)
    timed = Question(question.expectation, _window(asked, question), question.facts)
    return timed.weigh(_by_record(asked, question), what, RECORD_S)


def _window(asked: Trip, question: Question) -> Window:
    """Return the window of the trip time, laid to the event: the asked one, else the profile's with its tolerance."""
    one, t, since = question.expectation, stage_s(asked, question), question.window.since
    if t is None or one.not_before_s is not None or one.within_s is not None:
        return question.window
    return Window(since, since + EARLY_SHARE * t - EARLY_S, since + t + LATE_S)


def stage_s(asked: Trip, question: Question) -> float | None:
    """Return the time of the stage in the profile; None where there is no such stage."""
    times_s = stage_times_s(question.facts.profile, asked.code)
    return None if asked.stage is None or asked.stage > len(times_s) else times_s[asked.stage - 1]


def _records(asked: Trip, question: Question) -> Iterator[tuple[Heard, Mapping[str, Any]]]:
    since = question.window.since
    for heard in question.trace.on(f"{place(asked.of)}/event"):
        said = heard.said()
        if heard.at_s < since or not isinstance(said, dict) or said.get("kind") != "record":
            continue
        if said["code"] == asked.code and asked.stage in {None, said["stage"]}:
            yield heard, said


def _by_record(asked: Trip, question: Question) -> Iterator[Span]:
    for _, said in _records(asked, question):
        took_s = question.window.since + (said["opened_ms"] - said["crossed_ms"]) / 1000
        yield Span(took_s - RECORD_S, took_s + RECORD_S, f"stage {said['stage']} opened the relay")


def _by_stamp(asked: Trip, question: Question) -> Iterator[Span]:
    """Yield when the relay opened, by the device's uptime; when nobody can tell, some time before it was heard."""
    start_utc = question.facts.start_utc
    for heard, said in _records(asked, question):
        saw = f"stage {said['stage']} opened the relay"
        if start_utc is None or said["opened"] is None:
            yield Span(question.window.since, heard.at_s, saw)
            continue
        at_s = datetime.fromisoformat(said["opened"]).timestamp() - start_utc
        yield Span(at_s - STAMP_S, min(at_s + STAMP_S, heard.at_s), saw)
