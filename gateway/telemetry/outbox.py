"""News for the broker, bounded: marks coalesce, so a broker that is away costs one mark per topic."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MAX_EVENTS = 1000  # site events that wait for the broker; beyond that the oldest goes and is counted


@dataclass(frozen=True, slots=True)
class SiteEvent:
    """A happening in the gateway's own life: a join, a loss, a replaced device, a link that went down."""

    kind: str
    ts: float
    subject: str
    detail: Mapping[str, str | int | float | None]


@dataclass(slots=True)
class Changes:
    """What has changed since the last look: slots by topic group, subjects of alarms, and events in order."""

    state: set[str] = field(default_factory=set)
    availability: set[str] = field(default_factory=set)
    info: set[str] = field(default_factory=set)
    alarms: set[str] = field(default_factory=set)
    site: bool = False
    events: deque[SiteEvent] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))


class Outbox:
    """Holds the marks until the bridge takes them; the values themselves are read from the site then."""

    def __init__(self) -> None:
        self._changes = Changes()
        self._ready = asyncio.Event()
        self.dropped_events = 0

    def mark_state(self, slot: str) -> None:
        """Note that a slot has new values, which changes the sums too."""
        self._changes.state.add(slot)
        self._changes.site = True
        self._ready.set()

    def mark_availability(self, slot: str) -> None:
        """Note that a slot's reachability changed, and with it its values' quality."""
        self._changes.availability.add(slot)
        self.mark_state(slot)

    def mark_info(self, slot: str) -> None:
        """Note that a slot's identity changed."""
        self._changes.info.add(slot)
        self._ready.set()

    def mark_alarms(self, subjects: Iterable[str]) -> None:
        """Note that alarms of some subjects changed, and with them the site's status."""
        self._changes.alarms.update(subjects)
        self._changes.site = True
        self._ready.set()

    def event(self, event: SiteEvent) -> None:
        """Add an event."""
        self.dropped_events += len(self._changes.events) == MAX_EVENTS
        self._changes.events.append(event)
        self._ready.set()

    async def wait(self) -> None:
        """Return once there is news."""
        await self._ready.wait()

    def take(self) -> Changes:
        """Return all news and start afresh."""
        changes, self._changes = self._changes, Changes()
        self._ready.clear()
        return changes
