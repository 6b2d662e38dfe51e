"""The emulated plant: serves the units behind each gateway's link."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from config.plant import nodes
from config.site import Branch, Gateway, Location, MCombiner, Site
from drivers.clock import Clock
from drivers.mqtt.session import Options
from drivers.stream import Listener
from emulator.combiner import Combiner
from emulator.ct_meter import CtMeter
from emulator.faults import Faults, FaultyResponder
from emulator.feeder import Feeder
from emulator.inverter import Inverter
from emulator.media import OWN_NODE, Medium, Node, medium_of
from emulator.outlet import Outlet
from emulator.setup import Start
from emulator.site import Place, Surroundings, feeders, places, surroundings
from protocols.errors import ConfigError

_SERVED = "the emulator serves pty:, socket:// and mem:// links"


@dataclass(frozen=True, slots=True)
class _Wiring:
    """A gateway with its medium, where its adapter is plugged in, its switches and its branches."""

    gateway: Gateway
    medium: Medium
    faults: Faults
    outlet: Outlet | None
    combiner: Combiner
    feeders: Mapping[str, Feeder]


@dataclass(frozen=True, slots=True)
class _Hung:
    """A unit where it hangs."""

    place: Place
    inverter: Inverter
    address: int
    node: Node
    responder: FaultyResponder
    wiring: _Wiring
    branch: str


class Plant:
    """All units of a site and the modems that stand for its gateways' links.

    `now` is the loop's time at which the units begin to live. `units` are by serial; `listeners`, by gateway, are
    there once `ready` is set. Raises ConfigError when a link cannot be served, or a model or the grid profile is
    unknown.
    """

    def __init__(self, site: Site, location: Location, clock: Clock, now: float) -> None:
        self.location = location
        self.around: Surroundings = surroundings(site, location, now=now, utc=clock.utc())
        self.ready = asyncio.Event()
        self._hung: dict[str, _Hung] = {}
        self._wirings: dict[str, _Wiring] = {}
        for index, gateway in enumerate(site.gateways):
            _refuse_unserved(f"gateways[{index}].link.url", gateway.link.url)
            wiring = self._wire(gateway, f"{site.emulation.seed}/{gateway.id}", site)
            self._wirings[gateway.id] = wiring
            node = nodes(gateway)
            for branch, serial, place in places(gateway, wiring.feeders, self.around):
                self._hang(place.first_unit(serial), node[serial] or OWN_NODE, place, wiring, branch)
        self._meters = [
            CtMeter(
                _greeting(site, gateway),
                gateway.meter.topic,
                self.combiners[gateway.id],
                site.emulation.load_w,
                self._fed,
            )
            for gateway in site.gateways
            if isinstance(gateway, MCombiner) and gateway.meter is not None
        ]
        self.disturbed(now)

    def _fed(self, now: float) -> tuple[float, float]:
        t = self.advance(now)
        return t, sum(hung.inverter.life.watt(t) for hung in self._hung.values())

    def _wire(self, gateway: Gateway, seed: str, site: Site) -> _Wiring:
        medium = medium_of(gateway, site.emulation.impairments, seed)
        outlet = None if medium.modem is None else Outlet(gateway.link.url, medium.modem)
        faults = Faults(Random(f"{seed}/faults"))
        combiner = Combiner(self.around.grid)
        behind = feeders(gateway, self.around, combiner.breaker, combiner.relay)
        return _Wiring(gateway, medium, faults, outlet, combiner, behind)

    def _hang(self, inverter: Inverter, address: int, place: Place, wiring: _Wiring, branch: str) -> None:
        responder = FaultyResponder(place.vendor.responder(inverter), wiring.faults)
        node = wiring.medium.attach(inverter, responder, address)
        self._hung[inverter.serial] = _Hung(place, inverter, address, node, responder, wiring, branch)

    @property
    def units(self) -> Mapping[str, Inverter]:
        """Return the units by serial, with all that is true of them."""
        return {serial: hung.inverter for serial, hung in self._hung.items()}

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """Return what is served, by gateway."""
        served = {name: outlet.listener for name, outlet in self.outlets.items()}
        return {name: listener for name, listener in served.items() if listener is not None}

    @property
    def feeders(self) -> Mapping[str, Feeder]:
        """Return the branches by id."""
        return {name: feeder for wiring in self._wirings.values() for name, feeder in wiring.feeders.items()}

    @property
    def combiners(self) -> Mapping[str, Combiner]:
        """Return what the branches of each gateway have in common, by gateway."""
        return {name: wiring.combiner for name, wiring in self._wirings.items()}

    def on(self, branch: str) -> Mapping[str, Inverter]:
        """Return the units of a branch by serial; none for a branch that is not there."""
        return {serial: hung.inverter for serial, hung in self._hung.items() if hung.branch == branch}

    def place(self, serial: str) -> Place:
        """Return where a unit hangs; raises KeyError for a stranger."""
        return self._hung[serial].place

    def node(self, serial: str) -> Node:
        """Return a unit's side of the medium; raises KeyError for a stranger."""
        return self._hung[serial].node

    def responder(self, serial: str) -> FaultyResponder:
        """Return a unit's protocol side; raises KeyError for a stranger."""
        return self._hung[serial].responder

    @property
    def faults(self) -> Mapping[str, Faults]:
        """Return what goes wrong on the medium, by gateway."""
        return {name: wiring.faults for name, wiring in self._wirings.items()}

    @property
    def outlets(self) -> Mapping[str, Outlet]:
        """Return where the adapters are plugged in, by gateway."""
        return {name: wiring.outlet for name, wiring in self._wirings.items() if wiring.outlet is not None}

    def advance(self, now: float) -> float:
        """Let every unit live up to `now`, a loop time; return it as UTC."""
        t = now - self.around.now + self.around.utc
        self.around.order.advance(t)
        return t

    def disturbed(self, now: float) -> None:
        """Let everybody look at everything anew: something was done to the plant at `now`."""
        t = self.advance(now)
        for hung in self._hung.values():
            hung.inverter.life.interrupt(t)
            hung.node.linked = self._linked(hung, t)
        for wiring in self._wirings.values():
            if wiring.medium.modem is not None:
                wiring.medium.modem.linked = not wiring.gateway.link.mains_bound or self.around.grid.alive(t)
        self.around.order.advance(t)

    def _linked(self, hung: _Hung, t: float) -> bool:
        branch = next(each for each in hung.wiring.gateway.branches if each.id == hung.branch)
        supply = hung.wiring.feeders[hung.branch].supply
        synchronous = hung.wiring.gateway.link.mains_bound
        return linked(branch, alive=supply.alive(t), closed=supply.breaker.closed(t), synchronous=synchronous)

    def replace(self, serial: str, new_serial: str, now: float) -> None:
        """Put a factory-new unit where another hangs; raises KeyError for a stranger."""
        t = self.advance(now)
        old = self._hung.pop(serial)
        old.inverter.life.retire()
        old.wiring.medium.detach(old.node)
        fresh = old.place.unit(new_serial, Start(now=now, utc=t, warm=False), commissioned=False)
        derived = old.place.vendor.node
        address = old.address if derived is None else derived(new_serial)
        self._hang(fresh, address, old.place, old.wiring, old.branch)

    async def serve(self) -> None:
        """Serve every link until cancelled."""
        outlets = self.outlets.values()
        try:
            for outlet in outlets:
                await outlet.open()
            self.ready.set()
            async with asyncio.TaskGroup() as tasks:
                for wiring in self._wirings.values():
                    tasks.create_task(wiring.medium.live())
                for outlet in outlets:
                    tasks.create_task(outlet.attend())
                for meter in self._meters:
                    tasks.create_task(meter.live())
        finally:
            for outlet in outlets:
                outlet.close()
            self.ready.clear()


def linked(branch: Branch, *, alive: bool, closed: bool, synchronous: bool) -> bool:
    """Tell whether a gateway's modem and the units of a branch can hear each other.

    A mains-synchronous modem is deaf without mains, at either end; one that couples on the grid side of the branch
    breaker is cut off by an open one.
    """
    return (alive or not synchronous) and (closed or branch.coupling == "inverter_side")


def _greeting(site: Site, gateway: Gateway) -> Options:
    """Return how a gateway's meter greets the site's broker. Raises ConfigError where it may not come as it is."""
    if site.mqtt.url.startswith("mqtts://") or site.mqtt.user is not None:
        problem = "the emulated one speaks MQTT without TLS and password"
        raise ConfigError(f"gateways.{gateway.id}.meter: {problem}; emulate with a broker that lets anybody in")
    return Options(url=site.mqtt.url, client_id=f"opencombiner-meter-{site.id}-{gateway.id}")


def _refuse_unserved(setting: str, url: str) -> None:
    if url.startswith("/dev/"):
        raise ConfigError(f"{setting}: {url} is real hardware; {_SERVED}")
    if url.startswith("replay://"):
        raise ConfigError(f"{setting}: {url} is a recording, which `run` replays without an emulator; {_SERVED}")
