"""What was seen in a run, in order, by the seconds since it began: all that a verdict may rest on."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_HEARD = 400_000  # messages: twenty units polled once a minute say 200 000 in a day
MAX_FRAMES = 20_000  # of the wire, the newest
MAX_POINTS = 4_000  # of one series, and there are three a unit


@dataclass(frozen=True, slots=True)
class Heard:
    """A message on MQTT; the topic is below BASE/SITE/."""

    at_s: float
    topic: str
    payload: bytes

    def said(self) -> Any:
        """Return its JSON; None when it is none, or cleared."""
        try:
            return json.loads(self.payload)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes that passed a link; inbound: to the gateway."""

    at_s: float
    gateway: str
    inbound: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Lamp:
    """What the lamp of a slot showed, when it was seen to change."""

    at_s: float
    slot: str
    shows: str


@dataclass(frozen=True, slots=True)
class Deed:
    """An event that was done."""

    id: str
    at_s: float
    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the observer heard nothing of the broker."""

    from_s: float
    to_s: float


@dataclass(slots=True)
class Trace:
    """The run. `series` are measurements by name, `lamps_seen`: somebody looks at the lamps."""

    heard: list[Heard] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)
    lamps_seen: bool = False
    gaps: list[Gap] = field(default_factory=list)
    frames: deque[Frame] = field(default_factory=lambda: deque(maxlen=MAX_FRAMES))
    series: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    overflown: bool = False
    ended_s: float = 0.0
    _by_topic: dict[str, list[Heard]] = field(default_factory=dict)

    def hear(self, message: Heard) -> None:
        """Take a message; beyond the cap nothing more is kept, and nothing can be concluded."""
        if len(self.heard) >= MAX_HEARD:
            self.overflown = True
            return
        self.heard.append(message)
        self._by_topic.setdefault(message.topic, []).append(message)

    def measure(self, name: str, at_s: float, value: float) -> None:
        """Add a point to a series; a full one keeps what it has."""
        points = self.series.setdefault(name, [])
        if len(points) < MAX_POINTS:
            points.append((at_s, value))

    def on(self, topic: str) -> list[Heard]:
        """Return what was said on a topic."""
        return self._by_topic.get(topic, [])

    def below(self, ending: str) -> Iterator[Heard]:
        """Yield what was said on topics that end so, in order."""
        return (each for each in self.heard if each.topic.endswith(ending))

    def last_frames(self, until_s: float, most: int) -> list[Frame]:
        """Return the newest frames up to an instant."""
        return [frame for frame in self.frames if frame.at_s <= until_s][-most:]

    def spoke(self, from_s: float, to_s: float) -> bool:
        """Tell whether anything was heard between two instants."""
        return any(from_s <= each.at_s <= to_s for each in self.heard)

    def deaf(self, from_s: float, to_s: float) -> bool:
        """Tell whether the observer was deaf at some time between two instants."""
        return self.overflown or any(gap.from_s < to_s and from_s < gap.to_s for gap in self.gaps)
