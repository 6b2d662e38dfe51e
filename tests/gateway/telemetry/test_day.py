from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.telemetry.day import HOLD_S, SiteDay, Turn

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SAME, NEXT, BACK = Turn


def utc(text: str) -> float:
    """Return the instant of a local time, or of a UTC time that ends in Z."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=AMSTERDAM)).timestamp()


@pytest.mark.parametrize(
    ("rows", "today"),
    [
        pytest.param([("2026-06-01T12:00", SAME)], date(2026, 6, 1), id="the first look adopts the day"),
        pytest.param(
            [
                ("2026-06-01T12:00", SAME),
                ("2026-06-01T23:59:59", SAME),
                ("2026-06-02T00:00", NEXT),
                ("2026-06-02T00:01", SAME),
            ],
            date(2026, 6, 2),
            id="a day turns at local midnight",
        ),
        pytest.param(
            [("2026-03-29T00:00", SAME), ("2026-03-29T21:59:59Z", SAME), ("2026-03-29T22:00Z", NEXT)],
            date(2026, 3, 30),
            id="the day that summer time begins has 23 hours",
        ),
        pytest.param(
            [("2026-10-25T00:00", SAME), ("2026-10-25T22:59:59Z", SAME), ("2026-10-25T23:00Z", NEXT)],
            date(2026, 10, 26),
            id="the day that summer time ends has 25 hours",
        ),
        pytest.param(
            [
                ("2026-06-01T23:59", SAME),
                ("2026-06-02T00:00:05", NEXT),
                ("2026-06-01T23:59:50", SAME),
                ("2026-06-02T00:00", SAME),
            ],
            date(2026, 6, 2),
            id="a small step back over midnight does not turn twice",
        ),
        pytest.param(
            [
                ("2026-06-01T12:00", SAME),
                ("2036-01-01T12:00", NEXT),
                ("2026-06-01T12:10", BACK),
                ("2026-06-02T00:00", NEXT),
            ],
            date(2026, 6, 2),
            id="a wrong future is undone",
        ),
        pytest.param(
            [
                ("2026-06-01T12:00", SAME),
                ("2036-01-01T12:00", NEXT),
                ("2026-06-03T09:00", NEXT),
                ("2036-01-01T12:00", NEXT),
            ],
            date(2036, 1, 1),
            id="a wrong future is left for another day, and not returned to",
        ),
        pytest.param(
            [("2026-06-01T12:00", SAME), ("2026-06-05T12:00", NEXT)],
            date(2026, 6, 5),
            id="days without the daemon turn once",
        ),
    ],
)
def test_day(rows: list[tuple[str, Turn]], today: date) -> None:
    day = SiteDay(AMSTERDAM)
    assert [(text, day.observe(utc(text))) for text, _ in rows] == rows
    assert day.today == today


@pytest.mark.parametrize(
    ("back_s", "turn"), [(HOLD_S, SAME), (HOLD_S + 1, BACK)], ids=["two hours hold", "more does not"]
)
def test_how_small_a_small_step_is(back_s: float, turn: Turn) -> None:
    day = SiteDay(AMSTERDAM, today=date(2026, 6, 2), previous=date(2026, 6, 1))
    assert day.observe(utc("2026-06-02T00:00") - back_s) is turn


def test_a_stored_day_that_is_over_turns_at_the_first_look() -> None:
    day = SiteDay(AMSTERDAM, today=date(2026, 6, 1))
    assert day.observe(utc("2026-06-02T07:00")) is NEXT
    assert (day.previous, day.today) == (date(2026, 6, 1), date(2026, 6, 2))


def test_a_midnight_that_does_not_exist_turns_at_the_gap() -> None:
    """Summer time began at midnight in São Paulo: 2018-11-04 started at 01:00."""
    day = SiteDay(ZoneInfo("America/Sao_Paulo"), today=date(2018, 11, 3))
    assert datetime.fromtimestamp(day.end_utc, UTC) == datetime(2018, 11, 4, 3, tzinfo=UTC)
