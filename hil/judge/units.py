"""Units: their operating state and their lamp, as polls show them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from config.scenario import Led, Reconnect, State
from hil.judge.facts import Question, seen_at
from hil.lamps import is_watched, watched
from hil.trace import Lamp
from hil.verdict import Judgement, Span, Verdict

FEEDING = ("running", "throttled")


def states(slot: str, question: Question) -> Iterator[tuple[float, float, str | None]]:
    """Yield each told state of a slot: when it was told before, when it is told now, the state."""
    before = 0.0
    for heard in question.trace.on(f"inverter/{slot}/state"):
        said = heard.said()
        if isinstance(said, dict) and "state" in said:
            yield before, heard.at_s, said["state"]
            before = heard.at_s


def stood(asked: State, question: Question) -> Judgement:
    """Judge the state of a unit."""
    known, words = set(asked.is_in), " or ".join(asked.is_in)
    resolution_s = question.facts.poll_s(asked.of)
    if not asked.throughout:
        spans = _entries(asked.of, known, question)
        return question.weigh(spans, f"{asked.of} {words}", resolution_s)
    expected = f"{asked.of} {words} throughout, {question.window.text()}"
    looks = [(at_s, state) for _, at_s, state in states(asked.of, question) if _within(at_s, question)]
    wrong = [(at_s, shown) for at_s, shown in looks if shown not in known]
    if wrong:
        at_s, shown = wrong[0]
        return question.answer(Verdict.FAIL, expected, f"{shown} after {at_s - question.window.since:.1f} s", at_s)
    if not looks or question.window.closes > question.trace.ended_s:
        return question.answer(Verdict.INCONCLUSIVE, expected, "not seen to the end of the window")
    if _unseen(asked.of, question):
        return question.answer(Verdict.INCONCLUSIVE, expected, "the gateway could not reach it all the time")
    if question.window.width < resolution_s:
        return question.answer(Verdict.INCONCLUSIVE, expected, f"the window is finer than {resolution_s:g} s")
    return question.answer(Verdict.PASS, expected, f"so at each of {len(looks)} looks")


def _unseen(slot: str, question: Question) -> bool:
    """Tell whether a unit was out of reach at some time in the window: nobody knows what it did then."""
    told = [(heard.at_s, heard.said()) for heard in question.trace.on(f"inverter/{slot}/availability")]
    before = [said for at_s, said in told if at_s <= question.window.from_s][-1:]
    inside = [said for at_s, said in told if _within(at_s, question)]
    return any(isinstance(said, dict) and said.get("state") == "offline" for said in (*before, *inside))


def _within(at_s: float, question: Question) -> bool:
    return question.window.from_s <= at_s <= question.window.closes


def _entries(slot: str, known: set[str], question: Question) -> Iterator[Span]:
    """Yield when the unit was first seen in one of the states after it was in none; or at the window's beginning."""
    was_in, since = False, question.window.from_s
    for before, at_s, state in states(slot, question):
        if state in known and (not was_in or before < since <= at_s):
            yield Span(at_s if was_in else before, at_s, f"{slot} {state}")
        was_in = state in known


def reconnected(asked: Reconnect, question: Question) -> Judgement:
    """Judge when a unit that did not feed in does so again."""
    resolution_s = question.facts.poll_s(asked.of)
    return question.weigh(_returns(asked.of, question), f"{asked.of} feeds in again", resolution_s)


def _returns(slot: str, question: Question) -> Iterator[Span]:
    out = False
    for before, at_s, state in states(slot, question):
        if at_s < question.window.since:
            continue
        if out and state in FEEDING:
            yield Span(before, at_s, f"{slot} {state}")
        out = state not in FEEDING


def shone(asked: Led, question: Question) -> Judgement:
    """Judge what the lamp of a unit shows."""
    what, seen = f"lamp of {asked.of} {asked.shows}", _lamps(asked.of, question)
    if seen is None:
        return question.answer(Verdict.INCONCLUSIVE, what, "nobody looks at the lamps here")
    lamps, resolution_s = seen
    spans = [
        seen_at(lamp.at_s, resolution_s, f"lamp {lamp.shows}")
        for before, lamp in pairwise([None, *lamps])
        if lamp is not None and lamp.shows == asked.shows and (before is None or before.shows != asked.shows)
    ]
    from_s = question.window.from_s
    already = [lamp.shows for lamp in lamps if lamp.at_s <= from_s][-1:]
    if already == [asked.shows]:
        spans.append(Span(from_s, from_s, f"lamp {asked.shows}"))
    found = question.weigh(sorted(spans, key=lambda span: span.latest), what, resolution_s)
    if found.verdict is Verdict.FAIL and found.span is None:
        return question.answer(found.verdict, found.expected, f"the lamp showed {_shown(lamps, question)}")
    return found


def _lamps(slot: str, question: Question) -> tuple[list[Lamp], float] | None:
    """Return what a lamp showed, and how far apart two looks at it were at most; None where nobody looked."""
    vendor = question.facts.vendors.get(slot)
    if vendor is not None and is_watched(vendor.name):
        looks = question.trace.series.get(f"{slot}.led", [])
        apart_s = max((later - at_s for (at_s, _), (later, _) in pairwise(looks)), default=question.trace.ended_s)
        return (list(watched(vendor.name, slot, looks)), apart_s) if looks else None
    if not question.trace.lamps_seen:
        return None
    return [lamp for lamp in question.trace.lamps if lamp.slot == slot], question.facts.poll_s(slot)


def _shown(lamps: Sequence[Lamp], question: Question) -> str:
    """Return what was shown in the window, from what was shown as it opened."""
    window = question.window
    before = [lamp.shows for lamp in lamps if lamp.at_s <= window.from_s][-1:]
    return ", ".join(before + [lamp.shows for lamp in lamps if window.from_s < lamp.at_s <= window.closes]) or "nothing"
