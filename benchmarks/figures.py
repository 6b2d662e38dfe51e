"""The figures, their bars, and what the best of others reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Figure: TypeAlias = float | Mapping[str, float]
Figures: TypeAlias = Mapping[str, Figure]


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


BARS = (
    Bar("link_efficiency", "0.0005 - 0.42", least=0.90),
    Bar("cpu_per_poll_ratio", "7 - 95", most=3),
    Bar("cpu_per_poll_us", ""),
    Bar("rss_idle_mib", "28 - 73 for 20", most=50),
    Bar("rss_100_mib", "28 - 73 for 20", most=60),
    Bar("start_cpu_s", "0.3 - 3", most=0.4),
    Bar("virtual_day_s", "nobody does it", most=12),
    Bar("emulated_units_realtime", "32", least=1000),
    Bar("rss_growth_mib", "776", most=1),
    Bar("face_poll_share", "", least=0.98),
    Bar("face_us_per_read", ""),
)


def parts(figure: Figure) -> Mapping[str, float]:
    """Return the parts of a figure by name; a plain figure is one part without a name."""
    return figure if isinstance(figure, Mapping) else {"": figure}


def missed(figures: Figures) -> list[str]:
    """Return the names of the figures that miss their bars."""
    return [bar.name for bar in BARS if bar.name in figures and not bar.met(figures[bar.name])]
