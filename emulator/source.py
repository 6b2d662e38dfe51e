"""What the modules at an inverter could give: light and temperature turned into power, linear between knots."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from emulator.clouds import KNOT_S
from emulator.diode import Array
from emulator.module import STC, STC_TEMP, Cells, Module, cell_temperature
from emulator.sky import Sky
from emulator.track import Knots, Line

MPPT = 0.999  # static tracking efficiency, data sheet
_MPPT_DARK = 0.975  # what remains of it towards no power: noise hides the slope of the curve
_MPPT_WEAK = 0.05  # share of the rating below which it falls
_HOUR = 60  # knots: solving them at once costs little more than solving one
_BEHIND = 0.3  # share of the module's excess temperature that the air behind it has


class Light(NamedTuple):
    """The source between two knots."""

    power: Line  # W, all ports, at the input of the power stage
    open_v: Line
    tracked_v: Line  # at the maximum power point

    @property
    def end(self) -> float:
        """Return the time of the next knot."""
        return self.power.end


def tracked_share(load: Array) -> Array:
    """Return the share of the power that the tracker finds, for a power by the module's rating.

    A tracker that follows within a second loses next to nothing at ramps below 30 W/m² in a second, and knots of a
    minute hold no steeper ones: so there is no loss for motion.
    """
    return MPPT - (MPPT - _MPPT_DARK) * np.maximum(1 - load / _MPPT_WEAK, 0)


@lru_cache(maxsize=64)  # types of module times planes of a site; units at equal ones share the work
def _knots(sky: Sky, tilt: float, azimuth: float, cells: Cells) -> Knots[tuple[float, float, float]]:
    """Return tracked power, open-circuit voltage and voltage at the maximum power point of a module of the type."""
    plane = sky.plane(tilt, azimuth)
    best_v, best_a = cells.curve(STC, STC_TEMP).best()

    def hour(number: int) -> Sequence[tuple[float, float, float]]:
        knots = range(number * _HOUR, (number + 1) * _HOUR)
        irradiance = np.array([plane.knot(knot) for knot in knots])
        ambient = np.array([sky.ambient(knot * KNOT_S) for knot in knots])
        curve = cells.curve(irradiance, cell_temperature(irradiance, ambient))
        v, i = curve.best()
        power = v * i * tracked_share(v * i / (best_v * best_a))
        return list(zip(power.tolist(), curve.open_v().tolist(), v.tolist(), strict=True))

    return Knots(_HOUR, hour)


class Source:
    """Equal modules, one at each port, on one plane. Times are UTC.

    `delay_s`: how much later than at the site's first module a cloud comes by here.
    """

    def __init__(
        self, sky: Sky, module: Module, tilt: float, azimuth: float, ports: int, *, delay_s: float = 0.0
    ) -> None:
        self._sky = sky
        self._plane = sky.plane(tilt, azimuth)
        self._cells = module.cells
        self._knots = _knots(sky, tilt, azimuth, module.cells)
        self._area = ports * module.area
        self._delay_s = delay_s  # of the sun too: in these seconds it does not move

    def between_knots(self, t: float) -> Light:
        """Return the piece that begins at or before `t` and ends after it."""
        index = int((t - self._delay_s) // KNOT_S)
        start = index * KNOT_S + self._delay_s
        end = start + KNOT_S
        power, open_v, v = self._knots.knot(index)
        next_power, next_open_v, next_v = self._knots.knot(index + 1)
        return Light(
            Line(start, end, self._area * power, self._area * next_power),
            Line(start, end, open_v, next_open_v),
            Line(start, end, v, next_v),
        )

    def irradiance(self, t: float) -> float:
        """Return the irradiance of the modules, W/m²."""
        return self._plane.at(t - self._delay_s)

    def voltage(self, share: float, t: float) -> float:
        """Return the voltage of a port at `t` while `share` of what it could give is drawn."""
        irradiance = self.irradiance(t)
        return self._cells.curve(irradiance, cell_temperature(irradiance, self._sky.ambient(t))).voltage_at(share)

    def air(self, t: float) -> float:
        """Return the temperature of the air behind the module, where the inverter hangs, °C."""
        ambient = self._sky.ambient(t)
        return ambient + _BEHIND * (cell_temperature(self.irradiance(t), ambient) - ambient)

    def wetness(self, t: float) -> float:
        """Return how wet modules and connectors are: 0 dry, 1 soaked with dew."""
        return self._sky.wetness.at(t)
