"""What judging needs besides the trace: the plan, and how finely the observer sees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.grid_profile import GridProfileFile
from config.scenario import Expectation
from hil.trace import Heard, Trace
from hil.verdict import Judgement, Span, Verdict, Weighed, Window, weigh, weigh_never
from protocols.profile import VendorProfile

SAID_S = 0.2  # from the gateway's knowledge to the broker's word: it gathers news for 0.1 s
RECORD_S = 0.001  # a device's alarm record counts milliseconds
STAMP_S = 1.5  # instants of a device in UTC come by its uptime, in whole seconds, and by the way of the answer


@dataclass(frozen=True, slots=True)
class Facts:
    """A run as a judge sees it. `polls_s`: period of the live poll by slot; `at_s`: when each event was done.

    `start_utc`: the wall clock at the beginning, where the gateway's clock and ours are one; else None. `vendors`, by
    slot, say what can be known of a unit at all.
    """

    trace: Trace
    profile: GridProfileFile
    polls_s: Mapping[str, float]
    at_s: Mapping[str, float] = field(default_factory=dict)
    start_utc: float | None = None
    vendors: Mapping[str, VendorProfile] = field(default_factory=dict)

    def window(self, expectation: Expectation) -> Window:
        """Return when it is to happen."""
        since = self.at_s.get(expectation.since, 0.0) if expectation.since else 0.0
        opens = None if expectation.not_before_s is None else since + expectation.not_before_s
        within_s = expectation.within_s
        return Window(since, opens, self.trace.ended_s if within_s is None else since + within_s)

    def poll_s(self, subject: str) -> float:
        """Return how far apart two looks at a subject are: the slowest slot's for a group."""
        slowest = max(self.polls_s.values(), default=0.0)
        return self.polls_s.get(subject, slowest) + SAID_S

    def instant(self, stamp: str | None, heard: Heard) -> float:
        """Return when something was so by the gateway's stamp, where that can be told; else when it was heard."""
        if self.start_utc is None or stamp is None:
            return heard.at_s
        return min(datetime.fromisoformat(stamp).timestamp() - self.start_utc, heard.at_s)


@dataclass(frozen=True, slots=True)
class Question:
    """One expectation with its window, put to the facts."""

    expectation: Expectation
    window: Window
    facts: Facts

    @property
    def trace(self) -> Trace:
        """Return what was seen."""
        return self.facts.trace

    def weigh(self, spans: Iterable[Span], what: str, resolution_s: float) -> Judgement:
        """Judge when something happened, or that it never did."""
        window, ended_s = self.window, self.trace.ended_s
        if self.expectation.never:
            weighed = weigh_never(spans, window, resolution_s, ended_s=ended_s)
            if weighed.verdict is Verdict.PASS and not self.trace.spoke(window.from_s, window.closes):
                weighed = Weighed(Verdict.INCONCLUSIVE, "nothing at all was heard of the gateway meanwhile")
            return self._told(weighed, f"never {what}, {window.text()}", resolution_s)
        weighed = weigh(spans, window, resolution_s, ended_s=ended_s)
        return self._told(weighed, f"{what}, {window.text()}", resolution_s)

    def _told(self, weighed: Weighed, expected: str, resolution_s: float) -> Judgement:
        at_s = None if weighed.span is None else weighed.span.latest
        return Judgement(weighed.verdict, expected, weighed.seen, self.window, resolution_s, weighed.span, at_s)

    def answer(self, verdict: Verdict, expected: str, seen: str, at_s: float | None = None) -> Judgement:
        """Return a judgement that needed no weighing."""
        return Judgement(verdict, expected, seen, self.window, at_s=at_s)


def place(subject: str) -> str:
    """Return the topic of a target, below BASE/SITE/."""
    return subject if subject == "site" or "/" in subject else f"inverter/{subject}"


def seen_at(at_s: float, resolution_s: float, saw: str) -> Span:
    """Return when something began that was seen at an instant; nothing begins before the run."""
    return Span(min(max(at_s - resolution_s, 0.0), at_s), at_s, saw)
