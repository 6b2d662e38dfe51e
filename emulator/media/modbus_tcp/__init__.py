"""An address at which units answer Modbus TCP, each at its unit id."""

import asyncio
from dataclasses import dataclass

from config.links import ModbusTcpLink
from config.site import Gateway, Impairments
from drivers.stream import ByteStream
from emulator.host import Modem
from emulator.inverter import Inverter
from protocols.errors import LocalProtocolError
from protocols.exchange import Responder
from protocols.modbus import mbap

MOST_WAITING = 64  # requests that are being answered: a client that asks on without waiting loses the rest


@dataclass(slots=True, eq=False)
class Unit:
    """A unit's side of the address."""

    inverter: Inverter
    responder: Responder
    node: int
    linked: bool = True


class Hub(Modem):
    """The address. TCP lies below: nothing is lost, so there are no impairments here.

    A unit without light or without link is silent: what stands for it has no answer of its own.
    """

    def __init__(self, latency_s: float) -> None:
        super().__init__()
        self.modem: Modem | None = self
        self._latency_s = latency_s
        self._units: dict[int, Unit] = {}
        self._deframer = mbap.Deframer()
        self._waiting = 0

    def attach(self, inverter: Inverter, responder: Responder, node: int) -> Unit:
        """Let a unit answer at its node."""
        unit = Unit(inverter, responder, node)
        self._units[node] = unit
        return unit

    def detach(self, node: Unit) -> None:
        """Take a unit away."""
        if self._units.get(node.node) is node:
            del self._units[node.node]

    async def live(self) -> None:
        """Do nothing: it is asked."""

    async def serve(self, stream: ByteStream) -> None:
        """Serve one client until it is gone; what another has begun to say is forgotten."""
        self._deframer = mbap.Deframer()
        await super().serve(stream)

    def taken(self, chunk: bytes) -> None:
        """Answer requests; whoever does not speak Modbus TCP is no longer listened to until it connects anew."""
        for adu in self._deframer.feed(chunk):
            if self._waiting < MOST_WAITING:
                self._waiting += 1
                asyncio.get_running_loop().call_later(self._latency_s, self._answer, adu)
        if self._deframer.broken:
            self._deframer = mbap.Deframer()

    def _answer(self, adu: bytes) -> None:
        self._waiting -= 1
        unit, now = self._units.get(adu[mbap.HEADER - 1]), asyncio.get_running_loop().time()
        if unit is not None and unit.linked and unit.inverter.awake(now):
            for answer in unit.responder.answer(adu, now):
                self.port.put(answer)


def build(gateway: Gateway, impairments: Impairments, seed: str) -> Hub:  # noqa: ARG001 - TCP knows no impairments
    """Return the address behind a gateway's link."""
    if not isinstance(gateway.link, ModbusTcpLink):
        raise LocalProtocolError(f"gateway {gateway.id}: {gateway.link.medium} is no Modbus TCP")
    return Hub(gateway.link.latency_s)
