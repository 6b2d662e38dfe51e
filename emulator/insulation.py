"""The resistance between a module's poles and ground: healthy, wet with dew, or damaged."""

from collections.abc import Callable
from math import exp, log
from random import Random

_DRY_OHM, _WET_OHM = 5e6, 0.3e6  # medians
_SPREAD, _MOST = 0.4, 3.0  # of the logarithm; no healthy unit is further off than 3 of them, so none is below 90 kOhm


class Insulation:
    """The insulation of one unit. `wetness` is a function of UTC.

    `fault_ohm`, when set, lies beside the healthy resistance: damage at a module, a cable or a connector.
    """

    def __init__(self, wetness: Callable[[float], float], seed: str) -> None:
        wave = Random(f"{seed}/insulation").gauss(0, 1)
        self._factor = exp(_SPREAD * min(max(wave, -_MOST), _MOST))
        self._wetness = wetness
        self.fault_ohm: float | None = None

    def ohm(self, t: float) -> float:
        """Return the resistance."""
        healthy = self._factor * _DRY_OHM * exp(log(_WET_OHM / _DRY_OHM) * self._wetness(t))
        return healthy if self.fault_ohm is None else 1 / (1 / healthy + 1 / self.fault_ohm)
