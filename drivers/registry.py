"""Media by name; a driver is imported when a site uses it."""

from importlib import import_module

from drivers.link import Link
from protocols.errors import ConfigError

_LINKS = {"plc": ("drivers.plc.link", "PlcLink")}


def open_link(medium: str, name: str, settings: object) -> Link:
    """Return the link `name` on a medium; it opens when it is run.

    `settings` is the driver's own class (for `plc`: drivers.plc.settings.PlcSettings). Raises ConfigError for a medium
    that nobody drives.
    """
    if medium not in _LINKS:
        raise ConfigError(f"link {name}: no driver for the medium {medium!r}, there are {', '.join(sorted(_LINKS))}")
    module, driver = _LINKS[medium]
    link: Link = getattr(import_module(module), driver)(name, settings)
    return link
