"""What a measure yields: figures, each with its bar and what the best of others reach."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Figure: TypeAlias = float | Mapping[str, float]
Figures: TypeAlias = Mapping[str, Figure]
Result: TypeAlias = tuple[dict[str, Figure], dict[str, object]]  # and details


class MeasureFailedError(Exception):
    """A measure came to no result."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure must reach: at most `most`, at least `least`; with neither it is only shown."""

    name: str
    others: str
    most: float | None = None
    least: float | None = None

    @property
    def text(self) -> str:
        """Return the bar in words."""
        if self.most is not None:
            return f"≤ {self.most:g}"
        return "shown" if self.least is None else f"≥ {self.least:g}"

    def met(self, figure: Figure) -> bool:
        """Tell whether a figure, or each part of it, reaches the bar."""
        return all(self._met(part) for part in parts(figure).values())

    def _met(self, value: float) -> bool:
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)


@dataclass(frozen=True, slots=True)
class Measure:
    """What yields the figures of `bars`, given a folder of its own and the broker's port.

    `usual_s` is for the progress bar; after three times as long it has failed.
    """

    name: str
    run: Callable[[Path, int], Awaitable[Result]]
    usual_s: float
    bars: tuple[Bar, ...]


def parts(figure: Figure) -> Mapping[str, float]:
    """Return the parts of a figure by name; a plain figure is one part without a name."""
    return figure if isinstance(figure, Mapping) else {"": figure}


def missed(bars: Iterable[Bar], figures: Figures) -> list[str]:
    """Return the names of the figures that miss their bars."""
    return [bar.name for bar in bars if bar.name in figures and not bar.met(figures[bar.name])]
