"""One answer of a device, decoded."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.events import AlarmRecord, Event
from protocols.points import Channel, Number, Point, Value
from protocols.states import InvSt


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of one instant from one inverter.

    `at` is loop time in seconds. `values` holds only what the device sent; None means that it said "not available".
    `records` are the alarm records that are new since the reading before, oldest first.
    """

    serial: str
    at: float
    values: Mapping[Channel, Value]
    state: InvSt | None = None
    events: frozenset[Event] = frozenset()
    records: tuple[AlarmRecord, ...] = ()

    def number(self, point: Point, port: int = 0) -> Number | None:
        """Return the value of a channel as a number, None where it is absent or a text."""
        value = self.values.get(Channel(point, port))
        return None if isinstance(value, str) else value
