"""The database: one SQLite file, one writer; integers and short text.

Rows are coalesced by key while they wait, so a disk that is slow or full costs one pending row per key.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import fields
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import structlog

from gateway.rows import AlarmRow, JournalRow, LedgerRow, LimitRow, PairedRow, Row, UnitRow, WriteRow
from gateway.schema import SCHEMA, TABLES, Cells
from protocols.errors import ConfigError, OpenCombinerError

FILE_NAME = "opencombiner.db"
MAX_PENDING = 10_000  # rows that wait for the disk: seven times a full link of 247 units with five counters each
MAX_BYTES = 64 * 2**20  # of the file: a card that the database fills up stops the whole machine
RETRY_S = 10.0
_PAGE_BYTES = 4096
CLOSE_S = 1.5  # for a disk that hangs, unless a stop leaves it less
_SETTING, _REMEDY = "state_dir", "let this user write there or name another directory"
_STRICT = ", STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""  # a check at the start judges types, too

_log = structlog.get_logger(__name__)


R = TypeVar("R", LedgerRow, LimitRow, JournalRow, AlarmRow, UnitRow, WriteRow, PairedRow)


class Store:
    """Opens the database in `state_dir` and writes on a thread of its own, or directly with `inline` (virtual time).

    Raises ConfigError when the directory is missing or not writable, when another daemon has the file, or when a newer
    version wrote it; OpenCombinerError when the disk is full. A damaged file is moved aside and a fresh one begun.
    """

    def __init__(self, state_dir: Path, *, inline: bool = False, max_bytes: int = MAX_BYTES) -> None:
        if not state_dir.is_dir():
            raise ConfigError(f"{_SETTING}: {state_dir} is no directory; create it or name another one")
        self.path = state_dir / FILE_NAME
        self.failures = 0
        self.dropped_rows = 0
        self._max_pages = max_bytes // _PAGE_BYTES
        self._failing = False
        self._writing = 0
        self._pending: dict[tuple[str | int | None, ...], tuple[str, Cells]] = {}
        self._tell_filed: Callable[[int], None] | None = None
        self._journal_end = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._db = self._open_or_replace()
        self._thread: threading.Thread | None = None
        if not inline:
            self._thread = threading.Thread(target=self._write_on, name="store", daemon=True)
            self._thread.start()

    def rows(self, kind: type[R]) -> list[R]:
        """Return every row of a kind as it was when the daemon started; call before the first `put`."""
        return self._all(kind)

    def meta(self) -> dict[str, int]:
        """Return the daemon's own numbers; call before the first `put`."""
        return dict(self._db.execute("SELECT key, value FROM meta"))

    def journal(self, after: int) -> list[JournalRow]:
        """Return the journal behind a row, in order; call before the first `put`."""
        return self._all(JournalRow, f"WHERE seq > {after:d} ORDER BY seq")

    def _all(self, kind: type[R], condition: str = "") -> list[R]:
        names = ", ".join(field.name for field in fields(kind))
        rows = self._db.execute(f"SELECT {names} FROM {TABLES[kind].name} {condition}")  # noqa: S608 - our names
        return [kind(*cells) for cells in rows]

    @property
    def pending(self) -> int:
        """Return how many rows are not on the disk yet."""
        with self._lock:
            return len(self._pending) + self._writing

    def follow_journal(self, tell: Callable[[int], None]) -> None:
        """Tell somebody up to which row the journal is on the disk, or was refused by it; on the writer's thread."""
        self._tell_filed = tell

    def put(self, rows: Iterable[Row]) -> None:
        """Store rows soon, together with all that wait; a row replaces the waiting one of its key. Never raises."""
        with self._lock:
            for row in rows:
                if isinstance(row, JournalRow):
                    self._journal_end = row.seq
                table = TABLES[type(row)]
                cells = table.cells(row)
                key = (table.insert, *cells[: table.key_cells])
                if key in self._pending or len(self._pending) < MAX_PENDING:
                    self._pending[key] = (table.insert, cells)
                else:
                    self.dropped_rows += 1
        if self._thread is None:
            self._commit()
        else:
            self._wake.set()

    def close(self, within_s: float = CLOSE_S) -> None:
        """Write what waits and close; what the disk refuses, or does not take in time, is logged and lost."""
        self._stop.set()
        self._wake.set()
        if self._thread is None:
            self._finish()
            return
        self._thread.join(within_s)
        if self._thread.is_alive():
            _log.error("store_not_closed", path=str(self.path), rows=self.pending, within_s=within_s)

    def _write_on(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            while not self._commit() and not self._stop.wait(RETRY_S):
                pass
        self._finish()

    def _finish(self) -> None:
        if not self._commit():
            _log.error("store_rows_lost", path=str(self.path), rows=self.pending)
        self._db.close()

    def _commit(self) -> bool:
        with self._lock:
            batch, self._pending = self._pending, {}
            self._writing = len(batch)
            journal_end, self._journal_end = self._journal_end, 0
        try:
            if batch:
                self._write(batch.values())
        except sqlite3.Error as error:
            with self._lock:
                self._pending = batch | self._pending  # a row that came meanwhile is newer
                self._writing = 0
            self._note_failure(error)
            return False
        finally:
            if journal_end and self._tell_filed is not None:
                self._tell_filed(journal_end)
        with self._lock:
            self._writing = 0
        if batch and self._failing:
            self._failing = False
            _log.info("store_writes_again", path=str(self.path), failures=self.failures)
        return True

    def _write(self, rows: Iterable[tuple[str, Cells]]) -> None:
        with self._db:
            for insert, cells in rows:
                self._db.execute(insert, cells)

    def _note_failure(self, error: sqlite3.Error) -> None:
        self.failures += 1
        if not self._failing:
            self._failing = True
            _log.error("store_write_failed", path=str(self.path), error=str(error), retry_s=RETRY_S)

    def _open_or_replace(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.OperationalError as error:
            raise self._refusal(error) from error
        except sqlite3.DatabaseError as error:
            aside = self._move_aside()
            lost = "energy of the day, totals beyond what the units have counted, limits, states of alarms"
            _log.error("store_damaged", path=str(self.path), moved_to=str(aside), error=str(error), lost=lost)
        try:
            return self._open()
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def _refusal(self, error: sqlite3.Error) -> OpenCombinerError:
        """Return what to say when the database cannot be opened; a disk that is full is no wrong setting."""
        writable = os.access(self.path.parent, os.W_OK, effective_ids=True)  # else that is an I/O error, too
        if writable and ("full" in str(error) or "I/O" in str(error)):
            return OpenCombinerError(f"{self.path}: {error}; free some space on this disk")
        if "locked" in str(error):
            return ConfigError(f"{_SETTING}: another daemon uses {self.path}; stop it or name another directory")
        return ConfigError(f"{_SETTING}: cannot write {self.path} ({error}); {_REMEDY}")

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=1.0, check_same_thread=False)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.text_factory = partial(str, encoding="utf-8", errors="replace")  # whatever a disk has made of a text
        db.execute("PRAGMA locking_mode = EXCLUSIVE")  # two daemons would count the same energy into one file
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(f"PRAGMA max_page_count = {self._max_pages}")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA:
            raise ConfigError(
                f"{_SETTING}: {self.path} was written by a newer version (schema {found}, this one knows {SCHEMA}); "
                "install that version or name another directory"
            )
        (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        if found < SCHEMA:
            with db:
                for table in filter(attrgetter("create"), TABLES.values()):
                    db.execute(table.create + _STRICT)
                db.execute(f"PRAGMA user_version = {SCHEMA}")

    def _move_aside(self) -> Path:
        """Rename the damaged file, over an older damaged one, and drop its log. Raises ConfigError."""
        aside = self.path.with_suffix(".damaged")
        try:
            self.path.replace(aside)
            for suffix in ("-wal", "-shm"):
                self.path.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
        except OSError as error:
            problem = f"is damaged and cannot be moved aside: {error.strerror}; {_REMEDY}"
            raise ConfigError(f"{_SETTING}: {self.path} {problem}") from error
        return aside
