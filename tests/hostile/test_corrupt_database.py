"""A corrupt database: the daemon starts, says what is lost, goes on, and leaves no heap of broken files behind."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.alarms import rows
from gateway.alarms.record import Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from gateway.app import App
from gateway.log import LogTap
from gateway.rows import JournalRow, LedgerRow, LimitRow, Meta
from gateway.store import FILE_NAME, Store
from protocols.errors import ConfigError
from tests.support.daemon import described
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run

EDGE = Transition(5, NOON, "a", 3, Stimulus.RAISE, AlarmState.NORM, AlarmState.UNACK, Suppression.NONE, 1)
PAGE = 4096


def fill(folder: Path) -> Path:
    """Leave a database of a run that ended in order."""
    store = Store(folder, inline=True)
    store.put(LedgerRow(slot, 0, f"SN000{slot}", 5_000_000, mark_mwh=4_000_000) for slot in "abcd")
    store.put([LimitRow("a", 40_000, "%", None, None, "me"), Meta("trusted_utc", round(NOON)), rows.journal_row(EDGE)])
    store.put(LedgerRow(f"former-{n}", 0, "OLD") for n in range(400))
    store.close()
    return folder / FILE_NAME


def overwritten(at: int, raw: bytes) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        whole = bytearray(path.read_bytes())
        whole[at : at + len(raw)] = raw
        path.write_bytes(whole)

    return damage


def cut(size: int) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[:size])  # type: ignore[return-value]


def by_sql(*statements: str) -> Callable[[Path], None]:
    """Change a row as no disk does it by accident, past every check of the page."""

    def damage(path: Path) -> None:
        db = sqlite3.connect(path)
        with db:
            for statement in statements:
                db.execute(statement)
        db.close()

    return damage


def unreadable_log(path: Path) -> None:
    path.with_name(f"{FILE_NAME}-wal").write_bytes(b"\xa5" * 10_000)
    path.with_name(f"{FILE_NAME}-shm").write_bytes(b"\xa5" * 32_768)


REPLACED = [
    pytest.param(overwritten(0, b"\0" * 100), id="its header is broken"),
    pytest.param(overwritten(2 * PAGE, b"\xa5" * PAGE), id="a page in the middle is broken"),
    pytest.param(cut(2 * PAGE), id="it is truncated"),
    pytest.param(lambda path: path.write_bytes(b"\x89PNG" * 5000), id="it is something else"),
]
KEPT = [
    pytest.param(unreadable_log, (), id="a log of noise is left over"),
    pytest.param(
        by_sql("UPDATE journal SET facts = '{'"), ("alarm_event_unreadable",), id="an entry of the journal is no JSON"
    ),
    pytest.param(
        by_sql("UPDATE journal SET facts = CAST(x'7bff' AS TEXT)"), ("alarm_event_unreadable",), id="a text is no UTF-8"
    ),
    pytest.param(by_sql("UPDATE meta SET value = 1 << 62"), (), id="a time of no calendar"),
    pytest.param(by_sql("INSERT INTO meta VALUES ('day', -7)"), (), id="a day before all days"),
]


def lived(folder: Path) -> tuple[list[str], dict[str, int]]:
    """Run the daemon on a folder for ten minutes; return the errors of its log, and the energy that it began with."""
    began: dict[str, int] = {}

    async def main() -> None:
        stop = asyncio.Event()
        app = App(described(folder), clock=FakeClock(NOON), tap=LogTap(), inline_store=True)
        began.update({slot: view.energy[0].total_wh for slot, view in app.state.views.items() if view.energy})
        asyncio.get_running_loop().call_later(600.0, stop.set)
        await app.run(stop)
        assert [south.failures for south in app.souths] == [0, 0]
        assert app.bridge.counters()["failures"] == 0

    with capture_logs() as logs:
        run(main())
    return [log["event"] for log in logs if log["log_level"] == "error"], began


ENERGY = dict.fromkeys("abcd", 5000)


@pytest.mark.parametrize("damage", REPLACED)
def test_a_database_that_cannot_be_read_is_replaced(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    for _ in range(3):  # and if it happens again, the folder does not fill up
        damage(fill(tmp_path))
        assert lived(tmp_path) == (["store_damaged"], {})
        assert lived(tmp_path)[0] == []
        (tmp_path / FILE_NAME).unlink()
    assert {path.name for path in tmp_path.iterdir()} <= {FILE_NAME, "opencombiner.damaged"}


@pytest.mark.parametrize(("damage", "errors"), KEPT)
def test_what_can_be_read_is_kept(tmp_path: Path, damage: Callable[[Path], None], errors: tuple[str, ...]) -> None:
    damage(fill(tmp_path))
    assert lived(tmp_path) == (list(errors), ENERGY)
    assert not (tmp_path / "opencombiner.damaged").exists()


def test_a_number_that_became_a_text_is_damage(tmp_path: Path) -> None:
    path = fill(tmp_path)
    raw = path.read_bytes()
    db = sqlite3.connect(path)
    db.execute("PRAGMA writable_schema = ON")  # as if the rule against it had been lost with the text
    db.execute("UPDATE sqlite_schema SET sql = replace(sql, ', STRICT', '') WHERE name = 'ledger'")
    db.commit()
    db.close()
    by_sql("UPDATE ledger SET total_mwh = 'much' WHERE slot = 'a'")(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_schema SET sql = sql || ', STRICT' WHERE name = 'ledger'")
    db.commit()
    db.close()
    assert path.read_bytes() != raw
    assert lived(tmp_path) == (["store_damaged"], {})


def test_the_log_of_a_run_that_was_killed_is_no_damage(tmp_path: Path) -> None:
    """What a killed run has committed stands in the log beside the database: it is all there."""
    store = Store(tmp_path, inline=True)
    store.put(LedgerRow(slot, 0, f"SN000{slot}", 5_000_000, mark_mwh=4_000_000) for slot in "abcd")
    killed = tmp_path / "killed"
    killed.mkdir()
    for path in (FILE_NAME, f"{FILE_NAME}-wal"):
        (killed / path).write_bytes((tmp_path / path).read_bytes())
    store.close()
    assert (killed / f"{FILE_NAME}-wal").stat().st_size > 0
    assert lived(killed) == ([], ENERGY)


def test_a_damaged_file_that_nobody_may_move_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = fill(tmp_path)
    path.write_bytes(b"broken" * 1000)
    (tmp_path / "opencombiner.damaged" / "in the way").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"^state_dir: .* is damaged and cannot be moved aside: .*; let this user"):
        Store(tmp_path)
    assert path.read_bytes() == b"broken" * 1000


def test_an_entry_of_another_kind_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path)
    store = Store(tmp_path, inline=True)
    store.put([JournalRow(6, round(NOON * 1000), "a", 3, "of tomorrow", "{}")])
    store.close()
    assert lived(tmp_path) == (["alarm_event_unreadable"], ENERGY)
