"""The single-diode equation of a PV module, solved along the voltage of its diode.

The current of the diode's voltage is explicit, so everything else follows from one unknown (Bishop, Solar Cells 25,
1988). Each search is Newton's on a function whose slope and curvature keep one sign, so it cannot go astray; a fixed
number of steps reaches the last digits in any light up to five suns, and a value depends on its own input alone. The
same formulas serve numbers and arrays.
"""

from dataclasses import dataclass
from math import exp, log1p, sqrt
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Q = TypeVar("Q", float, Array)  # a number, or one for each knot

_STEPS = 6  # from a good start
_STEPS_FROM_AFAR = 12
_STANDS_V = 1e-9  # a smaller step is the last: the error that it leaves is the square of it


@overload
def exponential(x: float) -> float: ...
@overload
def exponential(x: Array) -> Array: ...
def exponential(x: float | Array) -> float | Array:
    """Return e to the power of a number or of each in an array."""
    return exp(x) if isinstance(x, float) else np.exp(x)


@overload
def _log1p(x: float) -> float: ...
@overload
def _log1p(x: Array) -> Array: ...
def _log1p(x: float | Array) -> float | Array:
    return log1p(x) if isinstance(x, float) else np.log1p(x)


@dataclass(frozen=True, slots=True)
class Curve(Generic[Q]):
    """The current-voltage curve of a module in one light and warmth."""

    light_a: Q
    dark_a: Q  # saturation current of the diode
    scale_v: Q  # n N kT/q: the voltage that multiplies the diode's current by e
    shunt_s: Q  # conductance beside the diode
    series_ohm: float

    def _at(self, diode_v: Q) -> tuple[Q, Q, Q]:
        """Return the current and its first two derivatives by the voltage of the diode."""
        dark = self.dark_a * exponential(diode_v / self.scale_v)
        slope = dark / self.scale_v
        current = self.light_a + self.dark_a - dark - diode_v * self.shunt_s
        return current, -slope - self.shunt_s, -slope / self.scale_v

    def _power(self, diode_v: Q) -> tuple[Q, Q, Q, Q]:
        """Return voltage, current and the first two derivatives of the power by the voltage of the diode."""
        current, slope, curvature = self._at(diode_v)
        lever = diode_v - 2 * current * self.series_ohm
        bend = 2 * slope + curvature * lever - 2 * self.series_ohm * slope**2
        return diode_v - current * self.series_ohm, current, current + slope * lever, bend

    def _open_guess(self) -> Q:
        return self.scale_v * _log1p(self.light_a / self.dark_a)  # without a shunt: never too low

    def _best_diode_v(self) -> Q:
        light = _log1p(self.light_a / self.dark_a)
        v = self.scale_v * (light - _log1p(light - _log1p(light)))  # x + ln(1 + x) = light: without any resistance
        for _ in range(_STEPS):
            _volt, _current, slope, bend = self._power(v)
            v = v - slope / bend
        return v

    def open_v(self) -> Q:
        """Return the open-circuit voltage."""
        v = self._open_guess()
        for _ in range(_STEPS):
            current, slope, _curvature = self._at(v)
            v = v - current / slope
        return v

    def current(self, volt: Q) -> Q:
        """Return the current at a voltage up to the open circuit."""
        v = volt + self.light_a * self.series_ohm  # never too low
        for _ in range(_STEPS_FROM_AFAR):
            current, slope, _curvature = self._at(v)
            v = v - (v - current * self.series_ohm - volt) / (1 - slope * self.series_ohm)
        return self._at(v)[0]

    def best(self) -> tuple[Q, Q]:
        """Return voltage and current at the maximum power point."""
        volt, current, _slope, _bend = self._power(self._best_diode_v())
        return volt, current

    def voltage_at(self: "Curve[float]", share: float) -> float:
        """Return the voltage right of the maximum power point at which `share` of the maximum power flows."""
        v = self._best_diode_v()
        volt, current, _slope, bend = self._power(v)
        best_w, less = volt * current, 1 - share
        if less <= 0 or best_w <= 0:
            return volt
        v = min(v + sqrt(2 * less * best_w / -bend), self._open_guess())  # the curve falls faster: never too low
        for _ in range(_STEPS_FROM_AFAR):
            volt, current, slope, _bend = self._power(v)
            step = (volt * current - share * best_w) / slope
            v -= step
            if abs(step) < _STANDS_V:
                break
        return self._power(v)[0]
