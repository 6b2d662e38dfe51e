"""Limits in force, and the share of each unit.

A limit belongs to the target that it was given for; a unit obeys the tightest of those that cover it. Shares are
computed afresh from what is in force and who is awake, so that a unit which refuses, falls asleep, wakes or comes
back from a restart needs no case of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FULL_PCT = 100.0


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as limits see it: `able` when it answers and takes limits."""

    slot: str
    gateway: str
    branch: str
    rated_w: float
    able: bool = True

    def targets(self) -> tuple[str, ...]:
        """Return every target that covers the unit."""
        return ("site", f"gateway/{self.gateway}", f"branch/{self.branch}", self.slot)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `value` of `unit` ("W" or "%") until loop time `until`; None: no end."""

    value: float
    unit: str
    until: float | None = None


def share_pct(limit: Limit, members: Iterable[Unit]) -> float:
    """Return the percentage of its rating that each able member may deliver under a limit on all of them.

    A limit in W is shared by rating; members that are not able deliver nothing, or cannot be told to deliver less,
    and their share goes to the others.
    """
    if limit.unit == "%":
        return limit.value
    rated_w = sum(unit.rated_w for unit in members if unit.able)
    return min(FULL_PCT, FULL_PCT * limit.value / rated_w) if rated_w else 0.0


def shares(limits: Mapping[str, Limit], units: Iterable[Unit], fallback_pct: float = FULL_PCT) -> dict[str, float]:
    """Return the percentage of its rating that each able unit may deliver, by slot."""
    covered: dict[str, list[Unit]] = {}
    for unit in units:
        for target in unit.targets():
            covered.setdefault(target, []).append(unit)
    share = {target: share_pct(limit, covered.get(target, ())) for target, limit in limits.items()}
    return {
        unit.slot: min((share[target] for target in unit.targets() if target in share), default=fallback_pct)
        for unit in covered.get("site", ())
        if unit.able
    }


def expire(limits: Mapping[str, Limit], now: float) -> dict[str, Limit]:
    """Return the limits whose lease has not ended."""
    return {target: limit for target, limit in limits.items() if limit.until is None or limit.until > now}


def next_deadline(limits: Mapping[str, Limit]) -> float | None:
    """Return when the next lease ends."""
    return min((limit.until for limit in limits.values() if limit.until is not None), default=None)
