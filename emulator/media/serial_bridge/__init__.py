"""The air around a radio bridge, with an inverter's radio for each unit."""

from functools import partial

from config.links import SerialBridgeLink
from config.site import Gateway, Impairments
from emulator.host import Modem
from emulator.inverter import Inverter
from emulator.media.serial_bridge.air import Air
from emulator.media.serial_bridge.bridge import Bridge
from emulator.media.serial_bridge.radios import CmtRadio, NrfRadio
from emulator.media.serial_bridge.unit import CmtUnit, NrfUnit, Unit
from protocols.errors import LocalProtocolError
from protocols.exchange import Responder


class RadioMedium:
    """The air of one gateway; its units have the radio that its bridge has."""

    def __init__(self, link: SerialBridgeLink, impairments: Impairments, seed: str) -> None:
        self.air = Air(impairments, seed)
        self.link = link
        self._seed = seed
        self.modem: Modem | None = bridge(link, self.air)

    def attach(self, inverter: Inverter, responder: Responder, node: int) -> Unit:
        """Put a unit on the air."""
        unit = self._unit(inverter, responder, node)
        self.air.join(unit)
        return unit

    def _unit(self, inverter: Inverter, responder: Responder, node: int) -> Unit:
        match self.link.radio:
            case "nrf24":
                return NrfUnit(self.air, inverter, responder, node, self._seed)
            case "cmt2300a":
                return CmtUnit(self.air, inverter, responder, self.link.band, self._seed)

    def detach(self, node: Unit) -> None:
        """Take a unit off the air."""
        self.air.leave(node)

    async def live(self) -> None:
        """Do nothing: noise does not get past a radio's own checksum."""


def bridge(link: SerialBridgeLink, air: Air) -> Bridge:
    """Return a bridge on the air, as a link describes it."""
    match link.radio:
        case "nrf24":
            return Bridge(partial(NrfRadio, air), stuffed=link.stuffed)
        case "cmt2300a":
            return Bridge(lambda host: CmtRadio(air, host, link.channel), stuffed=link.stuffed)


def build(gateway: Gateway, impairments: Impairments, seed: str) -> RadioMedium:
    """Return the air behind a gateway's link."""
    if not isinstance(gateway.link, SerialBridgeLink):
        raise LocalProtocolError(f"gateway {gateway.id}: {gateway.link.medium} is no radio bridge")
    return RadioMedium(gateway.link, impairments, seed)
