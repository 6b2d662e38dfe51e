"""What the modules at an inverter could give: light and temperature turned into power, linear between knots."""

from typing import NamedTuple

from emulator.clouds import KNOT_S
from emulator.module import Module, cell_temperature
from emulator.sky import Sky

MPPT = 0.999  # static tracking efficiency, data sheet


class Line(NamedTuple):
    """A straight piece of a function of time."""

    start: float
    end: float
    first: float
    last: float

    def at(self, t: float) -> float:
        """Return the value at `t`."""
        return self.first + (self.last - self.first) * (t - self.start) / (self.end - self.start)

    def crossing(self, level: float) -> float | None:
        """Return when the line crosses `level`; None when it does not."""
        if (self.first < level) == (self.last < level):
            return None
        return self.start + (self.end - self.start) * (level - self.first) / (self.last - self.first)


class Light(NamedTuple):
    """The source between two knots."""

    power: Line  # W, all ports, at the input of the power stage
    open_v: Line
    tracked_v: Line  # at the maximum power point

    @property
    def end(self) -> float:
        """Return the time of the next knot."""
        return self.power.end


class Source:
    """Equal modules, one at each port, on one plane. Times are UTC."""

    def __init__(self, sky: Sky, module: Module, tilt: float, azimuth: float, ports: int) -> None:
        self._sky = sky
        self._plane = sky.plane(tilt, azimuth)
        self._module = module
        self._ports = ports

    def between_knots(self, t: float) -> Light:
        """Return the piece that begins at or before `t` and ends after it."""
        index = int(t // KNOT_S)
        ends = zip(self._knot(index), self._knot(index + 1), strict=True)
        return Light(*(Line(index * KNOT_S, (index + 1) * KNOT_S, first, last) for first, last in ends))

    def _knot(self, index: int) -> tuple[float, float, float]:
        irradiance = self._plane.knot(index)
        warmth = cell_temperature(irradiance, self._sky.ambient(index * KNOT_S))
        v, i = self._module.operating_point(irradiance, warmth)
        return MPPT * self._ports * v * i, self._module.voc(irradiance, warmth), v

    def voltage(self, share: float, t: float) -> float:
        """Return the voltage of a port at `t` while `share` of what it could give is drawn."""
        irradiance = self._plane.at(t)
        return self._module.voltage_at(share, irradiance, cell_temperature(irradiance, self._sky.ambient(t)))

    def air(self, t: float) -> float:
        """Return the temperature of the air behind the module, where the inverter hangs, °C."""
        ambient = self._sky.ambient(t)
        return ambient + 0.3 * (cell_temperature(self._plane.at(t), ambient) - ambient)
