"""Finds the module of a face by its kind, so that a plant without faces pays nothing for them."""

from collections.abc import Mapping
from importlib import import_module
from typing import Protocol

from config.faces import Face
from config.site import Site
from gateway.faces.desk import Desk


class Server(Protocol):
    """A face at work."""

    async def run(self) -> None:
        """Serve until cancelled; raises ConfigError when the port cannot be had."""
        ...

    def condition(self) -> Mapping[str, float]:
        """Return the counters, for `bridge/health`."""
        ...


def servers(site: Site, desk: Desk) -> dict[str, Server]:
    """Return the faces of a site by their places in the site file. Build them inside the running loop."""
    return {f"faces[{index}]": _server(face, site, desk, f"faces[{index}]") for index, face in enumerate(site.faces)}


def _server(face: Face, site: Site, desk: Desk, name: str) -> Server:
    found: Server = import_module(f"gateway.faces.{face.kind}").serve(face, site, desk, name)
    return found
