"""Opens a link again and again, with backoff, for as long as the daemon runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol

import structlog

from protocols.errors import LinkDownError

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0  # a port that was plugged in again is found within this
STEADY_S = 30.0  # a link that was up for less keeps its backoff: a port that fails at once is no port

_log = structlog.get_logger()


class Counters(Protocol):
    """What it counts, and says."""

    opened: int
    reason: str | None


class Upkeep:
    """Keeps one link up, and tells once when it comes and goes. `reason`: why it was down last."""

    def __init__(self, name: str, url: str, counters: Counters, rng: random.Random | None = None) -> None:
        self.reason = "the link is not open yet"
        self._counters = counters
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._log = _log.bind(link=name, url=url)
        self._told: bool | None = None

    async def run(self, once: Callable[[], Awaitable[None]]) -> NoReturn:
        """Call `once`, which opens the link and ends with LinkDownError, until cancelled. Raises ConfigError."""
        now = asyncio.get_running_loop().time
        retry_s = FIRST_RETRY_S
        while True:
            since = now()
            try:
                await once()
            except LinkDownError as error:
                self._down(str(error))
                retry_s = error.retry_s or retry_s
            if now() - since >= STEADY_S:
                retry_s = FIRST_RETRY_S
            await asyncio.sleep(retry_s * self._rng.uniform(0.5, 1.0))
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    def up(self) -> None:
        """Say that the link is up."""
        self._counters.opened += 1
        self._counters.reason = None
        if self._told is not True:
            self._told = True
            self._log.info("link_up")

    def _down(self, reason: str) -> None:
        self.reason = self._counters.reason = reason
        if self._told is not False:
            self._told = False
            self._log.warning("link_down", reason=reason)
