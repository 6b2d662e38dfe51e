"""The journal: what happened to alarms, kept until the broker has acknowledged it.

An entry is on the disk before anybody hears of it, and the cursor moves after the acknowledgement. So a daemon that is
killed in between tells an entry twice, under the same id, and never leaves one out.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

import structlog

from gateway.alarms import rows
from gateway.alarms.engine import Snapshot
from gateway.alarms.record import Record
from gateway.alarms.rows import Entry
from gateway.rows import AlarmRow, JournalRow, JournalStart, Meta, Row, UnitRow
from gateway.store import Store

MAX_ROWS = 20_000  # some 5 MB: twenty outages of a site with 250 units, years of a quiet one
CURSOR = "alarm_cursor"

_log = structlog.get_logger(__name__)


class Journal:
    """Keeps the newest MAX_ROWS entries; what falls out before it was told is counted and logged, once per outage.

    Build it inside the running loop, before the store is first written. `snapshot` and `units` are what an earlier run
    has left.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        cursor = store.meta().get(CURSOR, 0)
        self._waiting: deque[JournalRow] = deque(store.journal(cursor))  # behind the cursor, at most MAX_ROWS
        self._filed = self._end = self._waiting[-1].seq if self._waiting else cursor
        self._stirred = asyncio.Event()
        self._losing = False
        self.lost = 0
        records = (rows.record(row) for row in store.rows(AlarmRow))
        self.snapshot = Snapshot(self._end, tuple(record for record in records if record is not None))
        self.units = {row.slot: row for row in store.rows(UnitRow)}
        store.follow_journal(self._tell_filed)

    @property
    def waiting(self) -> int:
        """Return how many entries the broker has not acknowledged."""
        return len(self._waiting)

    def file(self, entries: Iterable[Entry], records: Iterable[Record], units: Iterable[UnitRow] = ()) -> None:
        """Store entries, the records that they lead to and the units that they are from, all in one commit."""
        new = [rows.journal_row(entry) for entry in entries]
        kept: list[Row] = [*new, *map(rows.alarm_row, records), *units]
        if new:
            self._waiting += new
            self._end = new[-1].seq
            kept += self._shorten()
        self._store.put(kept)

    def _shorten(self) -> list[Row]:
        start = self._end - MAX_ROWS
        if start <= 0:
            return []
        while self._waiting and self._waiting[0].seq <= start:
            self._waiting.popleft()
            self.lost += 1
            if not self._losing:
                self._losing = True
                _log.error("alarm_events_lost", reason="the broker has been away for too long", kept=MAX_ROWS)
        return [JournalStart(start)]

    async def next(self) -> Entry:
        """Return the oldest entry that the broker has not acknowledged, once there is one on the disk."""
        while True:
            while self._waiting and self._waiting[0].seq <= self._filed:
                entry = rows.entry(self._waiting[0])
                if entry is not None:
                    return entry
                self._waiting.popleft()
                self.lost += 1
            self._stirred.clear()
            await self._stirred.wait()

    def told(self, entry: Entry) -> None:
        """Take note that the broker has acknowledged what `next` returned."""
        if self._waiting and self._waiting[0].seq == entry.seq:
            self._waiting.popleft()
        self._losing = False
        self._store.put([Meta(CURSOR, entry.seq)])

    def _tell_filed(self, seq: int) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is told any more
            self._loop.call_soon_threadsafe(self._note_filed, seq)

    def _note_filed(self, seq: int) -> None:
        self._filed = seq
        self._stirred.set()
