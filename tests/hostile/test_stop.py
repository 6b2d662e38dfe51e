"""A request to stop, while the broker hangs and the disk hangs: one bound holds for all of it."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers.mqtt.memory import broker
from gateway.app import LEAST_CLOSE_S, STOP_S, App
from gateway.log import LogTap
from gateway.mqtt.bridge import FAREWELL_WITHIN_S
from gateway.rows import Meta
from gateway.store import Store
from tests.support.daemon import described
from tests.support.emulated import NOON
from tests.support.virtual_time import clock_at

SLACK_S = 5.0  # what a busy machine may add


def stopped(folder: Path, *, broker_hangs: bool) -> tuple[float, list[Any]]:
    """Stop a daemon whose disk hangs; return how long that took, and the errors of its log."""

    async def main() -> float:
        stop, now = asyncio.Event(), asyncio.get_running_loop().time
        app = App(described(folder), clock=clock_at(NOON), tap=LogTap())
        task = asyncio.create_task(app.run(stop))
        while not app.bridge.counters()["connected"]:  # noqa: ASYNC110 - a bridge offers no event for it
            await asyncio.sleep(0.01)
        if broker_hangs:
            broker("broker").hang()
        app.store.put([Meta("last word", 1)])
        stop.set()
        begun = now()
        await task
        return now() - begun

    with capture_logs() as logs:
        took_s = asyncio.run(main())
    return took_s, [log for log in logs if log["log_level"] == "error"]


@pytest.mark.parametrize("broker_hangs", [False, True], ids=["the broker answers", "the broker hangs"])
def test_a_stop_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, broker_hangs: bool) -> None:
    disk = threading.Event()
    monkeypatch.setattr(Store, "_write", lambda *_: disk.wait(30))
    try:
        took_s, errors = stopped(tmp_path, broker_hangs=broker_hangs)
    finally:
        disk.set()
    (told,) = errors
    assert told["event"] == "store_not_closed"
    assert LEAST_CLOSE_S <= told["within_s"] <= STOP_S - (FAREWELL_WITHIN_S if broker_hangs else 0)
    assert took_s <= STOP_S + SLACK_S


def test_the_last_word_is_written_by_the_thread_that_writes(tmp_path: Path) -> None:
    """A stop that comes before the writer has begun with a row costs no row."""
    for n in range(50):
        store = Store(tmp_path)
        store.put([Meta(f"n{n}", n)])
        store.close()
    store = Store(tmp_path)
    assert {name: number for name, number in store.meta().items() if name.startswith("n")} == {
        f"n{n}": n for n in range(50)
    }
    store.close()
