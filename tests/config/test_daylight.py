from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import cos, pi, sin
from zoneinfo import ZoneInfo

import pytest
from astral import Observer
from astral.sun import elevation

from config.daylight import daylight

MOMENTS = [
    datetime(2026, month, day, hour, minute, tzinfo=UTC)
    for month, day in [(1, 1), (2, 11), (3, 19), (3, 22), (6, 21), (9, 21), (9, 25), (11, 3), (12, 21)]
    for hour, minute in [(0, 0), (0, 31), (5, 29), (11, 45), (12, 0), (17, 30), (23, 59)]
]


def solar_hour(now: datetime, longitude: float) -> float:
    """Return solar time by Spencer's series for the equation of time, good to half a minute."""
    angle = 2 * pi * (now.timetuple().tm_yday - 1) / 365
    minutes = 229.18 * (
        0.000075 + 0.001868 * cos(angle) - 0.032077 * sin(angle) - 0.014615 * cos(2 * angle) - 0.040849 * sin(2 * angle)
    )
    return (now.hour + now.minute / 60 + longitude / 15 + minutes / 60) % 24


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_it_is_late_in_a_summer_morning(now: datetime) -> None:
    place = daylight(now.timestamp())
    assert solar_hour(now, place.longitude) == pytest.approx(11, abs=0.53)
    assert elevation(Observer(place.latitude, place.longitude), now) > 50


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_the_zone_is_that_of_the_longitude(now: datetime) -> None:
    place = daylight(now.timestamp())
    assert now.astimezone(ZoneInfo(place.timezone)).utcoffset() == timedelta(hours=place.longitude / 15)


@pytest.mark.parametrize(
    ("month", "hemisphere"), [(1, -1), (2, -1), (4, 1), (6, 1), (8, 1), (10, -1), (12, -1)], ids=str
)
def test_it_is_summer(month: int, hemisphere: int) -> None:
    assert daylight(datetime(2026, month, 15, tzinfo=UTC).timestamp()).latitude * hemisphere > 0


def test_two_processes_agree_but_for_an_hour_at_most() -> None:
    start = datetime(2026, 6, 21, tzinfo=UTC).timestamp()
    places = [daylight(start + minute * 60) for minute in range(24 * 60)]
    moved = [(one.longitude - next_.longitude) % 360 for one, next_ in pairwise(places)]
    assert set(moved) == {0.0, 15.0}
    assert moved.count(15.0) == 24
