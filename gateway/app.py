"""Builds the daemon from the site file and runs it: the only module that names concrete classes."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import TypeAlias
from zoneinfo import ZoneInfo

import structlog

from config.alarms import load_catalogue
from config.grid_profiles import grid_profile
from config.links import WifiLink as WifiSection
from config.plant import cycle, nodes, profile_of, units
from config.site import Gateway, Inverter, MCombiner, Site
from drivers.clock import Clock
from drivers.link import Link
from drivers.registry import open_link, settings_of
from drivers.together import first_of
from drivers.transport import Opener
from drivers.wifi.link import Mailbox, WifiLink
from gateway.alarms.engine import Engine
from gateway.alarms.grid_watch import GridWatch
from gateway.alarms.journal import Journal
from gateway.alarms.plant import Plant
from gateway.alarms.service import Alarms
from gateway.control.budget import Budget
from gateway.control.leases import Leases
from gateway.control.service import Control
from gateway.faces.desk import Desk
from gateway.faces.registry import servers
from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.fleet.receiver import Receiver
from gateway.health import Health
from gateway.light import Light
from gateway.log import LogTap
from gateway.meter import Meters
from gateway.meter import Source as MeterSource
from gateway.mqtt.bridge import Bridge
from gateway.mqtt.options import broker_options, mqtt_options
from gateway.mqtt.payloads import About, Json
from gateway.notify import Notifier
from gateway.rows import LimitRow, PairedRow, UnitRow, WriteRow, addresses
from gateway.snapshot import Identity
from gateway.store import CLOSE_S, Store
from gateway.telemetry.outbox import Outbox
from gateway.telemetry.site import SiteState
from gateway.version import version
from protocols.errors import ConfigError, LocalProtocolError
from protocols.profile import Counter, VendorProfile

SITE_SCHEMA = "1"  # form of the site file; grows when an old file would be refused
STALL_S = 300.0  # a poller turns every half minute; the longest conversation on the slowest line takes one more
STOP_S = 2.0  # from the request to stop to the end, whatever broker and disk do; the disk gets what the broker leaves
LEAST_CLOSE_S = 0.3  # of it, for the disk: a broker that hangs takes 1.5 s
RESTART_S = 10.0  # before a link's task that failed on a bug of ours is tried again

Openers: TypeAlias = Mapping[str, Opener]
_DIRECT: Openers = {}

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class South:
    """One gateway's link and the task that polls over it, or that takes what its units report by themselves."""

    gateway: str
    link: Link | WifiLink
    poller: Poller | Receiver
    unpaired: int = 0  # units that nobody can speak to
    failures: int = 0

    async def run(self) -> None:
        """Keep the link open and poll over it until cancelled. Raises ConfigError."""
        while True:
            try:
                await first_of(self.link.run(), self.poller.run())
            except ConfigError:
                raise
            except Exception:  # noqa: BLE001 - the link supervisor: a bug of ours costs one link a pause, not the daemon
                self.failures += 1
                _log.exception("link_failed", gateway=self.gateway, retry_s=RESTART_S)
            await asyncio.sleep(RESTART_S)

    @property
    def alive(self) -> bool:
        """Tell whether the poller makes progress; without a link it has nothing to do."""
        turned_at = self.poller.turned_at
        return turned_at is None or asyncio.get_running_loop().time() - turned_at < STALL_S

    def condition(self) -> Json:
        """Return the link's counters, for `bridge/health`."""
        cycle_s = None if self.poller.cycle_s is None else round(self.poller.cycle_s, 3)
        own = {"up": self.link.up, "cycle_s": cycle_s, "failures": self.failures, "unpaired": self.unpaired}
        return own | asdict(self.link.counters)


class App:
    """The daemon of one site. Build it inside the running loop; `run` it once. Raises ConfigError.

    `openers`, by gateway, open the far ends of links that are no plain URLs.
    """

    def __init__(
        self, site: Site, *, clock: Clock, tap: LogTap, inline_store: bool = False, openers: Openers = _DIRECT
    ) -> None:
        options = mqtt_options(site.mqtt, site.id)  # before anything is opened: it refuses bad settings
        self.store = Store(site.state_dir, inline=inline_store)
        paired = self.store.rows(PairedRow)
        limits, writes, journal = self.store.rows(LimitRow), self.store.rows(WriteRow), Journal(self.store)
        self.outbox = Outbox()
        zone = ZoneInfo(site.location.timezone)
        self.state = SiteState(_plant(site, paired), zone=zone, clock=clock, store=self.store, outbox=self.outbox)
        light = Light(site.location, clock)
        self.souths = tuple(
            _south(gateway, _identities(gateway, paired), light, self.state, journal.units, openers.get(gateway.id))
            if profile_of(gateway).push is None
            else _hub(site, gateway, light, self.state)
            for gateway in site.gateways
        )
        leases = Leases(self.store.put)
        leases.restore(limits, now=asyncio.get_running_loop().time(), utc=self.state.utc())
        pollers = {south.gateway: south.poller for south in self.souths}
        fallback_pct = {gateway.id: gateway.fallback_limit_pct for gateway in site.gateways}
        offered = {gateway.id: profile_of(gateway).commands for gateway in site.gateways}
        budget = Budget(
            {gateway.id: profile_of(gateway).memory_writes for gateway in site.gateways},
            {gateway.id: gateway.memory_writes_per_day for gateway in site.gateways},
            writes,
            self.store.put,
        )
        self.control = Control(self.state, pollers, leases, fallback_pct, offered, budget)
        self.state.watch(self.control.look)
        self.alarms = self._alarms(site, journal, pollers)
        self.meters = _meters(site)
        self.faces = servers(site, Desk(self.state, self.control, self.alarms, self.meters))
        self.notifier = Notifier.from_environment()
        self.health = Health(clock, self.notifier, alive=lambda: any(south.alive for south in self.souths))
        about, report = _about(site), self.health.report
        self.bridge = Bridge(
            self.state,
            about,
            site.mqtt,
            options,
            report,
            tap,
            orders=self.control,
            alarms=self.alarms,
            meters=self.meters,
        )
        self._report_on(tap)

    def _alarms(self, site: Site, journal: Journal, pollers: Mapping[str, Poller | Receiver]) -> Alarms:
        engine = Engine(load_catalogue(), Plant.of(site))
        senders = {slot: pollers[view.identity.gateway].submit for slot, view in self.state.views.items()}
        limits = grid_profile(site.grid_profile)
        told = {
            gateway.id for gateway in site.gateways if limits.id in (profile_of(gateway).grid_profiles or {limits.id})
        }
        wanted = told if "grid_profile" in site.model_fields_set else ()
        mute = {gateway.id for gateway in site.gateways if not profile_of(gateway).alarm_codes}
        watched = {slot for slot, view in self.state.views.items() if view.identity.gateway in mute}
        mark = self.outbox.mark_alarms
        alarms = Alarms(
            engine,
            journal,
            self.state,
            senders,
            mark=mark,
            periods_s={unit.id: cycle(gateway).period_s for _, gateway, unit in units(site)},
            grid_profiles={s: limits.id for s, view in self.state.views.items() if view.identity.gateway in wanted},
            watch=GridWatch(engine, limits, watched),
        )
        self.state.watch(alarms.look)
        self.state.watch_around(alarms.look_around)
        return alarms

    def _report_on(self, tap: LogTap) -> None:
        self.health.add("mqtt", self.bridge.counters)
        self.health.add("links", lambda: {south.gateway: south.condition() for south in self.souths})
        self.health.add("alarms", self.alarms.condition)
        if self.faces:
            self.health.add("faces", lambda: {name: face.condition() for name, face in self.faces.items()})
        self.health.add("outbox", lambda: {"dropped_events": self.outbox.dropped_events})
        self.health.add("log", lambda: {"dropped": tap.dropped})
        self.health.add(
            "store",
            lambda: {
                "pending_rows": self.store.pending,
                "failures": self.store.failures,
                "dropped_rows": self.store.dropped_rows,
            },
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; what was learnt is stored then, and the broker is told."""
        now, ends_at = asyncio.get_running_loop().time, inf

        async def asked() -> None:
            nonlocal ends_at
            await stop.wait()
            ends_at = now() + STOP_S

        works = [self.state.run(), self.control.run(), self.alarms.run(), self.health.run(), self.bridge.run()]
        try:
            self.notifier.ready()
            sides = (*self.souths, *self.faces.values())
            await first_of(asked(), *works, *(side.run() for side in sides))
        finally:
            self.notifier.stopping()
            self.state.save()
            self.store.close(min(max(ends_at - now(), LEAST_CLOSE_S), CLOSE_S))


async def run(site: Site, *, clock: Clock, stop: asyncio.Event, tap: LogTap, openers: Openers = _DIRECT) -> None:
    """Run the daemon of a site until `stop` is set. Raises ConfigError for what cannot work."""
    await App(site, clock=clock, tap=tap, openers=openers).run(stop)


def _about(site: Site) -> About:
    drivers = {gateway.id: gateway.link.medium for gateway in site.gateways}
    return About(version=version(), config_schema=SITE_SCHEMA, site=site.id, name=site.name, drivers=drivers)


def _meters(site: Site) -> Meters:
    return Meters(
        {
            gateway.id: MeterSource(gateway.meter.topic, gateway.meter.stale_s)
            for gateway in site.gateways
            if isinstance(gateway, MCombiner) and gateway.meter is not None
        }
    )


def _south(
    gateway: Gateway,
    identities: Sequence[Identity],
    light: Light,
    state: SiteState,
    units: Mapping[str, UnitRow],
    opener: Opener | None,
) -> South:
    profile, medium = profile_of(gateway), gateway.link.medium
    link = open_link(medium, gateway.id, settings_of(medium, gateway.link, gateway.host), opener)
    unpaired = frozenset(identity.slot for identity in identities if identity.node is None)
    devices = [
        Device(
            identity,
            profile.models[identity.model],
            _record_seq(units.get(identity.slot), identity.serial),
            gateway.host,
        )
        for identity in identities
        if identity.slot not in unpaired
    ]
    poller = Poller(
        gateway.id,
        link,
        devices,
        profile,
        poll_s=gateway.poll_s,
        probe_share=gateway.link.probe_share,
        light=light.elevation,
        utc=state.utc,
        listener=state,
        unpaired=unpaired,
    )
    return South(gateway.id, link, poller, len(unpaired))


def _hub(site: Site, gateway: Gateway, light: Light, state: SiteState) -> South:
    """Return a broker that units dial, and the task that takes their reports."""
    profile, section = profile_of(gateway), gateway.link
    if profile.push is None or not isinstance(section, WifiSection):
        raise LocalProtocolError(f"gateway {gateway.id}: nobody dials in over {section.medium}")
    devices = [Device(identity, profile.models[identity.model]) for identity in _identities(gateway, ())]
    place = f"gateways[{site.gateways.index(gateway)}].link"
    options = broker_options(section, place, f"opencombiner-{site.id}-{gateway.id}")
    serials = frozenset(device.identity.serial for device in devices)
    link = WifiLink(gateway.id, options, Mailbox(profile.push.uplink, profile.push.downlink, serials))
    receiver = Receiver(
        gateway.id,
        link,
        devices,
        profile,
        every_s=gateway.poll_s,
        light=light.elevation,
        listener=state,
        utc=state.utc,
    )
    return South(gateway.id, link, receiver)


def _record_seq(known: UnitRow | None, serial: str) -> int | None:
    return known.record_seq if known is not None and known.serial == serial else None


def _plant(site: Site, paired: Iterable[PairedRow]) -> Iterator[tuple[Identity, tuple[Counter, ...]]]:
    for gateway in site.gateways:
        profile = profile_of(gateway)
        for identity in _identities(gateway, paired):
            yield identity, profile.counters(profile.models[identity.model])


def _identities(gateway: Gateway, paired: Iterable[PairedRow]) -> list[Identity]:
    """Return who is in the slots; an address that was found by a gateway of another name is none of ours."""
    profile = profile_of(gateway)
    node = nodes(gateway, addresses(paired, gateway.id, gateway.host))
    return [
        _identity(gateway, branch.id, inverter, profile, node[inverter.serial])
        for branch in gateway.branches
        for inverter in branch.inverters
    ]


def _identity(gateway: Gateway, branch: str, inverter: Inverter, profile: VendorProfile, node: int | None) -> Identity:
    model = profile.models[inverter.model]
    return Identity(
        slot=inverter.id,
        serial=inverter.serial,
        model=model.name,
        vendor=profile.name,
        gateway=gateway.id,
        branch=branch,
        node=node,
        ports=model.ports,
        rated_w=model.rated_w,
        efficiency=model.efficiency,
        commands=profile.commands,
    )
