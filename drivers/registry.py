"""Media by name; a driver is imported when a site uses it."""

from collections.abc import Callable, Mapping
from importlib import import_module

from drivers.link import Link
from drivers.recording import Cutter
from drivers.transport import Opener
from protocols.errors import ConfigError

_LINKS = {"plc": ("drivers.plc.link", "PlcLink")}
_CUTTERS = {"plc": "drivers.plc.requests"}


def open_link(medium: str, name: str, settings: object, opener: Opener | None = None) -> Link:
    """Return the link `name` on a medium; it opens when it is run.

    `settings` is the driver's own class (for `plc`: drivers.plc.settings.PlcSettings). `opener` is asked for the far
    end instead of `drivers.stream`. Raises ConfigError for a medium that nobody drives.
    """
    if medium not in _LINKS:
        raise ConfigError(f"link {name}: no driver for the medium {medium!r}, there are {', '.join(sorted(_LINKS))}")
    module, driver = _LINKS[medium]
    link: Link = getattr(import_module(module), driver)(name, settings, opener=opener)
    return link


def cutter_of(medium: str, modem: str) -> Callable[[], Cutter]:
    """Return what makes a finder of requests in the bytes that go to a modem on a medium."""
    cutters: Mapping[str, Callable[[], Cutter]] = import_module(_CUTTERS[medium]).CUTTERS
    return cutters[modem]
