"""What the bridge needs of the site: its values and its news."""

from collections.abc import Mapping
from typing import Protocol

from gateway.snapshot import InverterView, SiteTotals
from gateway.telemetry.outbox import Outbox


class Site(Protocol):
    """The state of the plant, read when there is something to say."""

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return all slots by their ids; the set of slots is fixed."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Return where news waits for the bridge."""
        ...

    def utc(self) -> float:
        """Return the time for stamps."""
        ...

    def totals(self) -> SiteTotals:
        """Return the sums of this moment."""
        ...
