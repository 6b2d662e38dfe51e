"""Energy: by how much a counter of the gateway grows, and that it never falls."""

from collections.abc import Sequence
from itertools import pairwise

from config.scenario import Energy
from hil.judge.facts import Question, place
from hil.verdict import Judgement, Verdict

STEP_WH = 2.0  # by which a count of whole Wh may be off at its two ends together


def counted(asked: Energy, question: Question) -> Judgement:
    """Judge the growth of a counter in the window."""
    expected = f"energy counter of {asked.of} never falls{_bounds(asked)}, {question.window.text()}"
    counts = _told(asked.of, "e_total_wh", question)
    if len(counts) < 2 or question.window.closes > question.trace.ended_s:
        return question.answer(Verdict.INCONCLUSIVE, expected, "the counter was not seen at both ends of the window")
    for (_, earlier), (at_s, later) in pairwise(counts):
        if later < earlier:
            return question.answer(
                Verdict.FAIL, expected, f"it fell from {earlier} to {later} Wh at {at_s:.1f} s", at_s
            )
    grown, fed = counts[-1][1] - counts[0][1], fed_wh(_told(asked.of, "p_ac_w", question))
    if asked.agrees_pct is not None and abs(grown - fed) > max(asked.agrees_pct * fed / 100, STEP_WH):
        seen = f"it grew by {grown} Wh, and the power comes to {fed:.0f} Wh: it fell, stood or leapt"
        return question.answer(Verdict.FAIL, expected, seen, counts[-1][0])
    enough = asked.at_least_wh is None or grown >= asked.at_least_wh
    fits = enough and (asked.at_most_wh is None or grown <= asked.at_most_wh)
    return question.answer(Verdict.PASS if fits else Verdict.FAIL, expected, f"{grown} Wh", counts[-1][0])


def _bounds(asked: Energy) -> str:
    least = "" if asked.at_least_wh is None else f", grows by at least {asked.at_least_wh:g} Wh"
    most = "" if asked.at_most_wh is None else f", by at most {asked.at_most_wh:g} Wh"
    agrees = "" if asked.agrees_pct is None else f", and as the power up to {asked.agrees_pct:g} %"
    return least + most + agrees


def _told(of: str, name: str, question: Question) -> list[tuple[float, float]]:
    """Return what was told of a value in the window, from the last word before it."""
    window = question.window
    told = [
        (heard.at_s, said[name])
        for heard in question.trace.on(f"{place(of)}/state")
        if heard.at_s <= window.closes and isinstance(said := heard.said(), dict) and said.get(name) is not None
    ]
    before = [each for each in told if each[0] <= window.from_s][-1:]
    return before + [each for each in told if each[0] > window.from_s]


def fed_wh(powers: Sequence[tuple[float, float]]) -> float:
    """Return the energy of a power that was told now and then, linear in between."""
    return sum((at_s - before_s) * (now + before) / 7200 for (before_s, before), (at_s, now) in pairwise(powers))
