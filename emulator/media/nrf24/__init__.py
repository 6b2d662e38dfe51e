"""The air around an nRF24L01+ on SPI: that of a bridge, which a pty, a socket or a pipe has in the radio's place."""

from config.links import Nrf24Link, SerialBridgeLink
from config.site import Gateway, Impairments
from emulator.media.serial_bridge import RadioMedium
from protocols.errors import LocalProtocolError


def build(gateway: Gateway, impairments: Impairments, seed: str) -> RadioMedium:
    """Return the air behind a gateway's link."""
    if not isinstance(gateway.link, Nrf24Link):
        raise LocalProtocolError(f"gateway {gateway.id}: {gateway.link.medium} is no radio on SPI")
    return RadioMedium(SerialBridgeLink(url=gateway.link.url, radio="nrf24"), impairments, seed)
