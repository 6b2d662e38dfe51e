"""How units that choose their own addresses are brought to a gateway, and found again when they have chosen anew."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from protocols.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Progress:
    """How far pairing is; `done` of `total` steps of a round, in the so manieth of `rounds`."""

    stage: Enum
    done: int
    total: int
    round: int
    rounds: int
    node: int | None


class Placed(Protocol):
    """A unit that has its place."""

    @property
    def node(self) -> int:
        """Return its address."""
        ...


class PairingExchange(Exchange[Placed], Protocol):
    """The conversation that pairs one unit; its failure says in words what to do."""

    @property
    def progress(self) -> Progress:
        """Return how far it is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingWays:
    """What a vendor's units understand. Both conversations are held with `everybody`, an address of the medium.

    `pair` brings a unit to the gateway: serial, what the gateway calls itself, addresses of other units. `find` asks
    where a unit of this gateway is, and makes sure that it is there: serial, what the gateway calls itself.
    """

    pair: Callable[[str, str, frozenset[int]], PairingExchange]
    find: Callable[[str, str], Exchange[int]]
    everybody: int
