"""How much light there can be at the site: sun elevation, as far as the clock may be believed."""

from datetime import UTC, datetime

from astral import Observer
from astral.sun import elevation

from config.site import Location
from drivers.clock import Clock, Trust

REFRESH_S = 30.0  # the sun moves at most 0.125 degrees in this time


class Light:
    """Sun elevation over a place, computed at most every REFRESH_S."""

    def __init__(self, location: Location, clock: Clock) -> None:
        self._observer = Observer(location.latitude, location.longitude)
        self._clock = clock
        self._computed_at = float("-inf")
        self._elevation = 0.0

    def elevation(self) -> float | None:
        """Return the sun's elevation in degrees, refraction included; None while the clock is guessed."""
        if self._clock.trust() is Trust.GUESSED:
            return None
        utc = self._clock.utc()
        if not 0 <= utc - self._computed_at < REFRESH_S:
            self._computed_at = utc
            self._elevation = elevation(self._observer, datetime.fromtimestamp(utc, UTC))
        return self._elevation
