import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.health import Health, rss_mib
from gateway.notify import Notifier
from tests.support.virtual_time import FakeClock, run


class Ear:
    """Systemd's end of the notify socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(address)

    def heard(self) -> list[bytes]:
        said = []
        while True:
            try:
                said.append(self._socket.recv(100))
            except BlockingIOError:
                return said

    def close(self) -> None:
        self._socket.close()


@contextmanager
def ear(address: str) -> Iterator[Ear]:
    open_ear = Ear(address)
    try:
        yield open_ear
    finally:
        open_ear.close()


async def lived(health: Health, seconds: float) -> Any:
    """Let a health run for a while and return its report at the end."""
    task = asyncio.create_task(health.run())
    await asyncio.sleep(seconds)
    report = health.report()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return report


def test_the_report_names_the_process_the_clock_and_every_source() -> None:
    async def main() -> Any:
        health = Health(FakeClock(), Notifier(), lambda: True)
        health.add("storage", lambda: {"state": "ok"})
        return await lived(health, 61)

    report = run(main())
    assert report["process"]["rss_mib"] == pytest.approx(rss_mib(), rel=0.5)
    assert report == {
        "process": {
            "rss_mib": report["process"]["rss_mib"],
            "uptime_s": 61,
            "loop_lag_ms": 0.0,
            "alive": True,
            "failed_reports": 0,
        },
        "clock": {"trust": "trusted"},
        "storage": {"state": "ok"},
    }


def test_a_source_that_fails_costs_its_own_part_only() -> None:
    async def main() -> Any:
        health = Health(FakeClock(), Notifier(), lambda: True)
        health.add("ill", lambda: {"result": 1 / 0})
        health.add("well", lambda: {"result": 1})
        health.report()
        return health.report()

    with capture_logs() as logs:
        report = run(main())
    assert (report["ill"], report["well"]) == (None, {"result": 1})
    assert report["process"]["failed_reports"] == 1
    assert [line["event"] for line in logs] == ["health_source_failed"] * 2


def test_lag_is_the_worst_of_the_last_minute() -> None:
    async def main() -> tuple[float, float]:
        health = Health(FakeClock(), Notifier(), lambda: True)
        task = asyncio.create_task(health.run())
        await asyncio.sleep(4.9)
        loop = asyncio.get_running_loop()
        loop._leaping.now += 0.35  # type: ignore[attr-defined]  # noqa: SLF001 - something blocks the loop
        await asyncio.sleep(1)
        late = health.report()["process"]["loop_lag_ms"]
        await asyncio.sleep(70)
        task.cancel()
        return late, health.report()["process"]["loop_lag_ms"]

    late, later = run(main())
    assert late == pytest.approx(250)
    assert later == 0.0


def test_the_watchdog_is_fed_twice_as_often_as_it_wants(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with ear(address) as systemd:
        run(lived(Health(FakeClock(), Notifier(address, watchdog_s=4.0), lambda: True), 20))
        assert systemd.heard() == [b"WATCHDOG=1"] * 10


def test_the_watchdog_starves_when_no_poller_makes_progress(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with ear(address) as systemd, capture_logs() as logs:
        report = run(lived(Health(FakeClock(), Notifier(address, watchdog_s=4.0), lambda: False), 20))
        assert systemd.heard() == []
    assert [line["event"] for line in logs] == ["watchdog_withheld"]
    assert report["process"]["alive"] is False


@pytest.mark.parametrize("abstract", [False, True], ids=["a path", "an abstract name"])
def test_systemd_is_told(tmp_path: Path, *, abstract: bool) -> None:
    name = f"opencombiner-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with ear(f"\0{name}" if abstract else name) as systemd:
        notifier = Notifier.from_environment({"NOTIFY_SOCKET": f"@{name}" if abstract else name})
        notifier.ready()
        notifier.alive()
        notifier.stopping()
        assert systemd.heard() == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify"], ids=["no socket", "an empty name", "a dead socket"])
def test_without_systemd_nothing_happens(address: str | None) -> None:
    Notifier(address).ready()
    assert Notifier(address).watchdog_s is None


def test_a_supervisor_that_does_not_read_does_not_stop_us(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with ear(address) as systemd:
        notifier = Notifier(address)
        for _ in range(5000):
            notifier.alive()
        assert 0 < len(systemd.heard()) < 5000


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
    ids=["none", "for anybody", "for us", "for another process", "no number", "switched off"],
)
def test_the_watchdog_period_is_read(environ: dict[str, str], watchdog_s: float | None) -> None:
    assert Notifier.from_environment(environ).watchdog_s == watchdog_s


def test_memory_is_unknown_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    assert rss_mib(tmp_path / "statm") is None
    (tmp_path / "statm").write_text("100 256 10\n")
    assert rss_mib(tmp_path / "statm") == round(256 * os.sysconf("SC_PAGE_SIZE") / 1024**2, 1)
