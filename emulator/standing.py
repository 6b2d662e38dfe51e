"""One unit of a site on a real radio bridge, instead of a plant behind bridges of its own."""

from config.links import SerialBridgeLink
from config.plant import nodes
from config.site import Gateway, Site
from drivers.clock import Clock
from emulator.media import OWN_NODE
from emulator.media.serial_bridge.stand_in import StandIn
from emulator.site import Place, feeders, places, surroundings
from protocols.errors import ConfigError


def stand_in(site: Site, serial: str, url: str, clock: Clock, now: float) -> StandIn:
    """Return the unit with that serial, on the bridge at `url`; loop time is `now`.

    Raises ConfigError when the site has no such unit, or one that is not on the radio.
    """
    gateway, place = _place(site, serial, clock, now)
    if not isinstance(gateway.link, SerialBridgeLink):
        raise ConfigError(f"unit {serial}: only units behind a serial_bridge can stand in on a link")
    inverter = place.first_unit(serial)
    link = gateway.link.model_copy(update={"url": url})
    return StandIn(inverter, place.vendor.responder(inverter), link, nodes(gateway)[serial] or OWN_NODE)


def _place(site: Site, serial: str, clock: Clock, now: float) -> tuple[Gateway, Place]:
    around = surroundings(site, site.location, now=now, utc=clock.utc())
    for gateway in site.gateways:
        for _, each, place in places(gateway, feeders(gateway, around), around):
            if each == serial:
                return gateway, place
    raise ConfigError(f"there is no unit {serial!r} in the site")
