"""Keeps the far end of a link open, and grants the current opening of it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from drivers.link import LinkCounters
from drivers.upkeep import Upkeep
from protocols.errors import LinkDownError

_STOPPED = "the link is stopped"


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
        self._upkeep = Upkeep(name, url, counters, rng)
        self._current: T | None = None
        self._ready = asyncio.Event()

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
            raise LinkDownError(self._upkeep.reason)
        return self._current

    async def run(self) -> None:
        """Open the far end and keep it open until cancelled. Raises ConfigError."""
        await self._upkeep.run(self._once)

    async def _once(self) -> None:
        """Open the far end and listen until it is lost."""
        opening = await self._opened()
        try:
            await opening.start()
            self._current = opening
            self._ready.set()
            self._upkeep.up()
            await opening.listen()
        except LinkDownError as error:
            raise LinkDownError(opening.lose(str(error))) from error
        finally:
            self._current = None
            self._ready.clear()
            self._upkeep.reason = opening.lose(_STOPPED)
