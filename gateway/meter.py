"""What meters at the grid connection say, by gateway: only what is fresh counts."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

MAX_MEASURED = 4096  # bytes of what a meter says: chatty ones list every register they have
_SENSIBLE = {  # beyond any connection of a house
    "power_w": (-1e7, 1e7),
    "voltage_v": (0.0, 1000.0),
    "current_a": (-1e4, 1e4),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What a meter says: power from the grid in W, negative: to the grid; voltage and current where it says them."""

    power_w: float
    voltage_v: float | None = None
    current_a: float | None = None


def parse_measured(payload: bytes) -> Measured | None:
    """Read what a meter says: a number in W, or an object of which other keys do no harm; None without a power."""
    try:
        said = json.loads(payload) if len(payload) <= MAX_MEASURED else None
    except (ValueError, RecursionError):
        return None
    told = said if isinstance(said, dict) else {"power_w": said}
    numbers = {key: _sensible(told.get(key), *range_) for key, range_ in _SENSIBLE.items()}
    power_w = numbers.pop("power_w")
    return None if power_w is None else Measured(power_w, **numbers)


def _sensible(value: object, low: float, high: float) -> float | None:
    """Return a number that can be true; None for anything else, not a number included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= high else None


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
