"""Voltage and frequency of the grid as functions of UTC: what nature does, and what is done to it.

Continental Europe: frequency about 50 Hz with 20 mHz spread and minutes of memory, a dip or rise of 20-60 mHz at the
full hour; voltage with a daily wave of 2 % and 0.8 % spread over five minutes.
"""

from math import cos, exp, inf, pi, sqrt
from random import Random

from emulator.course import Constant, Course, Natural, Scripted, Switch, part
from emulator.track import Line, Track

PHASES = (1, 2, 3)
KNOT_S = 10.0
_HOUR = 360  # knots
_FREQUENCY_SD, _FREQUENCY_MEMORY_S = 0.020, 180.0
_VOLTAGE_SD, _VOLTAGE_MEMORY_S = 0.008, 300.0
_VOLTAGE_DAILY = 0.02
_HOUR_JUMP = (0.020, 0.060)  # Hz: power plants change their schedules at the full hour
_JUMP_RISE_S, _JUMP_FALL_S = 60.0, 240.0


class Supply:
    """Voltage and frequency at one place, both as they would be there without the plant's own current.

    `breaker` cuts the place off. Without mains the voltage is 0 and there is no frequency to measure: it is 0 too.
    """

    def __init__(self, volt: Course, hertz: Course, *switches: Switch) -> None:
        self.volt = Scripted(volt)
        self.hertz = Scripted(hertz)
        self.breaker = Switch()
        self._switches = (*switches, self.breaker)

    def alive(self, t: float) -> bool:
        """Tell whether there is mains."""
        for switch in self._switches:  # noqa: SIM110 - all() would cost a generator, and every reading asks
            if not switch.closed(t):
                return False
        return True

    def volt_piece(self, t: float) -> Line:
        """Return the piece of the voltage that begins at or before `t` and ends after it."""
        start = max(switch.since(t) for switch in self._switches)
        end = min(switch.until(t) for switch in self._switches)
        return part(self.volt.piece(t), start, end) if self.alive(t) else Line(start, end, 0.0, 0.0)

    def volt_at(self, t: float) -> float:
        """Return the voltage."""
        return self.volt.at(t) if self.alive(t) else 0.0

    def hertz_at(self, t: float) -> float:
        """Return the frequency."""
        return self.hertz.at(t) if self.alive(t) else 0.0

    def volt_stays(self, t: float, low: float, high: float) -> float:
        """Return until when the voltage, between `low` and `high` at `t`, surely stays there."""
        return self.volt.stays(t, low, high) if self.alive(t) else inf

    def hertz_stays(self, t: float, low: float, high: float) -> float:
        """Return until when the frequency, between `low` and `high` at `t`, surely stays there."""
        return self.hertz.stays(t, low, high) if self.alive(t) else inf


class Grid(Supply):
    """The grid at the connection point. `still`: without the noise of nature. `phases` are lost one by one."""

    def __init__(self, seed: int, v_nom: float = 230.0, hz_nom: float = 50.0, *, still: bool = False) -> None:
        self.v_nom = v_nom
        self.hz_nom = hz_nom
        self.phases = {number: Switch() for number in PHASES}
        if still:
            super().__init__(Constant(v_nom), Constant(hz_nom))
            return

        def volts(hour: int) -> list[float]:
            waves = _waves(seed, "voltage", hour, _VOLTAGE_MEMORY_S)
            return [v_nom * (1 + _VOLTAGE_SD * w + _daily(hour * _HOUR + k)) for k, w in enumerate(waves)]

        def hertz(hour: int) -> list[float]:
            jump = _hour_jump(seed, hour)
            waves = _waves(seed, "frequency", hour, _FREQUENCY_MEMORY_S)
            return [hz_nom + _FREQUENCY_SD * w + jump * _jump_shape(k * KNOT_S) for k, w in enumerate(waves)]

        super().__init__(Natural(Track(KNOT_S, _HOUR, volts), _HOUR), Natural(Track(KNOT_S, _HOUR, hertz), _HOUR))

    def branch(self, phase: int = 1, *shared: Switch) -> Supply:
        """Return the supply of a branch: a phase of the grid, through shared switches and a breaker of its own."""
        return Supply(self.volt, self.hertz, self.breaker, self.phases[phase], *shared)


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
