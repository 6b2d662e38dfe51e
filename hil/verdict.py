"""Pass, fail, inconclusive: what an observation with a resolution says about a window.

An observer who polls knows an instant only as a span: after the poll before, not after this one. A span inside the
window is a pass, one outside a fail, anything else inconclusive; and no window finer than the resolution is a pass.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from math import inf


class Verdict(Enum):
    """What came of an expectation, and of a run."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ABSENT = "not applicable"


_WORST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.ABSENT)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict over several: a fail beats all, nothing to judge is not applicable."""
    found = set(verdicts)
    return next((each for each in _WORST if each in found), Verdict.ABSENT)


@dataclass(frozen=True, slots=True)
class Span:
    """When something happened, as far as the observer can tell; `saw` in words."""

    earliest: float
    latest: float
    saw: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """When it is to happen, in seconds of the run; `opens` None: from `since` on, however soon."""

    since: float
    opens: float | None
    closes: float

    @property
    def from_s(self) -> float:
        """Return where it begins."""
        return self.since if self.opens is None else self.opens

    @property
    def width(self) -> float:
        """Return how long it lasts."""
        return self.closes - self.from_s

    def text(self) -> str:
        """Return it in words."""
        lower = "" if self.opens is None else f"not before {self.opens - self.since:.3f} s, "
        return f"{lower}within {self.closes - self.since:.3f} s"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of one expectation, in words too; `at_s`: when what decided it was seen."""

    verdict: Verdict
    expected: str
    seen: str
    window: Window
    resolution_s: float = 0.0
    span: Span | None = None
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A verdict with its reason."""

    verdict: Verdict
    seen: str
    span: Span | None = None


def weigh(spans: Iterable[Span], window: Window, resolution_s: float, *, ended_s: float) -> Weighed:
    """Judge the first of some spans that is not over before the window's origin."""
    first = next((span for span in spans if span.latest >= window.since), None)
    if first is None:
        if window.closes > ended_s:
            return Weighed(Verdict.INCONCLUSIVE, "nothing by the end of the run, before the window closed")
        return Weighed(Verdict.FAIL, "nothing")
    verdict, why = _weigh(first, window, resolution_s)
    return Weighed(verdict, f"{first.saw} after {_between(first, window.since)}{why}", first)


def _weigh(span: Span, window: Window, resolution_s: float) -> tuple[Verdict, str]:
    opens = -inf if window.opens is None else window.opens
    if span.latest < opens:
        return Verdict.FAIL, ": too early"
    if span.earliest > window.closes:
        return Verdict.FAIL, ": too late"
    if window.width < resolution_s:
        return Verdict.INCONCLUSIVE, f": the window is finer than what can be resolved, {resolution_s:g} s"
    if opens <= span.earliest and span.latest <= window.closes:
        return Verdict.PASS, ""
    return Verdict.INCONCLUSIVE, ": at the edge of the window"


def weigh_never(spans: Iterable[Span], window: Window, resolution_s: float, *, ended_s: float) -> Weighed:
    """Judge that nothing happened in a window."""
    touching = [span for span in spans if span.latest >= window.from_s and span.earliest <= window.closes]
    for span in touching:
        if span.earliest >= window.from_s and span.latest <= window.closes:
            return Weighed(Verdict.FAIL, f"{span.saw} after {_between(span, window.since)}", span)
    if touching:
        return Weighed(Verdict.INCONCLUSIVE, f"{touching[0].saw}, perhaps within the window", touching[0])
    if window.closes > ended_s:
        return Weighed(Verdict.INCONCLUSIVE, "the run ended before the window closed")
    if window.width < resolution_s:
        return Weighed(
            Verdict.INCONCLUSIVE, f"nothing; the window is finer than what can be resolved, {resolution_s:g} s"
        )
    return Weighed(Verdict.PASS, "nothing of the kind")


def _between(span: Span, since: float) -> str:
    first, last = span.earliest - since, span.latest - since
    return f"{last:.3f} s" if last - first < 0.002 else f"{max(first, 0):.3f} to {last:.3f} s"
