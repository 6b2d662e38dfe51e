import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.rows import LedgerRow, Meta
from gateway.schema import SCHEMA
from gateway.store import FILE_NAME, MAX_PENDING, Store
from protocols.errors import ConfigError
from tests.support.disk import disk_full

ROW = LedgerRow("s1", 0, "A", 1000, 200, 100, 5000, 60, 1_700_000_000)


@contextmanager
def opened(path: Path, **options: bool | int) -> Iterator[Store]:
    store = Store(path, inline=bool(options.get("inline", True)), max_bytes=options.get("max_bytes", 2**24))
    try:
        yield store
    finally:
        store.close()


@pytest.mark.parametrize("inline", [True, False], ids=["written directly", "written by the thread"])
def test_what_was_put_is_there_after_a_close(tmp_path: Path, inline: bool) -> None:  # noqa: FBT001 - a column
    empty = LedgerRow("s1", 1, "A")
    with opened(tmp_path, inline=inline) as store:
        assert store.rows(LedgerRow) == []
        store.put([ROW, empty, Meta("day", 739_000)])
    with opened(tmp_path) as store:
        assert store.rows(LedgerRow) == [ROW, empty]
        assert store.meta() == {"day": 739_000}


def test_a_row_is_stored_as_it_was_when_it_was_put(tmp_path: Path) -> None:
    row = LedgerRow("s1", 0, "A", total_mwh=1)
    with opened(tmp_path, inline=False) as store:
        store.put([row])
        row.total_mwh = 2
    with opened(tmp_path) as store:
        assert [kept.total_mwh for kept in store.rows(LedgerRow)] == [1]


def test_the_newest_row_of_a_key_wins(tmp_path: Path) -> None:
    with opened(tmp_path, inline=False) as store:
        for total in range(1000):
            store.put([LedgerRow("s1", 0, "A", total_mwh=total)])
    with opened(tmp_path) as store:
        assert [row.total_mwh for row in store.rows(LedgerRow)] == [999]


KILLED = """
import os, signal, sys
from pathlib import Path
from gateway.rows import LedgerRow, Meta
from gateway.store import Store
store = Store(Path(sys.argv[1]), inline=sys.argv[2] == "inline")
for total in range(1, 101):
    store.put([LedgerRow("s1", 0, "A", total_mwh=total), Meta("day", total)])
while store.pending:
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("mode", ["inline", "thread"])
def test_a_killed_daemon_loses_no_commit(tmp_path: Path, mode: str) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", KILLED, str(tmp_path), mode],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with opened(tmp_path) as store:
        (row,) = store.rows(LedgerRow)
        assert row.total_mwh == store.meta()["day"] == 100


def test_a_missing_directory_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^state_dir: .*nowhere is no directory; create it"):
        Store(tmp_path / "nowhere")


def test_a_directory_that_cannot_be_written_is_named_with_its_setting() -> None:
    with pytest.raises(ConfigError, match=r"^state_dir: cannot write /proc/.*; let this user write there"):
        Store(Path("/proc"))


def test_two_daemons_on_one_file_are_refused(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(ConfigError, match=r"^state_dir: another daemon uses"):
        Store(tmp_path)


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put([ROW])
    db = sqlite3.connect(tmp_path / FILE_NAME)
    db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    newer = rf"newer version \(schema {SCHEMA + 1}, this one knows {SCHEMA}\)"
    with pytest.raises(ConfigError, match=rf"^state_dir: .* {newer}"):
        Store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def scribble(path: Path) -> None:
    path.write_bytes(b"no database at all" * 500)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


def garble(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[4096:8192] = b"\xa5" * 4096
    path.write_bytes(whole)


@pytest.mark.parametrize("damage", [scribble, cut, garble])
def test_a_damaged_file_is_moved_aside_and_a_fresh_one_begun(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with opened(tmp_path) as store:
        store.put(LedgerRow(f"slot-{n}", 0, "A") for n in range(500))
    damage(tmp_path / FILE_NAME)
    with capture_logs() as logs, opened(tmp_path) as store:
        assert store.rows(LedgerRow) == []
        store.put([ROW])
        assert store.rows(LedgerRow) == [ROW]
    (entry,) = logs
    assert (entry["event"], entry["log_level"]) == ("store_damaged", "error")
    assert "energy of the day" in entry["lost"]
    assert Path(entry["moved_to"]).exists()


def test_a_damaged_file_that_cannot_be_moved_aside_is_refused(tmp_path: Path) -> None:
    scribble(tmp_path / FILE_NAME)
    (tmp_path / "opencombiner.damaged" / "in the way").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"^state_dir: .* is damaged and cannot be moved aside: .*; let this user"):
        Store(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes().startswith(b"no database")


def test_a_full_disk_is_logged_once_and_made_up_for(tmp_path: Path) -> None:
    with capture_logs() as logs, opened(tmp_path) as store:
        store.put([ROW])
        with disk_full(tmp_path):
            for n in range(50):
                store.put([Meta(f"m{n}", n)])
            assert store.failures >= 40
            assert store.pending >= 40
        store.put([Meta("m0", 1000)])
        assert store.pending == 0
        assert store.meta() == {f"m{n}": n or 1000 for n in range(50)}
    assert [entry["event"] for entry in logs] == ["store_write_failed", "store_writes_again"]


def test_the_file_does_not_outgrow_its_cap(tmp_path: Path) -> None:
    with capture_logs() as logs, opened(tmp_path, max_bytes=64 * 1024) as store:
        for n in range(4000):
            store.put([LedgerRow(f"slot-{n:032}", 0, "A")])
        assert store.failures > 0
        assert (tmp_path / FILE_NAME).stat().st_size <= 64 * 1024
    assert [entry["event"] for entry in logs] == ["store_write_failed", "store_rows_lost"]


def test_rows_that_wait_are_bounded(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.put([ROW])
        with disk_full(tmp_path):
            store.put(Meta(str(n), n) for n in range(MAX_PENDING + 7))
            assert (store.pending, store.dropped_rows) == (MAX_PENDING, 7)
            store.put([Meta("5", 0)])  # a key that waits already has its place
            assert store.dropped_rows == 7


def test_a_close_ends_the_thread(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert "store" in {thread.name for thread in threading.enumerate()}
    store.close()
    assert "store" not in {thread.name for thread in threading.enumerate()}
