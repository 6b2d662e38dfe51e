"""The table of all fuzz targets."""

from functools import cache

from tests.fuzz import bridges, coordinators, faces, files, found, links, messages, stored
from tests.fuzz.target import Target


@cache
def every_target() -> dict[str, Target]:
    """Return all targets by name, those that nobody has to list among them."""
    listed = (
        *links.targets(),
        *bridges.targets(),
        *coordinators.targets(),
        *messages.targets(),
        *faces.targets(),
        *files.targets(),
        *stored.targets(),
    )
    discovered = (*found.deframers(), *found.functions(), *found.layouts(), *found.vendors())
    table = {target.name: target for target in (*listed, *discovered)}
    if len(table) != len(listed) + len(discovered):
        raise AssertionError("two targets of one name")
    return table
