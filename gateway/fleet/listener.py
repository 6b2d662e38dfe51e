"""Who hears what a poller learns."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from gateway.snapshot import CommState, NodeStats
from protocols.points import Channel, Value
from protocols.profile import Station
from protocols.reading import Reading

Values: TypeAlias = Mapping[Channel, Value]


class Listener(Protocol):
    """Who is told what the poller learns."""

    def joined(self, slot: str, values: Values) -> None:
        """Take the identity values of a unit that has joined."""
        ...

    def mismatched(self, slot: str, found: str) -> None:
        """Take note that another unit answers in a slot: its serial, or the exchange's words; told once for each."""
        ...

    def answered(self, slot: str, reading: Reading) -> None:
        """Take a reading."""
        ...

    def moved(self, slot: str, station: Station) -> None:
        """Take note that a unit was found under another address."""
        ...

    def refused(self, slot: str) -> None:
        """Take note that a unit is there and has refused the live poll: its values grow old."""
        ...

    def comm_changed(self, slot: str, comm: CommState) -> None:
        """Take note that a unit's reachability changed."""
        ...

    def stats(self, slot: str, stats: NodeStats) -> None:
        """Take a unit's statistics; told every ten seconds at most."""
        ...

    def link_changed(self, gateway: str, *, up: bool) -> None:
        """Take note that a gateway's link went down or came up."""
        ...
