"""When many units raise one code, one alarm says so."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from config.alarms import Group
from gateway.alarms.alarm import Alarm
from gateway.alarms.plant import SITE, Plant
from gateway.alarms.states import Suppression


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of one alarm of a branch or of the site; `holds` None: there is nobody to ask."""

    subject: str
    code: int
    holds: bool | None
    cause: str | None
    since: float | None


@dataclass(frozen=True, slots=True)
class _Part:
    """How one branch does under one rule."""

    met: bool = False
    asked: int = 0
    showing: tuple[Alarm, ...] = ()


class Grouping:
    """Applies the grouping rules to branches, and from them to the site.

    `lookup` returns the alarm of a subject, if it ever had one; `dark` are the units without light, which are not
    asked. A group forms by raises within a time, and lasts as long as its share of the units shows the code.
    """

    def __init__(
        self, rules: Iterable[Group], plant: Plant, lookup: Callable[[str, int], Alarm | None], dark: set[str]
    ) -> None:
        self._rules = tuple((rule, code) for rule in rules for code in rule.codes)
        self._plant = plant
        self._lookup = lookup
        self._dark = dark
        self._parts: dict[tuple[int, str], _Part] = {}
        self.targets = {(branch, rule.branch or code) for rule, code in self._rules for branch in plant.branches}
        self.targets |= {(SITE, rule.site) for rule, _ in self._rules if rule.site is not None}

    def judge(self, branches: Iterable[str]) -> list[Verdict]:
        """Return the verdicts that may have changed with some branches; several rules' on one alarm are one."""
        found: dict[tuple[str, int], Verdict] = {}
        for verdict in self._verdicts(sorted(branches)):
            key = (verdict.subject, verdict.code)
            found[key] = _either(found.get(key), verdict)
        return list(found.values())

    def _verdicts(self, branches: list[str]) -> Iterator[Verdict]:
        for rule, code in self._rules:
            for branch in branches:
                part = self._parts[code, branch] = self._part(rule, code, branch)
                yield self._verdict(rule, branch, rule.branch or code, part)
            if rule.site is not None and branches:
                yield self._verdict(rule, SITE, rule.site, self._whole(rule, code))

    def _whole(self, rule: Group, code: int) -> _Part:
        """Return how the site does: each branch with anybody to ask must show the code, and there must be several."""
        for branch in self._plant.branches:
            if (code, branch) not in self._parts:
                self._parts[code, branch] = self._part(rule, code, branch)
        parts = [part for branch in self._plant.branches if (part := self._parts[code, branch]).asked]
        return _Part(
            met=len(self._plant.branches) > 1 and all(part.met for part in parts),
            asked=sum(part.asked for part in parts),
            showing=tuple(alarm for part in parts for alarm in part.showing),
        )

    def _part(self, rule: Group, code: int, branch: str) -> _Part:
        lit = [unit for unit in self._plant.branches[branch] if unit not in self._dark]
        alarms = [alarm for unit in lit if (alarm := self._lookup(unit, code)) is not None and _shows(rule, alarm)]
        anyhow = rule.within_s is None or self._stands(branch, rule.branch or code)
        together = len(alarms) if anyhow else _cluster(alarms, rule.within_s or 0.0)
        return _Part(bool(alarms) and together >= rule.share * len(lit), len(lit), tuple(alarms))

    def _verdict(self, rule: Group, subject: str, target: int, part: _Part) -> Verdict:
        enough = len(part.showing) >= rule.least or self._stands(subject, target)
        names = ", ".join(alarm.record.subject for alarm in part.showing)
        cause = rule.cause or f"{len(part.showing)} of {part.asked} units: {names}"
        since = min((alarm.since for alarm in part.showing if alarm.since is not None), default=None)
        return Verdict(subject, target, part.met and enough if part.asked else None, cause, since)

    def _stands(self, subject: str, target: int) -> bool:
        alarm = self._lookup(subject, target)
        return alarm is not None and alarm.holds


def _shows(rule: Group, alarm: Alarm) -> bool:
    """Tell whether a unit counts: by its condition where the group explains it, by its visible alarm elsewhere."""
    return alarm.holds if rule.branch is not None else alarm.active and alarm.record.suppression is Suppression.NONE


def _cluster(alarms: list[Alarm], within_s: float) -> int:
    """Return how many at most began within a time of each other."""
    instants = sorted(alarm.since or 0.0 for alarm in alarms)
    return max((at + 1 - bisect_left(instants, since - within_s) for at, since in enumerate(instants)), default=0)


def _either(one: Verdict | None, other: Verdict) -> Verdict:
    """Return the verdict of two rules on one alarm: it holds if either says so."""
    if one is None or (other.holds and not one.holds) or one.holds is None:
        return other
    return one
