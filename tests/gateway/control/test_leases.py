from collections.abc import Iterable
from pathlib import Path

import pytest

from gateway.control.leases import SAVE_RENEWAL_S, Leases
from gateway.control.limits import Limit
from gateway.rows import LimitRow
from gateway.store import Store

NOON = 1_782_043_200


class Saved(list[LimitRow]):
    def __call__(self, rows: Iterable[LimitRow]) -> None:
        self.extend(rows)


def test_a_lease_ends_in_the_fallback_and_stays_there() -> None:
    saved = Saved()
    leases = Leases(saved)
    leases.put("a", Limit(50.0, "%", until=10.0), "me", now=0.0, utc=NOON)
    leases.put("b", Limit(70.0, "%"), "me", now=0.0, utc=NOON)
    assert leases.next_deadline() == 10.0
    assert leases.lapse(now=9.9, utc=NOON + 9.9) == []
    assert leases.lapse(now=10.0, utc=NOON + 10) == ["a"]
    assert leases.limits == {"a": Limit(None, "%"), "b": Limit(70.0, "%")}
    assert leases.next_deadline() is None
    assert leases.lapse(now=99.0, utc=NOON + 99) == []
    assert saved[-1] == LimitRow("a", None, "%", None, None, "me")


@pytest.mark.parametrize(
    ("row", "utc", "expected"),
    [
        (LimitRow("a", 50_000, "%", None, None, "me"), NOON, Limit(50.0, "%")),
        (LimitRow("a", 150_000, "W", NOON + 60, 100, "me"), NOON, Limit(150.0, "W", until=1060.0)),
        (LimitRow("a", 50_000, "%", NOON - 1, 100, "me"), NOON, Limit(50.0, "%", until=1000.0)),
        (LimitRow("a", 50_000, "%", NOON + 60, 100, "me"), 0, Limit(50.0, "%", until=1100.0)),
        (LimitRow("a", None, "%", None, None, "me"), NOON, Limit(None, "%")),
    ],
    ids=[
        "a limit without a lease is in force again",
        "a lease goes on for what is left of it",
        "a lease that has ended ends at once",
        "with a clock that was reset a lease never grows beyond what was given",
        "a fallback stays in force",
    ],
)
def test_after_a_restart(row: LimitRow, utc: float, expected: Limit) -> None:
    leases = Leases(Saved())
    leases.restore([row], now=1000.0, utc=utc)
    assert leases.limits == {"a": expected}


def test_limits_survive_in_the_database(tmp_path: Path) -> None:
    store = Store(tmp_path, inline=True)
    leases = Leases(store.put)
    leases.put("site", Limit(812.5, "W", until=600.0), "ems", now=0.0, utc=NOON)
    leases.put("a", Limit(33.3, "%"), "me", now=0.0, utc=NOON)
    store.close()
    again = Store(tmp_path, inline=True)
    leases = Leases(again.put)
    leases.restore(again.rows(LimitRow), now=5.0, utc=NOON + 100)
    again.close()
    assert leases.limits == {"site": Limit(812.5, "W", until=505.0), "a": Limit(33.3, "%")}


def test_renewals_every_second_are_not_all_stored() -> None:
    saved = Saved()
    leases = Leases(saved)
    for second in range(120):
        limit = Limit(50.0, "%", until=second + 20.0)
        leases.put("site", limit, "ems", now=float(second), utc=NOON + second)
    assert len(saved) == 120 / SAVE_RENEWAL_S
    assert leases.next_deadline() == 139.0
    leases.put("site", Limit(40.0, "%", until=139.5), "ems", now=119.5, utc=NOON + 119.5)
    assert saved[-1].value_milli == 40_000
