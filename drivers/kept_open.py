"""Keeps the far end of a link open: with backoff, for as long as the daemon runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

import structlog

from drivers.link import LinkCounters
from protocols.errors import LinkDownError

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0  # a port that was plugged in again is found within this
STEADY_S = 30.0  # a link that was up for less keeps its backoff: a port that fails at once is no port
_STOPPED = "the link is stopped"

_log = structlog.get_logger()


class Opening(Protocol):
    """A link from the opening of its far end to the loss of it."""

    async def start(self) -> None:
        """Make the adapter ready. Raises LinkDownError."""
        ...

    async def listen(self) -> None:
        """Take what the adapter says until LinkDownError is raised."""
        ...

    def lose(self, reason: str) -> str:
        """Close the far end, once; return the first reason."""
        ...


T = TypeVar("T", bound=Opening)


class KeptOpen(Generic[T]):
    """The current opening of a link, made by `opened`, which raises LinkDownError when nobody is there."""

    def __init__(
        self,
        name: str,
        url: str,
        opened: Callable[[], Awaitable[T]],
        counters: LinkCounters,
        rng: random.Random | None = None,
    ) -> None:
        self._opened = opened
        self._counters = counters
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._log = _log.bind(link=name, url=url)
        self._current: T | None = None
        self._ready = asyncio.Event()
        self._reason = "the link is not open yet"
        self._told: bool | None = None

    @property
    def up(self) -> bool:
        """Tell whether the adapter is open and ready."""
        return self._current is not None

    async def wait_up(self) -> None:
        """Return once the adapter is ready."""
        await self._ready.wait()

    def current(self) -> T:
        """Return the opening. Raises LinkDownError with the reason why there is none."""
        if self._current is None:
            raise LinkDownError(self._reason)
        return self._current

    async def run(self) -> None:
        """Open the far end and keep it open until cancelled. Raises ConfigError."""
        now = asyncio.get_running_loop().time
        retry_s = FIRST_RETRY_S
        while True:
            since = now()
            try:
                await self._once()
            except LinkDownError as error:
                self._tell(up=False, reason=str(error))
            if now() - since >= STEADY_S:
                retry_s = FIRST_RETRY_S
            await asyncio.sleep(retry_s * self._rng.uniform(0.5, 1.0))
            retry_s = min(retry_s * 2, LAST_RETRY_S)

    async def _once(self) -> None:
        """Open the far end and listen until it is lost."""
        opening = await self._opened()
        try:
            await opening.start()
            self._current = opening
            self._ready.set()
            self._counters.opened += 1
            self._counters.reason = None
            self._tell(up=True, reason=None)
            await opening.listen()
        except LinkDownError as error:
            raise LinkDownError(opening.lose(str(error))) from error
        finally:
            self._current = None
            self._ready.clear()
            self._reason = opening.lose(_STOPPED)

    def _tell(self, *, up: bool, reason: str | None) -> None:
        """Log it once when the link goes up or down."""
        if reason is not None:
            self._reason = self._counters.reason = reason
        if up is self._told:
            return
        self._told = up
        if up:
            self._log.info("link_up")
        else:
            self._log.warning("link_down", reason=reason)
