"""A unit's radio: whom it hears, how far it is, and when it answers."""

import asyncio
from random import Random
from typing import Protocol, runtime_checkable

from emulator.faults import FaultyResponder
from emulator.inverter import Inverter
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.exchange import Responder
from protocols.modems.znp.air import MOST_LQI, Message, content, datagram
from protocols.modems.znp.network import Network

UNIT_S = (0.2, 0.3)  # from a request to the answer's first frame, evenly spread: ASSUMED by logs of gateways
_LQI = (90, 170)  # of a unit next to the coordinator; captures show 34 to 213
_LQI_FADING = 8
_LQI_PER_HOP = 25


class Membership(Protocol):
    """Where a unit is at home."""

    node: int

    def hears(self, message: Message, pan: int) -> bool:
        """Tell whether a message of that PAN is for this unit."""
        ...

    def home(self, pan: int, node: int | None = None) -> None:
        """Be in a PAN already."""
        ...


@runtime_checkable
class Member(Protocol):
    """A protocol side that has a home."""

    pairing: Membership


def membership_of(responder: Responder) -> Membership:
    """Return where a protocol side is at home, faults on its medium or not. Raises LocalProtocolError."""
    side = responder.inner if isinstance(responder, FaultyResponder) else responder
    if not isinstance(side, Member):
        raise LocalProtocolError(f"{type(side).__name__} has no home in a ZigBee network")
    return side.pairing


class Unit:
    """An inverter on the air, `hops` hops away."""

    def __init__(self, inverter: Inverter, responder: Responder, network: Network, hops: int, seed: str) -> None:
        self.linked = True
        self.hops = hops
        self.pairing = membership_of(responder)
        self._responder = responder
        self._inverter = inverter
        self._network = network
        self._rng = Random(f"{seed}/{inverter.serial}/radio")
        self._lqi = self._rng.randint(*_LQI) - _LQI_PER_HOP * (hops - 1)

    @property
    def node(self) -> int:
        """Return the short address."""
        return self.pairing.node

    @property
    def listening(self) -> bool:
        """Tell whether its radio works: it lives on light."""
        return self.linked and self._inverter.awake(asyncio.get_running_loop().time())

    def is_for(self, message: Message) -> bool:
        """Tell whether a message of the coordinator is for this unit."""
        return self.pairing.hears(message, self._network.pan)

    async def said(self, message: Message) -> list[Message]:
        """Return what the unit says to a message, when it has thought about it."""
        await asyncio.sleep(self._rng.uniform(*UNIT_S))
        if not self.listening:
            return []
        now = asyncio.get_running_loop().time()
        return [heard for raw in self._responder.answer(datagram(message), now) for heard in self._as_heard(raw)]

    def _as_heard(self, raw: bytes) -> list[Message]:
        """Return an answer as the coordinator hears it; a damaged one does not get past the radio's checksum."""
        try:
            answer = content(raw)
        except RemoteProtocolError:
            return []
        if not isinstance(answer, Message):
            return []
        lqi = self._lqi + self._rng.randint(-_LQI_FADING, _LQI_FADING)
        return [Message(answer.node, answer.cluster, answer.data, min(max(lqi, 1), MOST_LQI), answer.scope)]
