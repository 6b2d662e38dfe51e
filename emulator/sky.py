"""Sun, irradiance and air temperature at the site, as functions of UTC.

Sun position by astral; clear-sky irradiance by Haurwitz (J. Meteorology 2, 1945); diffuse share by Erbs, Klein and
Duffie (Solar Energy 28, 1982); a tilted plane by Liu and Jordan's isotropic sky (Solar Energy 7, 1963).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from math import cos, exp, pi, radians, sin
from typing import NamedTuple

from astral import Observer
from astral.sun import zenith_and_azimuth

from config.site import Location
from emulator.clouds import KNOT_S, Regime, clear_sky_index, steady
from emulator.dew import dew
from emulator.track import Track

_HOUR = 60  # knots: a block of a plane costs a millisecond
_SOLAR_CONSTANT = 1361.0  # W/m²
_ALBEDO = 0.2
_LOWEST_COS_ZENITH = 0.065  # about 4° of elevation: below, the beam on a horizontal plane tells nothing
_DAY_S = 86400.0
_YEAR_DAYS = 365.25
_WARMEST_DAY = 202  # late July in the north


class Sun(NamedTuple):
    """Position of the sun, degrees; azimuth from north, clockwise."""

    elevation: float
    azimuth: float


def clear_sky_ghi(elevation: float) -> float:
    """Return Haurwitz' global horizontal irradiance under a clear sky, W/m²."""
    if elevation <= 0:
        return 0.0
    cos_zenith = sin(radians(elevation))
    return 1098.0 * cos_zenith * exp(-0.059 / cos_zenith)


def diffuse_share(kt: float) -> float:
    """Return the diffuse share of the global irradiance for a clearness index (Erbs)."""
    if kt <= 0.22:
        return 1.0 - 0.09 * kt
    if kt <= 0.80:
        return 0.9511 - 0.1604 * kt + 4.388 * kt**2 - 16.638 * kt**3 + 12.336 * kt**4
    return 0.165


def plane_of_array(ghi: float, sun: Sun, year_day: float, tilt: float, azimuth: float) -> float:
    """Return the irradiance of a tilted plane, W/m², for a global horizontal irradiance."""
    if ghi <= 0 or sun.elevation <= 0:
        return 0.0
    zenith, slope = radians(90 - sun.elevation), radians(tilt)
    extraterrestrial = _SOLAR_CONSTANT * (1 + 0.033 * cos(2 * pi * year_day / _YEAR_DAYS))
    above = max(cos(zenith), _LOWEST_COS_ZENITH)
    diffuse = ghi * diffuse_share(ghi / (extraterrestrial * above))
    incidence = cos(zenith) * cos(slope) + sin(zenith) * sin(slope) * cos(radians(sun.azimuth - azimuth))
    beam = (ghi - diffuse) / above * max(incidence, 0.0)
    return beam + diffuse * (1 + cos(slope)) / 2 + ghi * _ALBEDO * (1 - cos(slope)) / 2


class Sky:
    """The sky over one place. Times are UTC, seconds since 1970. A heat wave is `warmer_k` above the usual air.

    `index` holds the share of the clear sky's irradiance, whatever the regime.
    """

    def __init__(
        self,
        location: Location,
        seed: int,
        regime: Regime | None = None,
        *,
        warmer_k: float = 0.0,
        index: float | None = None,
    ) -> None:
        self._place = Observer(location.latitude, location.longitude)
        self._warmer_k = warmer_k
        self.clearness = clear_sky_index(seed, regime, location.longitude) if index is None else steady(index)
        self.wetness = dew(seed, self.ghi, self.clearness.at, location.latitude, location.longitude)
        self._planes: dict[tuple[float, float], Track] = {}  # as many as the site file names

    def sun(self, t: float) -> Sun:
        """Return where the sun stands."""
        zenith, azimuth = zenith_and_azimuth(self._place, datetime.fromtimestamp(t, UTC), with_refraction=False)
        return Sun(90 - zenith, azimuth)

    def ghi(self, t: float) -> float:
        """Return the global horizontal irradiance, W/m²."""
        return clear_sky_ghi(self.sun(t).elevation) * self.clearness.at(t)

    def plane(self, tilt: float, azimuth: float) -> Track:
        """Return the irradiance of a plane, W/m², on knots of a minute."""
        if (tilt, azimuth) not in self._planes:

            def hour(number: int) -> Sequence[float]:
                return [self._irradiance(number * _HOUR + k, tilt, azimuth) for k in range(_HOUR)]

            self._planes[tilt, azimuth] = Track(KNOT_S, _HOUR, hour)
        return self._planes[tilt, azimuth]

    def _irradiance(self, knot: int, tilt: float, azimuth: float) -> float:
        t = knot * KNOT_S
        sun = self.sun(t)
        ghi = clear_sky_ghi(sun.elevation) * self.clearness.knot(knot)
        return plane_of_array(ghi, sun, t / _DAY_S % _YEAR_DAYS, tilt, azimuth)

    def ambient(self, t: float) -> float:
        """Return the air temperature, °C: a yearly and a daily wave about a mean that falls with latitude."""
        latitude = self._place.latitude
        warmest = _WARMEST_DAY if latitude >= 0 else _WARMEST_DAY - _YEAR_DAYS / 2
        season = cos(2 * pi * (t / _DAY_S - warmest) / _YEAR_DAYS)
        solar_hour = (t / 3600 + self._place.longitude / 15) % 24
        hour = cos(2 * pi * (solar_hour - 15) / 24)
        return self._warmer_k + 28.0 - 0.36 * abs(latitude) + 0.18 * abs(latitude) * season + 5.0 * hour
