"""A full disk: the daemon goes on, says so once, and makes up for everything once there is room."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.control.order import Verb
from gateway.rows import LedgerRow, LimitRow
from gateway.store import MAX_PENDING, Store
from protocols.errors import OpenCombinerError
from tests.support.daemon import RATED_W, accepted, described, running
from tests.support.disk import disk_full
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run

OUTAGE_S = 1800.0


def stored(folder: Path) -> tuple[dict[str, int], set[str], set[int]]:
    """Return what is on the disk: energy by slot, targets of limits, codes in the journal."""
    store = Store(folder, inline=True)
    energy = {row.slot: row.total_mwh // 1000 for row in store.rows(LedgerRow) if row.port == 0}
    found = energy, {row.target for row in store.rows(LimitRow)}, {row.code for row in store.journal(0)}
    store.close()
    return found


@pytest.mark.day
def test_nothing_is_lost_that_was_acknowledged(tmp_path: Path) -> None:
    shown: dict[str, int] = {}

    async def main() -> None:
        async with running(described(tmp_path), FakeClock(NOON)) as daemon:
            await asyncio.sleep(120.0)
            with disk_full(tmp_path):
                accepted(await daemon.order("a", value=40.0))
                daemon.unit("b").life.firmware.break_part(NOON + 200, broken=True)
                await asyncio.sleep(OUTAGE_S)
                assert daemon.app.store.failures > 0
                assert 0 < daemon.app.store.pending <= MAX_PENDING
                assert daemon.app.store.dropped_rows == 0
                accepted(await daemon.order("site", Verb.LIMIT, 70.0))
            await asyncio.sleep(120.0)
            assert daemon.app.store.pending == 0
            daemon.app.state.save()
            shown.update({slot: view.energy[0].total_wh for slot, view in daemon.app.state.views.items()})

    with capture_logs() as logs:
        run(main())
    events = [log["event"] for log in logs if log["event"].startswith("store_")]
    assert events == ["store_write_failed", "store_writes_again"]
    energy, limits, codes = stored(tmp_path)
    assert energy.keys() == RATED_W.keys()
    assert all(energy[slot] >= wh > 0 for slot, wh in shown.items())
    assert limits == {"a", "site"}
    assert 10 in codes


def test_a_start_on_a_full_disk_says_what_helps(tmp_path: Path) -> None:
    with disk_full(tmp_path), pytest.raises(OpenCombinerError, match=r"opencombiner\.db: .*; free some space on this"):
        Store(tmp_path)


def test_a_stop_on_a_full_disk_says_what_is_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with capture_logs() as logs, disk_full(tmp_path):
        store.put(LedgerRow(f"slot-{n}", 0, "A") for n in range(2000))
        store.close()
    assert [log["event"] for log in logs][-1] == "store_rows_lost"
    assert logs[-1]["rows"] == 2000


def test_the_plant_is_polled_on(tmp_path: Path) -> None:
    async def main() -> int:
        async with running(described(tmp_path), FakeClock(NOON)) as daemon:
            views = daemon.app.state.views
            with disk_full(tmp_path):
                begun = sum(view.stats.answered for view in views.values())
                await asyncio.sleep(600.0)
                return sum(view.stats.answered for view in views.values()) - begun

    with capture_logs():
        assert run(main()) >= 4 * 100
