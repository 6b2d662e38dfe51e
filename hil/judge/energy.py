"""Energy: by how much a counter of the gateway grows, and that it never falls."""

from itertools import pairwise

from config.scenario import Energy
from hil.judge.facts import Question, place
from hil.verdict import Judgement, Verdict


def counted(asked: Energy, question: Question) -> Judgement:
    """Judge the growth of a counter in the window."""
    window, trace = question.window, question.trace
    least = "" if asked.at_least_wh is None else f", at least {asked.at_least_wh:g} Wh"
    most = "" if asked.at_most_wh is None else f", at most {asked.at_most_wh:g} Wh"
    expected = f"energy of {asked.of} never falls{least}{most}, {window.text()}"
    counts = [
        (heard.at_s, said["e_total_wh"])
        for heard in trace.on(f"{place(asked.of)}/state")
        if heard.at_s <= window.closes and isinstance(said := heard.said(), dict) and said.get("e_total_wh") is not None
    ]
    before = [count for count in counts if count[0] <= window.from_s][-1:]
    counts = before + [count for count in counts if count[0] > window.from_s]
    if len(counts) < 2 or window.closes > trace.ended_s:
        return question.answer(Verdict.INCONCLUSIVE, expected, "the counter was not seen at both ends of the window")
    for (_, earlier), (at_s, later) in pairwise(counts):
        if later < earlier:
            return question.answer(
                Verdict.FAIL, expected, f"it fell from {earlier} to {later} Wh at {at_s:.1f} s", at_s
            )
    grown = counts[-1][1] - counts[0][1]
    enough = asked.at_least_wh is None or grown >= asked.at_least_wh
    fits = enough and (asked.at_most_wh is None or grown <= asked.at_most_wh)
    return question.answer(Verdict.PASS if fits else Verdict.FAIL, expected, f"{grown} Wh", counts[-1][0])
