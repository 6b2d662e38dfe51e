"""Targets that read what an earlier run has stored; a disk may have changed it since."""

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from config.site import Site
from gateway.alarms import rows
from gateway.alarms.record import Record, Shelf, Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from gateway.alarms.trip import Trip
from gateway.app import App
from gateway.log import LogTap
from gateway.rows import AlarmRow, JournalRow, LedgerRow, LimitRow, Meta, UnitRow, WriteRow
from gateway.store import FILE_NAME, Store
from protocols.errors import OpenCombinerError
from tests.fuzz.corpus import DEEP
from tests.fuzz.folder import from_file
from tests.fuzz.target import Target
from tests.support.daemon import described
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run

_EDGE = Transition(5, NOON, "a", 3, Stimulus.RAISE, AlarmState.NORM, AlarmState.UNACK, Suppression.NONE, 1)
_TRIP = Trip(6, NOON, "a", 3, "SN000a", 4, 1, 253.0, 10, 20)
_RECORD = Record(
    "a",
    3,
    AlarmState.UNACK,
    Shelf("me", NOON + 60, one_shot=True),
    count=2,
    raised_ts=NOON,
    occurrences=(NOON, NOON + 1),
    escalated=(("e1", NOON),),
)


def targets() -> Iterator[Target]:
    """Yield the targets."""
    edge, trip = rows.journal_row(_EDGE), rows.journal_row(_TRIP)
    facts = (edge.facts.encode(), trip.facts.encode(), DEEP, b"null", b"[]", b"")
    yield Target("entry of the journal", _entry, facts, ("gateway.alarms.rows:entry",))
    record = (rows.alarm_row(_RECORD).record.encode(), DEEP, b"null", b"[]", b"")
    yield Target("record of an alarm", _record, record, ("gateway.alarms.rows:record",))
    errors = (OpenCombinerError,)
    yield Target(
        "database", from_file(_start, FILE_NAME), (_database(), b"", b"SQLite format 3\0"), (), errors, cost=40
    )
    numbers = (b"".join(n.to_bytes(8, "big", signed=True) for n in row) for row in _NUMBERS)
    yield Target("numbers of an earlier run", _numbers, tuple(numbers), (), errors, cost=40)


_NUMBERS = ((739_000, 738_999, round(NOON), 5), (0, -1, 2**62, -(2**62)), (2**40, 2**31, 3_652_059, 3_652_060))


def _entry(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for kind in (Stimulus.RAISE.value, rows.TRIP, text[:20]):
        read = rows.entry(JournalRow(5, round(NOON * 1000), "a", 3, kind, text))
        assert read is None or rows.journal_row(read).seq == 5


def _record(data: bytes) -> None:
    read = rows.record(AlarmRow("a", 3, data.decode("utf-8", "replace")))
    if read is not None:
        json.loads(rows.alarm_row(read).record)
        read.raises(NOON)


@cache
def _database() -> bytes:
    """Return a database with rows in every table, without its log."""
    with TemporaryDirectory() as folder:
        store = Store(Path(folder), inline=True)
        store.put([LedgerRow(slot, 0, f"SN000{slot}", 10_000, 200, 100, 9_000, 60, round(NOON)) for slot in "abcd"])
        store.put([Meta("day", 739_000), Meta("previous_day", 738_999), Meta("trusted_utc", round(NOON))])
        store.put(
            [LimitRow("site", 50_000, "%", round(NOON) + 600, 900, "me"), LimitRow("a", None, "%", None, None, "me")]
        )
        store.put([rows.journal_row(_EDGE), rows.journal_row(_TRIP), rows.alarm_row(_RECORD)])
        store.put([UnitRow("a", "SN000a", "1.4.2", "de", 4)])
        store.close()
        return (Path(folder) / FILE_NAME).read_bytes()


def _site(folder: Path) -> Site:
    return described(folder)


def _start(path: Path) -> None:
    """Start the daemon on a database, let it live for a while, and stop it."""

    async def main() -> None:
        stop = asyncio.Event()
        app = App(_site(path.parent), clock=FakeClock(NOON), tap=LogTap(), inline_store=True)
        asyncio.get_running_loop().call_later(20.0, stop.set)
        await app.run(stop)
        assert app.bridge.counters()["failures"] == 0
        assert [south.failures for south in app.souths] == [0, 0]
        assert app.health.report()["process"]["failed_reports"] == 0

    run(main())


def _numbers(data: bytes) -> None:
    """Start on numbers that make no sense in a database that is whole."""
    given = [int.from_bytes(data[at : at + 8], "big", signed=True) for at in range(0, len(data), 8)]

    def nth(at: int) -> int:
        return given[at % len(given)] if given else 0

    with TemporaryDirectory(prefix="opencombiner-fuzz-") as folder:
        store = Store(Path(folder), inline=True)
        store.put(LedgerRow(slot, 0, f"SN000{slot}", *map(nth, range(at, at + 6))) for at, slot in enumerate("abcd"))
        names = ("day", "previous_day", "trusted_utc", "alarm_cursor")
        store.put(Meta(name, nth(at)) for at, name in enumerate(names))
        store.put([LimitRow("site", nth(0), "%", nth(1), nth(2), "me"), LimitRow("a", nth(3), "W", None, None, "me")])
        store.put([UnitRow("a", "SN000a", "1.4.2", "de", nth(4)), WriteRow("a", "SN000a", nth(0), nth(1), nth(2))])
        store.close()
        _start(Path(folder) / FILE_NAME)
