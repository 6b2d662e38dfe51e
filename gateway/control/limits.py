"""Limits in force, and the share of each unit. Pure.

A limit belongs to the target that it was given for; a unit obeys the tightest of those that cover it. Shares are
computed afresh from what is in force and how the units are, so that a unit which refuses, falls asleep, wakes or comes
back from a restart needs no case of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor

from gateway.control.order import Verb

FULL_PCT = 100.0
STEPS_PER_PCT = 10  # a tenth of a percent is what the wire resolves
_ROUNDING = 1e-6  # a share that is a whole number of steps but for the arithmetic


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as limits see it.

    `fixed_pct`: the most that it delivers whatever it is asked; 0 in the dark, its last limit when it refuses another
    or cannot be reached. None: it does what it is told. `verbs`: what its vendor offers.
    """

    slot: str
    gateway: str
    branch: str
    rated_w: float
    fixed_pct: float | None = None
    verbs: frozenset[Verb] = frozenset(Verb)

    def targets(self) -> tuple[str, ...]:
        """Return every target that covers the unit, the narrowest first."""
        return (self.slot, f"branch/{self.branch}", f"gateway/{self.gateway}", "site")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `value` of `unit` ("W" or "%") until loop time `until`; None: no end.

    `value` None: a lease has ended, and each unit has the fallback of its gateway.
    """

    value: float | None
    unit: str
    until: float | None = None


def members(target: str, units: Iterable[Unit]) -> list[Unit]:
    """Return the units that a target covers."""
    return [unit for unit in units if target in unit.targets()]


def shares(limits: Mapping[str, Limit], units: Sequence[Unit], fallback_pct: Mapping[str, float]) -> dict[str, float]:
    """Return the percentage of its rating that each unit may deliver, by slot; no opinion on units without a limit.

    `fallback_pct` is by gateway. A limit in W is shared by rating: units that deliver less anyhow, by a tighter limit
    or in the dark, leave the rest to the others; those that may deliver more than they should take it from the others.
    """
    most = {unit.slot: FULL_PCT if unit.fixed_pct is None else unit.fixed_pct for unit in units}
    covered: set[str] = set()
    for target, limit in sorted(limits.items(), key=lambda row: _breadth(row[0])):
        told = members(target, units)
        covered |= {unit.slot for unit in told if unit.fixed_pct is None}
        level = _level(limit.value, told, most) if limit.unit == "W" and limit.value is not None else limit.value
        for unit in told:
            allowed = fallback_pct[unit.gateway] if level is None else level
            if unit.fixed_pct is None:
                most[unit.slot] = min(most[unit.slot], allowed)
    return {slot: stepped(most[slot]) for slot in covered}


def stepped(pct: float) -> float:
    """Return a percentage as the wire has it, rounded down."""
    return floor(pct * STEPS_PER_PCT + _ROUNDING) / STEPS_PER_PCT


def _breadth(target: str) -> int:
    """Return how wide a target is: what is inside another is shared first."""
    return 3 if target == "site" else 2 if target.startswith("gateway/") else 1 if target.startswith("branch/") else 0


def _level(limit_w: float, units: Iterable[Unit], most: Mapping[str, float]) -> float:
    """Return the percentage which, as the most for each unit, makes their sum `limit_w`; 100 where they stay below."""
    left_w, open_w = limit_w, 0.0
    obeying: list[tuple[float, float]] = []
    for unit in units:
        if unit.fixed_pct is None:
            obeying.append((most[unit.slot], unit.rated_w))
            open_w += unit.rated_w
        else:
            left_w -= unit.fixed_pct / FULL_PCT * unit.rated_w
    for pct, rated_w in sorted(obeying):
        level = max(0.0, FULL_PCT * left_w / open_w)
        if level <= pct:
            return level
        left_w -= pct / FULL_PCT * rated_w
        open_w -= rated_w
    return FULL_PCT
