"""How rows lie in the database: a table for each kind, and the SQL that writes it."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TypeAlias

from gateway.rows import (
    AlarmRow,
    JournalRow,
    JournalStart,
    LedgerRow,
    LimitRow,
    Meta,
    PairedRow,
    Row,
    UnitRow,
    WriteRow,
)

SCHEMA = 5
Cells: TypeAlias = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """How a row class lies in its table; the key comes first."""

    name: str
    create: str
    insert: str
    cells: Callable[[Row], Cells]
    key_cells: int


def _table(row: type[Row], name: str, columns: str, key_cells: int) -> Table:
    names = [field.name for field in fields(row)]
    key = ", ".join(names[:key_cells])
    return Table(
        name,
        f"CREATE TABLE IF NOT EXISTS {name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID",
        f"INSERT OR REPLACE INTO {name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - our names
        attrgetter(*names),
        key_cells,
    )


_LEDGER = _table(
    LedgerRow,
    "ledger",
    "slot TEXT NOT NULL, port INTEGER NOT NULL, serial TEXT NOT NULL, total_mwh INTEGER NOT NULL, "
    "day_base_mwh INTEGER NOT NULL, previous_base_mwh INTEGER NOT NULL, "
    "mark_mwh INTEGER, uptime_s INTEGER, seen_s INTEGER",
    2,
)
_META = _table(Meta, "meta", "key TEXT NOT NULL, value INTEGER NOT NULL", 1)
_LIMITS = _table(
    LimitRow,
    "limits",
    "target TEXT NOT NULL, value_milli INTEGER, unit TEXT NOT NULL, until_s INTEGER, lease_s INTEGER, by TEXT NOT NULL",
    1,
)
_JOURNAL = _table(
    JournalRow,
    "journal",
    "seq INTEGER NOT NULL, ts_ms INTEGER NOT NULL, subject TEXT NOT NULL, code INTEGER NOT NULL, kind TEXT NOT NULL, "
    "facts TEXT NOT NULL",
    1,
)
_JOURNAL_START = Table(
    "journal", "", "DELETE FROM journal WHERE seq <= ?", lambda row: (attrgetter("seq")(row),), key_cells=0
)
_ALARMS = _table(AlarmRow, "alarms", "subject TEXT NOT NULL, code INTEGER NOT NULL, record TEXT NOT NULL", 2)
_UNITS = _table(
    UnitRow,
    "units",
    "slot TEXT NOT NULL, serial TEXT NOT NULL, firmware TEXT, grid_profile TEXT, record_seq INTEGER",
    1,
)
_WRITES = _table(
    WriteRow,
    "writes",
    "slot TEXT NOT NULL, serial TEXT NOT NULL, day INTEGER NOT NULL, writes INTEGER NOT NULL, told_milli INTEGER",
    1,
)
_PAIRED = _table(
    PairedRow,
    "paired",
    "gateway TEXT NOT NULL, serial TEXT NOT NULL, node INTEGER NOT NULL, host TEXT NOT NULL",
    2,
)
TABLES: dict[type[Row], Table] = {
    LedgerRow: _LEDGER,
    Meta: _META,
    LimitRow: _LIMITS,
    JournalRow: _JOURNAL,
    JournalStart: _JOURNAL_START,
    AlarmRow: _ALARMS,
    UnitRow: _UNITS,
    WriteRow: _WRITES,
    PairedRow: _PAIRED,
}
