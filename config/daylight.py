"""A place for examples where it is day now, so that a demo never starts in the dark."""

from datetime import UTC, datetime
from typing import NamedTuple

from astral.julian import julianday, julianday_to_juliancentury
from astral.sun import eq_of_time, sun_declination

_SOLAR_HOUR = 11.0  # late in the morning: sun is high, and hours of light are left to watch
_LATITUDE = 30.0  # in summer the noon sun stands 60 to 84 degrees high here


class Daylight(NamedTuple):
    """A place by the names of the site file."""

    latitude: float
    longitude: float
    timezone: str


def daylight(utc: float) -> Daylight:
    """Return a place in the summer hemisphere where solar time at `utc` (s since 1970) is within half an hour of 11:00.

    The longitude is a whole multiple of 15 degrees, so its time zone is a whole number of hours. Two processes that ask
    a little apart get the same place, or neighbours whose solar times differ by an hour: day for both.
    """
    now = datetime.fromtimestamp(utc, UTC)
    century = julianday_to_juliancentury(julianday(now))
    solar_hour_at_greenwich = now.hour + now.minute / 60 + eq_of_time(century) / 60
    hours_east = (round(_SOLAR_HOUR - solar_hour_at_greenwich) + 12) % 24 - 12
    return Daylight(
        latitude=_LATITUDE if sun_declination(century) >= 0 else -_LATITUDE,
        longitude=15.0 * hours_east,
        timezone=f"Etc/GMT{-hours_east:+d}",  # these names count westwards: Etc/GMT-2 is two hours ahead of UTC
    )
