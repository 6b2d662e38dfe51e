"""The DC component in a unit's output: a little noise of its control loop, and an offset when something is wrong."""

from random import Random

from emulator.track import Line, Track

KNOT_S = 10.0
_BLOCK = 60  # knots
_SPREAD_A, _MOST = 0.002, 3.0  # far below the 20 mA at which a unit has to stop


class DcComponent:
    """The DC component of one unit while it feeds in. `offset_a`, when set, is a fault: a biased sensor or bridge."""

    def __init__(self, seed: str) -> None:
        def block(number: int) -> list[float]:
            rng = Random(f"{seed}/dc component/{number}")
            return [_SPREAD_A * min(max(rng.gauss(0, 1), -_MOST), _MOST) for _ in range(_BLOCK)]

        self._noise = Track(KNOT_S, _BLOCK, block)
        self.offset_a = 0.0

    def amps(self, t: float) -> float:
        """Return the current at `t`, UTC."""
        return self._noise.at(t) + self.offset_a

    def line(self, t: float) -> Line:
        """Return the piece that begins at or before `t` and ends after it, to ask when it crosses a limit."""
        noise = self._noise.line(t)
        return noise._replace(first=noise.first + self.offset_a, last=noise.last + self.offset_a)
