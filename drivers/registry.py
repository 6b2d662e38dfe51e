"""Media by name; a driver is imported when a site uses it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from typing import Any

from drivers.link import Link
from drivers.recording import Cutter
from drivers.redaction import Framing
from drivers.transport import Opener
from protocols.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """Where a medium's driver is found, each as module:name.

    `link` is its Link; `settings` the dataclass that it is made from; `transaction_s` returns the paper time of one
    transaction from settings, bytes of the request and bytes of each datagram of the answer; `cutter` returns from
    settings what makes a finder of requests in captured bytes. `last_node` is the highest address of a unit. `framing`
    returns from settings what makes a finder of whole frames, to redact captures. `opener` returns from settings what
    opens the far end, where that is not `drivers.stream`. `loses`: frames may be lost, damaged or out of order.
    """

    link: str
    settings: str
    transaction_s: str
    cutter: str
    last_node: int
    framing: str
    opener: str | None = None
    loses: bool = True


_STREAM = "drivers.stream:open_stream"
MEDIA = {
    "modbus_tcp": Medium(
        link="drivers.modbus_tcp.link:ModbusTcpLink",
        settings="drivers.modbus_tcp.settings:ModbusTcpSettings",
        transaction_s="drivers.modbus_tcp.timing:transaction_s",
        cutter="drivers.modbus_tcp.requests:cutter",
        last_node=247,  # Modbus: the highest address of a single device
        framing="drivers.modbus_tcp.framing:framing",
        loses=False,
    ),
    "plc": Medium(
        link="drivers.plc.link:PlcLink",
        settings="drivers.plc.settings:PlcSettings",
        transaction_s="drivers.plc.timing:transaction_s",
        cutter="drivers.plc.requests:cutter",
        last_node=247,  # Modbus: the highest address of a single device
        framing="drivers.plc.framing:framing",
    ),
    "serial_bridge": Medium(
        link="drivers.serial_bridge.link:BridgeLink",
        settings="drivers.serial_bridge.settings:BridgeSettings",
        transaction_s="drivers.serial_bridge.pace:transaction_s",
        cutter="drivers.serial_bridge.requests:cutter",
        last_node=0xFFFF_FFFF,  # four bytes of a serial
        framing="drivers.serial_bridge.framing:framing",
    ),
    "zigbee": Medium(
        link="drivers.zigbee.link:ZigbeeLink",
        settings="drivers.zigbee.settings:ZigbeeSettings",
        transaction_s="drivers.zigbee.timing:transaction_s",
        cutter="drivers.zigbee.requests:cutter",
        last_node=0xFFF7,  # above are broadcasts
        framing="drivers.zigbee.framing:framing",
    ),
    "nrf24": Medium(
        link="drivers.nrf24.bridge:link",
        settings="drivers.nrf24.settings:Nrf24Settings",
        transaction_s="drivers.nrf24.bridge:transaction_s",
        cutter="drivers.nrf24.bridge:cutter",
        framing="drivers.nrf24.bridge:framing",
        opener="drivers.nrf24.bridge:opener_of",
        last_node=0xFFFF_FFFF,
    ),
}


def settings_of(medium: str, section: object, host: str = "", **own: object) -> object:
    """Return a driver's settings, each taken from the attribute of the same name. Raises ConfigError.

    `host`, what the gateway calls itself on the medium, is for drivers that have a setting of that name; `own` are
    settings that stand in no site file.
    """
    form = _found(_medium(medium).settings)
    names = [field.name for field in fields(form) if field.name == "host" or hasattr(section, field.name)]
    return form(**{name: host if name == "host" else getattr(section, name) for name in names}, **own)


def open_link(medium: str, name: str, settings: object, opener: Opener | None = None) -> Link:
    """Return the link `name` on a medium; it opens when it is run.

    `settings` is the driver's own class. `opener` is asked for the far end instead of `drivers.stream`. Raises
    ConfigError for a medium that nobody drives.
    """
    link: Link = _found(_medium(medium).link)(name, settings, opener=opener)
    return link


def transaction_s(medium: str, settings: object, request_bytes: int, answers: Sequence[int]) -> float:
    """Return the paper time of a request and its answer, s; `answers` are the bytes of each datagram of it."""
    seconds: float = _found(_medium(medium).transaction_s)(settings, request_bytes, answers)
    return seconds


def cutter_of(medium: str, settings: object) -> Callable[[], Cutter]:
    """Return what makes a finder of requests in the bytes that go to a medium's adapter."""
    cutter: Callable[[], Cutter] = _found(_medium(medium).cutter)(settings)
    return cutter


def framing_of(medium: str, settings: object) -> Callable[[], Framing]:
    """Return what makes a finder of frames in one direction of a link."""
    framing: Callable[[], Framing] = _found(_medium(medium).framing)(settings)
    return framing


def opener_of(medium: str, settings: object) -> Opener:
    """Return what opens a medium's far end."""
    place = _medium(medium).opener
    opener: Opener = _found(_STREAM) if place is None else _found(place)(settings)
    return opener


def loses(medium: str) -> bool:
    """Tell whether frames may be lost, damaged or out of order on a medium."""
    return _medium(medium).loses


def last_node(medium: str) -> int:
    """Return the highest address that a unit can have on a medium."""
    return _medium(medium).last_node


def _medium(name: str) -> Medium:
    if name not in MEDIA:
        raise ConfigError(f"no driver for the medium {name!r}, there are {', '.join(sorted(MEDIA))}")
    return MEDIA[name]


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
