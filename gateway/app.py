"""Builds the daemon from the site file and runs it: the only module that names concrete classes."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

from config.plant import nodes, profile_of
from config.roles import ROLES
from config.site import Gateway, PlcLink, Site
from drivers.clock import Clock
from drivers.link import Link
from drivers.plc.settings import PlcSettings
from drivers.registry import open_link
from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.light import Light
from gateway.snapshot import Identity
from gateway.store import Store
from gateway.telemetry.outbox import Outbox
from gateway.telemetry.site import SiteState
from protocols.profile import Counter


@dataclass(frozen=True, slots=True)
class South:
    """One gateway's link and the task that polls over it."""

    gateway: str
    link: Link
    poller: Poller


class App:
    """The daemon of one site. Build it inside the running loop; `run` it once."""

    def __init__(self, site: Site, *, clock: Clock, inline_store: bool = False) -> None:
        self.site = site
        self.clock = clock
        self.store = Store(site.state_dir, inline=inline_store)
        self.outbox = Outbox()
        self.state = SiteState(
            _plant(site), zone=ZoneInfo(site.location.timezone), clock=clock, store=self.store, outbox=self.outbox
        )
        light = Light(site.location, clock)
        self.souths = tuple(_south(gateway, light, self.state) for gateway in site.gateways)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; what was learnt is stored then."""
        tasks: list[asyncio.Task[None]] = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks += [group.create_task(south.link.run(), name=f"link {south.gateway}") for south in self.souths]
                tasks += [group.create_task(south.poller.run(), name=f"poll {south.gateway}") for south in self.souths]
                tasks.append(group.create_task(self.state.run(), name="state"))
                await stop.wait()
                for task in tasks:
                    task.cancel()
        finally:
            self.state.save()
            self.store.close()


def _south(gateway: Gateway, light: Light, state: SiteState) -> South:
    profile = profile_of(gateway)
    link = open_link(ROLES[gateway.role].medium, gateway.id, _settings(gateway.link))
    devices = [Device(identity, profile.models[identity.model]) for identity in _identities(gateway)]
    poller = Poller(
        gateway.id,
        link,
        devices,
        profile,
        poll_s=gateway.poll_s,
        probe_share=gateway.link.probe_share,
        light=light.elevation,
        listener=state,
    )
    return South(gateway.id, link, poller)


def _settings(link: PlcLink) -> PlcSettings:
    return PlcSettings(**{field.name: getattr(link, field.name) for field in fields(PlcSettings)})


def _plant(site: Site) -> Iterator[tuple[Identity, tuple[Counter, ...]]]:
    for gateway in site.gateways:
        counters = profile_of(gateway).counters
        for identity in _identities(gateway):
            yield identity, counters


def _identities(gateway: Gateway) -> Iterator[Identity]:
    profile, node = profile_of(gateway), nodes(gateway)
    for branch in gateway.branches:
        for inverter in branch.inverters:
            model = profile.models[inverter.model]
            yield Identity(
                slot=inverter.id,
                serial=inverter.serial,
                model=model.name,
                vendor=profile.name,
                gateway=gateway.id,
                branch=branch.id,
                node=node[inverter.serial],
                ports=model.ports,
                rated_w=model.rated_w,
            )


async def run(site: Site, *, clock: Clock, stop: asyncio.Event) -> None:
    """Run the daemon of a site until `stop` is set. Raises ConfigError for what cannot work."""
    await App(site, clock=clock).run(stop)
