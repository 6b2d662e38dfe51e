"""A poller on a scripted medium, and what it tells."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.snapshot import CommState, NodeStats
from protocols.points import SN, Channel, Value
from protocols.profile import Station, VendorProfile
from protocols.reading import Reading
from tests.gateway.acme import MODEL, PROFILE, identity
from tests.gateway.fleet.medium import Medium, Unit
from tests.support.virtual_time import run


@dataclass
class Ear:
    """Keeps what the poller tells."""

    names: list[tuple[str, Value]] = field(default_factory=list)
    strangers: list[tuple[str, str]] = field(default_factory=list)
    moves: list[tuple[str, int]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    readings: list[tuple[str, Reading]] = field(default_factory=list)
    comms: list[tuple[float, str, CommState]] = field(default_factory=list)
    latest: dict[str, NodeStats] = field(default_factory=dict)
    links: list[tuple[float, bool]] = field(default_factory=list)

    def joined(self, slot: str, values: Mapping[Channel, Value]) -> None:
        self.names.append((slot, values[Channel(SN)]))

    def mismatched(self, slot: str, found: str) -> None:
        self.strangers.append((slot, found))

    def answered(self, slot: str, reading: Reading) -> None:
        self.readings.append((slot, reading))

    def moved(self, slot: str, station: Station) -> None:
        self.moves.append((slot, station.node))

    def refused(self, slot: str) -> None:
        self.refusals.append(slot)

    def comm_changed(self, slot: str, comm: CommState) -> None:
        self.comms.append((asyncio.get_running_loop().time(), slot, comm))

    def stats(self, slot: str, stats: NodeStats) -> None:
        self.latest[slot] = stats

    def link_changed(self, gateway: str, *, up: bool) -> None:
        assert gateway == "gw"
        self.links.append((asyncio.get_running_loop().time(), up))


class Bench:
    """A poller with its units, run for a while."""

    def __init__(  # noqa: PLR0913 - a test names what it cares about
        self,
        units: Sequence[Unit],
        *,
        profile: VendorProfile = PROFILE,
        poll_s: float = 5.0,
        probe_share: float = 0.1,
        elevation: float | None = 40.0,
        medium: type[Medium] = Medium,
        utc: Callable[[], float] = lambda: 0.0,
        host: str = "",
        unpaired: frozenset[str] = frozenset(),
    ) -> None:
        self.units = units
        self.elevation = elevation
        self.medium = medium(dict(enumerate(units, 1)))
        self.ear = Ear()
        self.devices = [Device(identity(f"s{n}", n), MODEL, host=host) for n in range(1, len(units) + 1)]
        self.poller = Poller(
            "gw",
            self.medium,
            self.devices,
            profile,
            poll_s=poll_s,
            probe_share=probe_share,
            light=lambda: self.elevation,
            utc=utc,
            listener=self.ear,
            unpaired=unpaired,
        )

    def run(self, seconds: float, *acts: tuple[float, Callable[[], object]]) -> Ear:
        async def main() -> None:
            for at, act in acts:
                asyncio.get_running_loop().call_at(at, act)
            await self.during(asyncio.sleep(seconds))

        run(main())
        return self.ear

    async def during(self, work: Awaitable[None]) -> None:
        task = asyncio.create_task(self.poller.run())
        try:
            await work
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError, match=r"^$"):
                await task


def plant(count: int) -> list[Unit]:
    return [Unit(f"SN{n:04}") for n in range(1, count + 1)]
