"""Entering service: whether voltage and frequency permit it, and for how long they must have."""

from math import inf

from config.grid_profile import GridProfileFile
from emulator.protection import since


class EnterService:
    """The wait before the relay closes: the grid fits and nothing else is missing, both without a break."""

    def __init__(self, profile: GridProfileFile) -> None:
        entry, v_nom = profile.enter_service, profile.nominal.v_ln
        self.volts = entry.v_lo * v_nom / 100, entry.v_hi * v_nom / 100
        self.hertz = entry.hz_lo, entry.hz_hi
        self.ramps_always = entry.ramp_first
        self._delay_s = entry.delay_s
        self._short = entry.short_interruption
        self._fit_at: float | None = None  # since when the grid fits, whatever else
        self._ready_at: float | None = None  # since when nothing else is missing either

    def fits(self, volt: float | None, hertz: float | None) -> bool:
        """Tell whether voltage and frequency lie in the window."""
        if volt is None or hertz is None:
            return False
        return self.volts[0] <= volt <= self.volts[1] and self.hertz[0] <= hertz <= self.hertz[1]

    def observe(self, now: float, *, fits: bool, permitted: bool) -> None:
        """Take what is so from `now` on."""
        self._fit_at = since(self._fit_at, now, holds=fits)
        self._ready_at = since(self._ready_at, now, holds=fits and permitted)

    def hold(self) -> None:
        """Wait anew: something other than the grid is missing."""
        self._ready_at = None

    def stop(self) -> None:
        """Forget the grid too."""
        self._fit_at = self._ready_at = None

    def due(self, left_at: float) -> float:
        """Return when the relay may close; the wait is shorter after an interruption that is short for the profile.

        `left_at` is when the grid left its limits before it last tripped the unit.
        """
        if self._ready_at is None or self._fit_at is None:
            return inf
        if self._short is not None and self._fit_at - left_at <= self._short.max_s:
            return self._ready_at + self._short.delay_s
        return self._ready_at + self._delay_s
