"""How the daemon itself is: memory, loop lag, queues, storage, clock, links; and the watchdog's food."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import structlog

from drivers.clock import Clock
from gateway.notify import Notifier

LOOK_EVERY_S = 5.0  # between two looks at the loop's lag; sooner when the watchdog wants it
LAGS_KEPT = 12  # of the last minute

Report: TypeAlias = Mapping[str, Any]

_log = structlog.get_logger(__name__)

_STATM = Path("/proc/self/statm")
_MIB = 1024 * 1024


class Health:
    """Measures, collects what others report, and feeds the watchdog while `alive` says that work goes on."""

    def __init__(self, clock: Clock, notifier: Notifier, alive: Callable[[], bool]) -> None:
        self._clock = clock
        self._notifier = notifier
        self._alive = alive
        self._sources: dict[str, Callable[[], Report]] = {}
        self._lags_s: deque[float] = deque(maxlen=LAGS_KEPT)
        self._started_at: float | None = None
        self._withheld = False
        self._failures = 0

    def add(self, name: str, read: Callable[[], Report]) -> None:
        """Have a part of the daemon reported under a name."""
        self._sources[name] = read

    def report(self) -> Report:
        """Return the condition at this moment; a source that fails costs its own part only."""
        return {
            "process": self._process(),
            "clock": {"trust": self._clock.trust().value},
            **{name: self._read(name, read) for name, read in self._sources.items()},
        }

    async def run(self) -> None:
        """Watch the loop until cancelled."""
        now = asyncio.get_running_loop().time
        self._started_at = now()
        watchdog_s = self._notifier.watchdog_s
        every_s = min(LOOK_EVERY_S, watchdog_s / 2) if watchdog_s else LOOK_EVERY_S
        while True:
            self._feed()
            due = now() + every_s
            await asyncio.sleep(every_s)
            self._lags_s.append(max(0.0, now() - due))

    def _feed(self) -> None:
        alive = self._alive()
        if alive:
            self._notifier.alive()
        elif not self._withheld:
            _log.error("watchdog_withheld", reason="no poller makes progress")
        self._withheld = not alive

    def _process(self) -> Report:
        started_at = self._started_at
        return {
            "rss_mib": rss_mib(),
            "uptime_s": None if started_at is None else round(asyncio.get_running_loop().time() - started_at),
            "loop_lag_ms": round(max(self._lags_s) * 1000, 1) if self._lags_s else None,
            "alive": not self._withheld,
            "failed_reports": self._failures,
        }

    def _read(self, name: str, read: Callable[[], Report]) -> Report | None:
        try:
            return read()
        except Exception:  # noqa: BLE001 - the health supervisor: whatever is ill, the rest is still told
            self._failures += 1
            _log.exception("health_source_failed", source=name)
            return None


def rss_mib(statm: Path = _STATM) -> float | None:
    """Return the memory that the process occupies; None where the kernel does not tell."""
    try:
        pages = int(statm.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / _MIB, 1)
