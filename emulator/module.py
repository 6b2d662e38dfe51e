"""A PV module: its maximum power point from irradiance and cell temperature.

Shape of a modern half-cut module: the figures per cell belong to a 54-cell 430 W module (32.3 V and 13.33 A at the
maximum power point, 38.6 V open), their low-light and temperature behaviour to its De Soto parameters.
"""

from dataclasses import dataclass
from math import log, sqrt

STC = 1000.0  # W/m²
STC_TEMP = 25.0  # °C
_CELLS = (54, 60, 66, 72)
_CELL_W = 7.96  # 430 W / 54
_MPP_V = 0.598
_OPEN_V = 0.715
_DIODE_V = 0.02497  # n kT/q: the voltage of a cell follows the logarithm of its current
_SERIES_V = 0.0367  # what the series resistance takes at full current
_MPP_V_PER_K = -0.00206
_OPEN_V_PER_K = -0.00179
_CURRENT_PER_K = 0.00045
_ROSS = 0.031  # K per W/m²: nominal operating cell temperature 45 °C


def cell_temperature(irradiance: float, ambient: float) -> float:
    """Return the cell temperature, °C, by Ross (nominal operating cell temperature)."""
    return ambient + _ROSS * irradiance


@dataclass(frozen=True, slots=True)
class Module:
    """A module of `rated_w` at standard test conditions."""

    rated_w: float

    @property
    def cells(self) -> int:
        """Return the cells in series: the common size that comes nearest to the rating."""
        return min(_CELLS, key=lambda cells: abs(cells * _CELL_W - self.rated_w))

    def operating_point(self, irradiance: float, cell_temp: float) -> tuple[float, float]:
        """Return voltage and current at the maximum power point."""
        light, warmth = irradiance / STC, cell_temp - STC_TEMP
        if light <= 0:
            return 0.0, 0.0
        cell = _MPP_V + _SERIES_V * (1 - light) + _DIODE_V * log(light) + _MPP_V_PER_K * warmth
        current = self.rated_w / (self.cells * _MPP_V) * light * (1 + _CURRENT_PER_K * warmth)
        return max(self.cells * cell, 0.0), current

    def voc(self, irradiance: float, cell_temp: float) -> float:
        """Return the open-circuit voltage."""
        if irradiance <= 0:
            return 0.0
        cell = _OPEN_V + _DIODE_V * log(irradiance / STC) + _OPEN_V_PER_K * (cell_temp - STC_TEMP)
        return max(self.cells * cell, 0.0)

    def voltage_at(self, share: float, irradiance: float, cell_temp: float) -> float:
        """Return the voltage at which `share` of the maximum power flows, right of the maximum power point.

        Near its maximum the power is a parabola of the voltage; the same parabola is used up to the open circuit.
        """
        v, _ = self.operating_point(irradiance, cell_temp)
        return v + (self.voc(irradiance, cell_temp) - v) * sqrt(min(max(1 - share, 0.0), 1.0))
