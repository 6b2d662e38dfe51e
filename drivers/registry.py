"""Media by name; a driver is imported when a site uses it."""

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from drivers.link import Link
from protocols.errors import ConfigError

OnChange: TypeAlias = Callable[[bool, str | None], None]  # up, and why not

_LINKS = {"plc": ("drivers.plc.link", "PlcLink")}


def open_link(medium: str, name: str, settings: object, on_change: OnChange | None = None) -> Link:
    """Return the link `name` on a medium; it opens when it is run.

    `settings` is the driver's own class (for `plc`: drivers.plc.settings.PlcSettings). Raises ConfigError for a medium
    that nobody drives.
    """
    if medium not in _LINKS:
        raise ConfigError(f"link {name}: no driver for the medium {medium!r}, there are {', '.join(sorted(_LINKS))}")
    module, driver = _LINKS[medium]
    link: Link = getattr(import_module(module), driver)(name, settings, on_change=on_change)
    return link
