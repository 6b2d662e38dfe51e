"""From DC to AC: the loss of the power stage as a polynomial of the load.

loss = a0 + a1 p + a2 p², all per unit of the rating. The coefficients give 97.3 % at best (at 55 % load) and 96.7 %
by the European weights: the data-sheet figures of the MI series.
"""

from dataclasses import dataclass
from math import sqrt

A0, A1, A2 = 0.004799, 0.010299, 0.015864
_SLOPE = 1 + A1
_FLAT = 1e-6  # per unit: below this difference of input the mean is the middle, without cancellation


def _out(dc: float) -> float:
    """Return the output for an input, per unit; the root written without cancellation."""
    over = dc - A0
    return 0.0 if over <= 0 else 2 * over / (_SLOPE + sqrt(_SLOPE**2 + 4 * A2 * over))


def _in(ac: float) -> float:
    return ac + A0 + A1 * ac + A2 * ac**2


def _area(dc: float, limit: float) -> float:
    """Return the integral of the output over the input from 0 to `dc`; above `limit` the output stays there."""
    ac = min(_out(dc), limit)
    return _SLOPE * ac**2 / 2 + 2 * A2 * ac**3 / 3 + ac * max(dc - _in(ac), 0.0)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The power stage of an inverter of `rated_w`."""

    rated_w: float

    def ac(self, dc_w: float, limit_w: float) -> float:
        """Return the output for the input that the module could give, at most `limit_w`."""
        return min(self.rated_w * _out(dc_w / self.rated_w), limit_w)

    def dc(self, ac_w: float) -> float:
        """Return the input that an output takes."""
        return self.rated_w * _in(ac_w / self.rated_w)

    def mean_ac(self, dc_from: float, dc_to: float, limit_w: float) -> float:
        """Return the mean output while the input goes linearly from one value to another: exact, clipping included."""
        low, high, limit = dc_from / self.rated_w, dc_to / self.rated_w, limit_w / self.rated_w
        if abs(high - low) < _FLAT:
            return self.ac((dc_from + dc_to) / 2, limit_w)
        return self.rated_w * (_area(high, limit) - _area(low, limit)) / (high - low)
