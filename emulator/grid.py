"""Voltage and frequency of the grid as functions of UTC, and what a branch adds to the voltage.

Continental Europe: frequency about 50 Hz with 20 mHz spread and minutes of memory, a dip or rise of 20-60 mHz at the
full hour; voltage with a daily wave of 2 % and 0.8 % spread over five minutes.
"""

from dataclasses import dataclass
from math import cos, exp, pi, sqrt
from random import Random

from emulator.track import Track

KNOT_S = 10.0
_HOUR = 360  # knots
_FREQUENCY_SD, _FREQUENCY_MEMORY_S = 0.020, 180.0
_VOLTAGE_SD, _VOLTAGE_MEMORY_S = 0.008, 300.0
_VOLTAGE_DAILY = 0.02
_HOUR_JUMP = (0.020, 0.060)  # Hz: power plants change their schedules at the full hour
_JUMP_RISE_S, _JUMP_FALL_S = 60.0, 240.0

CABLE_OHM_PER_M = 0.00798  # 2.5 mm² copper at 20 °C, one conductor
SPACING_M = 1.3  # between units mounted upright
SERVICE_OHM = 0.40  # reference impedance of IEC 60725, resistive part
_SERVICE_RISE = 0.03  # of nominal at full power: a larger plant gets a stronger connection


class Grid:
    """The grid at the connection point without the plant."""

    def __init__(self, seed: int, v_nom: float = 230.0, hz_nom: float = 50.0) -> None:
        self.v_nom = v_nom
        self.hz_nom = hz_nom

        def volts(hour: int) -> list[float]:
            waves = _waves(seed, "voltage", hour, _VOLTAGE_MEMORY_S)
            return [v_nom * (1 + _VOLTAGE_SD * w + _daily(hour * _HOUR + k)) for k, w in enumerate(waves)]

        def hertz(hour: int) -> list[float]:
            jump = _hour_jump(seed, hour)
            waves = _waves(seed, "frequency", hour, _FREQUENCY_MEMORY_S)
            return [hz_nom + _FREQUENCY_SD * w + jump * _jump_shape(k * KNOT_S) for k, w in enumerate(waves)]

        self.voltage = Track(KNOT_S, _HOUR, volts)
        self.frequency = Track(KNOT_S, _HOUR, hertz)


def _waves(seed: int, name: str, hour: int, memory_s: float) -> list[float]:
    """Return an hour of a Gaussian process of unit spread.

    It runs through the hour before first, so that neighbouring hours meet although each is made alone.
    """
    keep = exp(-KNOT_S / memory_s)
    wave, waves = 0.0, []
    for number in (hour - 1, hour):
        rng = Random(f"{seed}/grid/{name}/{number}")
        waves = [wave := keep * wave + sqrt(1 - keep**2) * rng.gauss(0, 1) for _ in range(_HOUR)]
    return waves


def _daily(knot: int) -> float:
    """Return the share by which the voltage follows the day: lowest in the evening, about 18 h UTC."""
    return -_VOLTAGE_DAILY * cos(2 * pi * (knot * KNOT_S / 3600 - 18) / 24)


def _hour_jump(seed: int, hour: int) -> float:
    rng = Random(f"{seed}/grid/jump/{hour}")
    return rng.choice((-1, 1)) * rng.uniform(*_HOUR_JUMP)


def _jump_shape(second: float) -> float:
    if second < _JUMP_RISE_S:
        return second / _JUMP_RISE_S
    return max(0.0, 1 - (second - _JUMP_RISE_S) / _JUMP_FALL_S)


@dataclass(frozen=True, slots=True)
class Feeder:
    """Where a unit hangs: `position` 1 is next to the breaker, `count` units share the branch.

    All units of a plant see nearly the same sun, so a unit's own current stands for that of each of the others.
    """

    position: int
    count: int
    plant_a: float = 0.0  # rated current of all units of the plant
    unit_a: float = 1.0  # rated current of this one
    v_nom: float = 230.0

    def rise(self, current: float) -> float:
        """Return how far the unit's voltage stands above the grid's, V, when each unit feeds in `current`."""
        sections = sum(self.count - k for k in range(self.position))
        service = min(SERVICE_OHM, _SERVICE_RISE * self.v_nom / self.plant_a) if self.plant_a else 0.0
        return current * (2 * CABLE_OHM_PER_M * SPACING_M * sections + service * self.plant_a / self.unit_a)
