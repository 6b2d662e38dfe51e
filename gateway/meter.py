"""What meters at the grid connection say, by gateway: only what is fresh counts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """What a meter says: power from the grid in W, negative: to the grid; voltage and current where it says them."""

    power_w: float
    voltage_v: float | None = None
    current_a: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a gateway's meter says it, and from which age on that means nothing any more."""

    topic: str
    stale_s: float


class Meters:
    """The meters of a site by gateway; keeps the last of each topic, so there is nothing to fill up."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._said: dict[str, tuple[float, Measured]] = {}
        self.topics = frozenset(source.topic for source in sources.values())

    def put(self, topic: str, measured: Measured) -> None:
        """Note what was said just now on one of `topics`."""
        self._said[topic] = asyncio.get_running_loop().time(), measured

    def at(self, gateway: str) -> Measured | None:
        """Return what the meter of a gateway says; None without a meter, and once it has been silent for too long."""
        source = self._sources.get(gateway)
        said = None if source is None else self._said.get(source.topic)
        if source is None or said is None:
            return None
        since, measured = said
        return measured if asyncio.get_running_loop().time() - since < source.stale_s else None
