"""A PV module: its current-voltage curve from irradiance and cell temperature (De Soto, Solar Energy 80, 2006)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from emulator.diode import Curve, Q, exponential

STC = 1000.0  # W/m²
STC_TEMP = 25.0  # °C
_ZERO_C = 273.15
_BOLTZMANN = 8.617333262e-5  # eV/K
_GAP, _GAP_PER_K = 1.121, -0.0002677  # eV; share by which the gap shrinks with each K
_ROSS = 0.031  # K per W/m²: nominal operating cell temperature 45 °C


def cell_temperature(irradiance: Q, ambient: Q) -> Q:
    """Return the cell temperature, °C, by Ross (nominal operating cell temperature)."""
    return ambient + _ROSS * irradiance


@dataclass(frozen=True, slots=True)
class Cells:
    """A type of module by its parameters at standard test conditions, fitted to the figures of a data sheet."""

    count: int
    current_per_k: float  # A/K
    scale_v: float
    light_a: float
    dark_a: float
    shunt_ohm: float
    series_ohm: float

    def curve(self, irradiance: Q, cell_temp: Q) -> Curve[Q]:
        """Return the curve at an irradiance, W/m², and a cell temperature, °C."""
        warmth, light = cell_temp - STC_TEMP, irradiance / STC
        at_stc, kelvin = STC_TEMP + _ZERO_C, cell_temp + _ZERO_C
        warm = kelvin / at_stc
        gap = _GAP * (1 + _GAP_PER_K * warmth)
        more = exponential(_GAP / (_BOLTZMANN * at_stc) - gap / (_BOLTZMANN * kelvin))
        return Curve(
            light_a=light * (self.light_a + self.current_per_k * warmth),
            dark_a=self.dark_a * warm**3 * more,
            scale_v=self.scale_v * warm,
            shunt_s=light / self.shunt_ohm,
            series_ohm=self.series_ohm,
        )

    def in_series(self, modules: int) -> "Cells":
        """Return several modules in series as one."""
        return replace(
            self,
            count=self.count * modules,
            scale_v=self.scale_v * modules,
            shunt_ohm=self.shunt_ohm * modules,
            series_ohm=self.series_ohm * modules,
        )


# generic half-cut modules of 430, 370, 495 and 550 W; and one whose 62 V are too many for a 60 V input on a cold day
TYPES: Mapping[int, Cells] = {
    cells.count: cells
    for cells in (
        Cells(54, 0.006359, 1.3484, 14.144, 5.222e-12, 146.2, 0.1489),
        Cells(60, 0.005700, 1.5060, 11.408, 1.714e-11, 234.6, 0.1716),
        Cells(66, 0.006648, 1.6440, 13.864, 1.324e-11, 170.6, 0.1744),
        Cells(72, 0.006720, 1.8029, 14.017, 1.339e-11, 129.7, 0.1606),
        Cells(96, 0.003400, 2.2380, 6.8099, 6.336e-12, 299.2, 0.4338),
    )
}
_USUAL = {430.0: 54, 370.0: 60, 495.0: 66, 550.0: 72}


@cache  # as many as there are types
def _stc_w(cells: Cells) -> float:
    v, i = cells.curve(STC, STC_TEMP).best()
    return v * i


@dataclass(frozen=True, slots=True)
class Module:
    """A module of `rated_w` at standard test conditions: cells of a larger or smaller area than its type's.

    `cell_count`: that of the usual type with the nearest rating if left out. `tolerance` is by how much this specimen
    differs from its rating. `in_series`: how many of them somebody has put at one input; one is right. Raises
    KeyError on a count without a type.
    """

    rated_w: float
    cell_count: int | None = None
    tolerance: float = 1.0
    in_series: int = 1

    @property
    def cells(self) -> Cells:
        """Return the type."""
        count = self.cell_count or _USUAL[min(_USUAL, key=lambda rated_w: abs(rated_w - self.rated_w))]
        return TYPES[count].in_series(self.in_series)

    @property
    def area(self) -> float:
        """Return the factor on all currents of the type."""
        return self.rated_w * self.in_series * self.tolerance / _stc_w(self.cells)

    def operating_point(self, irradiance: float, cell_temp: float) -> tuple[float, float]:
        """Return voltage and current at the maximum power point."""
        v, i = self.cells.curve(irradiance, cell_temp).best()
        return v, i * self.area

    def voc(self, irradiance: float, cell_temp: float) -> float:
        """Return the open-circuit voltage."""
        return self.cells.curve(irradiance, cell_temp).open_v()

    def isc(self, irradiance: float, cell_temp: float) -> float:
        """Return the short-circuit current."""
        return self.current_at(0.0, irradiance, cell_temp)

    def current_at(self, volt: float, irradiance: float, cell_temp: float) -> float:
        """Return the current at a voltage up to the open circuit; the power is their product."""
        return self.cells.curve(irradiance, cell_temp).current(volt) * self.area

    def voltage_at(self, share: float, irradiance: float, cell_temp: float) -> float:
        """Return the voltage at which `share` of the maximum power flows, right of the maximum power point."""
        return self.cells.curve(irradiance, cell_temp).voltage_at(share)
