"""A ZigBee network: a coordinator at the gateway and a radio in each unit."""

import asyncio
from collections.abc import Callable
from random import Random

from config.links import ZigbeeLink
from config.site import Gateway, Impairments
from emulator.host import Modem
from emulator.inverter import Inverter
from emulator.media import OWN_NODE
from emulator.media.zigbee.air import Air
from emulator.media.zigbee.coordinator import Coordinator
from emulator.media.zigbee.unit import Unit
from protocols.errors import LocalProtocolError
from protocols.exchange import Responder
from protocols.modems.znp.air import BROADCAST, COORDINATOR, Message
from protocols.modems.znp.network import Network, network
from protocols.modems.znp.status import SUCCESS, Status

MESSAGES = 64  # on their way at a time: more than a coordinator's buffers and an answer of every unit that hears it
_NOISE_BYTES = 3


class Zigbee:
    """The network of one gateway; units in their order are one hop away, two, … up to `hops`, then one again.

    Units that were commissioned before are at home in it, at the address that the site file gives them or at their own;
    a unit from the factory has to be paired.
    """

    def __init__(self, link: ZigbeeLink, own: Network, impairments: Impairments, seed: str) -> None:
        self._hops = link.hops
        self._own = own
        self._seed = seed
        self._noise_per_s = impairments.noise_per_min / 60
        self._noise = Random(f"{seed}/noise")
        self._air = Air(impairments, seed)
        self._units: list[Unit] = []
        self._messages: asyncio.Queue[tuple[Message, Callable[[int], None]]] = asyncio.Queue(MESSAGES)
        self.coordinator = Coordinator(link.uart_bytes, self._transmit)
        self.modem: Modem | None = self.coordinator

    def attach(self, inverter: Inverter, responder: Responder, node: int) -> Unit:
        """Put a unit on the air."""
        unit = Unit(inverter, responder, self._own, 1 + len(self._units) % self._hops, self._seed)
        if inverter.commissioned:
            unit.pairing.home(self._own.pan, None if node == OWN_NODE else node)
        self._units.append(unit)
        return unit

    def detach(self, node: Unit) -> None:
        """Take a unit off the air."""
        self._units.remove(node)

    async def live(self) -> None:
        """Carry messages, and scatter noise on the serial port, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._make_noise())
            while True:
                message, sent = await self._messages.get()
                tasks.create_task(self._carry(message, sent))

    async def _make_noise(self) -> None:
        while self._noise_per_s:
            await asyncio.sleep(self._noise.expovariate(self._noise_per_s))
            self.coordinator.junk(self._noise.randint(1, _NOISE_BYTES))

    def _transmit(self, message: Message, sent: Callable[[int], None]) -> None:
        if self._messages.full():
            sent(Status.BUFFER_FULL)
        else:
            self._messages.put_nowait((message, sent))

    async def _carry(self, message: Message, sent: Callable[[int], None]) -> None:
        """Bring a message to whom it is for, and their answers back."""
        if message.node == COORDINATOR:
            sent(SUCCESS)
            self.coordinator.hear(message, ())  # what it sends to itself comes back
        elif message.node == BROADCAST:
            free = await self._air.spread(message.data)
            sent(SUCCESS if free else Status.MAC_CHANNEL_ACCESS_FAILURE)
            heard = [unit for unit in self._units if unit.listening and self._air.hears_broadcast(message.data)]
            async with asyncio.TaskGroup() as tasks:
                for unit in heard if free else ():
                    tasks.create_task(self._deliver(message, unit))
        else:
            await self._to_one(message, sent)

    async def _to_one(self, message: Message, sent: Callable[[int], None]) -> None:
        unit = next((unit for unit in self._units if unit.is_for(message)), None)
        relays = self._relays(unit)
        if unit is None or relays is None:
            sent(Status.NWK_NO_ROUTE)
            return
        status = await self._air.carry(message.data, (*relays, unit))
        sent(status)
        if status == SUCCESS:
            await self._deliver(message, unit)

    async def _deliver(self, message: Message, unit: Unit) -> None:
        if not unit.is_for(message):
            return
        for answer in await unit.said(message):
            relays = self._relays(unit)
            if relays is None:
                return
            if await self._air.carry(answer.data, (*reversed(relays), self.coordinator)) == SUCCESS:
                self.coordinator.hear(answer, tuple(relay.node for relay in relays))

    def _relays(self, unit: Unit | None) -> tuple[Unit, ...] | None:
        """Return a unit for each hop on the way, None where one is missing."""
        if unit is None:
            return None
        found = [
            next((each for each in self._units if each.hops == hop and each.listening), None)
            for hop in range(1, unit.hops)
        ]
        return None if None in found else tuple(each for each in found if each is not None)


def build(gateway: Gateway, impairments: Impairments, seed: str) -> Zigbee:
    """Return the network behind a gateway's link."""
    if not isinstance(gateway.link, ZigbeeLink):
        raise LocalProtocolError(f"gateway {gateway.id}: {gateway.link.medium} is no ZigBee network")
    return Zigbee(gateway.link, network(gateway.host), impairments, seed)
