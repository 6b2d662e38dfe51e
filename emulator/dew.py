"""How wet a plant is: dew falls in clear nights and lasts until the sun has dried it.

    solar hour    20 ........ 24 ........ sunrise ................. 20
    wetness       rises to the night's dew, stays, falls by the light received since sunrise

A night's dew is its clear sky (clouds keep the ground warm) times the season (autumn air is moist above cold ground,
midsummer nights are short) times chance.
"""

from collections.abc import Callable
from math import cos, exp, pi
from random import Random

from emulator.track import Track

KNOT_S = 600.0
_DAY = 144  # knots
_DAY_S = 86400.0
_FALLS_FROM = 120  # knot of the solar day: 20 h
_DRYING_J = 150.0 * 3600  # J/m² of light that leave 1/e
_DULL = 0.3  # clear-sky index below which no dew falls
_DEWIEST_DAY = 280  # early October in the north
_YEAR_DAYS = 365.25


def dew(
    seed: int, ghi: Callable[[float], float], clearness: Callable[[float], float], latitude: float, longitude: float
) -> Track:
    """Return the wetness, 0 … 1, from global irradiance and clear-sky index as functions of UTC."""
    offset_s = longitude / 360 * _DAY_S
    shift = round(offset_s / KNOT_S)

    def fallen(day: int) -> float:
        midnight = day * _DAY_S - offset_s
        clear = sum(clearness(midnight + 1800 * k) for k in range(-4, 9)) / 13
        dewiest = _DEWIEST_DAY if latitude >= 0 else _DEWIEST_DAY - _YEAR_DAYS / 2
        season = 0.6 + 0.4 * cos(2 * pi * (day - dewiest) / _YEAR_DAYS)
        chance = Random(f"{seed}/dew/{day}").uniform(0.4, 1)
        return season * chance * min(max((clear - _DULL) / (1 - _DULL), 0.0), 1.0)

    def day(number: int) -> list[float]:
        first = number * _DAY - shift
        tonight, received_j, wetness = fallen(number + 1), 0.0, []
        this_night = fallen(number)
        for place in range(_DAY):
            received_j += KNOT_S * ghi((first + place) * KNOT_S)
            left = this_night * exp(-received_j / _DRYING_J)
            falling = max(place - _FALLS_FROM, 0) / (_DAY - _FALLS_FROM)
            wetness.append(left + (tonight - left) * falling)
        return wetness

    return Track(KNOT_S, _DAY, day, shift=shift)
