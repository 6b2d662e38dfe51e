"""The emulated plant: serves the units behind each gateway's link."""

import asyncio
from collections.abc import Mapping

import structlog

from config.site import Gateway, Location, Site
from drivers.clock import Clock
from drivers.stream import Listener, listen
from emulator.host import Modem
from emulator.inverter import Inverter
from emulator.medium import Line
from emulator.modem import St7580Modem, TransparentModem
from emulator.site import inverters, profile_of, surroundings
from emulator.unit import Unit
from protocols.errors import ConfigError

_SERVED = "the emulator serves pty:, socket:// and mem:// links"

_log = structlog.get_logger()


class Plant:
    """All units of a site and the modems that stand for its gateways' links.

    `now` is the loop's time at which the units begin to live. `units` are by serial; `listeners`, by gateway, are
    there once `ready` is set. Raises ConfigError when a link cannot be served or a model is unknown.
    """

    def __init__(self, site: Site, location: Location, clock: Clock, now: float) -> None:
        around = surroundings(site, location, now=now, utc=clock.utc())
        self.ready = asyncio.Event()
        self.listeners: dict[str, Listener] = {}
        self._units: dict[str, Inverter] = {}
        self._lines: list[tuple[Gateway, Line, Modem]] = []
        for index, gateway in enumerate(site.gateways):
            _refuse_unserved(f"gateways[{index}].link.url", gateway.link.url)
            line = Line(gateway.link, site.emulation.impairments, f"{site.emulation.seed}/{gateway.id}")
            self._lines.append((gateway, line, _modem(gateway, line)))
            for inverter in inverters(site, gateway, around):
                self._units[inverter.serial] = inverter
                responder = profile_of(gateway).responder(inverter)
                Unit(line, inverter, responder, framed=gateway.link.modem == "st7580")

    @property
    def units(self) -> Mapping[str, Inverter]:
        """Return the units by serial, with all that is true of them."""
        return self._units

    async def serve(self) -> None:
        """Serve every link until cancelled; a link that a client leaves waits for the next."""
        try:
            for gateway, _, _ in self._lines:
                self.listeners[gateway.id] = await listen(gateway.link.url)
            self.ready.set()
            async with asyncio.TaskGroup() as tasks:
                for gateway, line, modem in self._lines:
                    tasks.create_task(line.make_noise())
                    tasks.create_task(_attend(self.listeners[gateway.id], modem))
        finally:
            for listener in self.listeners.values():
                listener.close()
            self.listeners.clear()
            self.ready.clear()


async def _attend(listener: Listener, modem: Modem) -> None:
    while True:
        stream = await listener.accept()
        _log.info("client connected", link=listener.url)
        try:
            await modem.serve(stream)
        finally:
            stream.close()
        _log.info("client gone", link=listener.url)


def _modem(gateway: Gateway, line: Line) -> Modem:
    match gateway.link.modem:
        case "transparent":
            return TransparentModem(line, echo=gateway.link.echo)
        case "st7580":
            return St7580Modem(line)


def _refuse_unserved(setting: str, url: str) -> None:
    if url.startswith("/dev/"):
        raise ConfigError(f"{setting}: {url} is real hardware; {_SERVED}")
    if url.startswith("replay://"):
        raise ConfigError(f"{setting}: {url} is a recording, which `run` replays without an emulator; {_SERVED}")
