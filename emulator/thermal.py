"""The temperature of a unit's case, and how much power it allows.

First order: C dT/dt = loss + sun - (T - air) / R. R is such that full power warms the case by 20 K (manual); C is that
of 1.3 kg of mostly aluminium and resin. With constant inputs the temperature approaches its final value exponentially,
so the instant at which it crosses a level is exact and nothing needs a step of time.
"""

from dataclasses import dataclass
from math import exp, inf, log
from typing import NamedTuple

RISE_K = 20.0  # over the air around the case at full power
J_PER_K = 1500.0
SUN_W = 8.0  # what a case takes in at 1000 W/m² when it hangs in the sun instead of the module's shade

DERATE_FROM_C, DERATE_TO_C = 80.0, 88.0
DERATED_SHARE = 0.5  # of the rating from DERATE_TO_C on
DERATE_STEP_K = 0.5  # by how much the case has moved when the limit is set anew
STOP_C, STOP_HOLD_S = 90.0, 10.0
RESTART_C, RESTART_HOLD_S = 78.0, 60.0


class Approach(NamedTuple):
    """An exponential way from one value towards another."""

    start: float  # time
    first: float
    final: float
    tau_s: float

    def at(self, t: float) -> float:
        """Return the value at `t`, not before the start."""
        return self.final + (self.first - self.final) * exp((self.start - t) / self.tau_s)

    def crossing(self, level: float) -> float | None:
        """Return when it reaches `level`, now included; None when it does not."""
        if level == self.first:
            return self.start
        if not min(self.first, self.final) < level < max(self.first, self.final):
            return None
        return self.start + self.tau_s * log((self.first - self.final) / (level - self.final))


@dataclass(frozen=True, slots=True)
class Case:
    """The case of a unit that loses `full_loss_w` at its rating. `sunlit`: it hangs in the sun, a mistake."""

    full_loss_w: float
    sunlit: bool = False

    @property
    def k_per_w(self) -> float:
        """Return the thermal resistance to the air."""
        return RISE_K / self.full_loss_w

    @property
    def tau_s(self) -> float:
        """Return the time constant."""
        return self.k_per_w * J_PER_K

    def approach(self, start: float, first_c: float, *, air_c: float, loss_w: float, irradiance: float) -> Approach:
        """Return the way of the temperature from `first_c` while air, loss and irradiance stay as they are."""
        sun_w = SUN_W * irradiance / 1000 if self.sunlit else 0.0
        return Approach(start, first_c, air_c + self.k_per_w * (loss_w + sun_w), self.tau_s)


def derated_share(case_c: float) -> float:
    """Return the share of the rating that a temperature allows; stopping is a matter of STOP_C."""
    over = min(max(case_c - DERATE_FROM_C, 0.0), DERATE_TO_C - DERATE_FROM_C)
    return 1 - (1 - DERATED_SHARE) * over / (DERATE_TO_C - DERATE_FROM_C)


def derate_holds_between(set_at_c: float) -> tuple[float, float]:
    """Return the temperatures between which a limit that was set at `set_at_c` stands.

    A limit that followed every change would make the way of the temperature no exponential; steps with this
    hysteresis keep it one, and never chatter.
    """
    held = min(max(set_at_c, DERATE_FROM_C), DERATE_TO_C)
    low = -inf if set_at_c <= DERATE_FROM_C else held - DERATE_STEP_K
    high = inf if set_at_c >= DERATE_TO_C else held + DERATE_STEP_K
    return low, high
