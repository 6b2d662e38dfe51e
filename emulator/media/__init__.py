"""Emulated media, one package each, found by the name of the medium: its `build` returns a gateway's medium."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from config.site import Gateway, Impairments
from emulator.host import Modem
from emulator.inverter import Inverter
from protocols.exchange import Responder

OWN_NODE = 0


class Node(Protocol):
    """A unit's side of a medium; `linked`: it is coupled. Without, it neither hears nor is heard."""

    linked: bool


class Medium(Protocol):
    """What one gateway and its units share.

    `modem` is the gateway's adapter, which serves its link; None where units reach the gateway by themselves.
    """

    modem: Modem | None

    def attach(self, inverter: Inverter, responder: Responder, node: int) -> Node:
        """Put a unit on the medium: what its protocol side answers goes out while it is awake.

        `node` is the address that the site file gives it, for media whose units do not get theirs by an exchange;
        OWN_NODE: the unit has one of its own.
        """
        ...

    def detach(self, node: Node) -> None:
        """Take a unit off the medium."""
        ...

    async def live(self) -> None:
        """Do what the medium does by itself until cancelled, as noise; return at once when that is nothing."""
        ...


class Build(Protocol):
    """Makes a gateway's medium; `seed` is its own. Raises ConfigError."""

    def __call__(self, gateway: Gateway, impairments: Impairments, seed: str) -> Medium:
        """Return the medium."""
        ...


def emulated() -> frozenset[str]:
    """Return the names of the media that there are."""
    return frozenset(module.name for module in iter_modules(__path__))


def medium_of(gateway: Gateway, impairments: Impairments, seed: str) -> Medium:
    """Return the medium behind a gateway's link. Raises ConfigError."""
    build: Build = import_module(f"{__name__}.{gateway.link.medium}").build
    return build(gateway, impairments, seed)
