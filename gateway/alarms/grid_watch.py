"""Alarms 2-6 of units that do not tell theirs: by the voltage and the frequency that they measure, against the profile.

A sample every half minute sees what lasts. A dip that the unit itself rode through may be seen, one that tripped it may
be missed, and the mean of ten minutes is not formed; so these alarms are marked `derived`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from config.grid_profile import GridProfileFile
from gateway.alarms.engine import Engine, Observation
from gateway.snapshot import InverterView
from protocols.points import HZ, LNV, Channel, Number, Point
from protocols.states import Quality

DERIVED = "derived"
OUTAGE = 2
_OUTAGE_SHARE = 0.2  # of nominal: below it there is no grid, only what it induces


@dataclass(frozen=True, slots=True)
class Limit:
    """Where an alarm begins; its row of the catalogue says on which side, and where it ends."""

    code: int
    point: Point
    value: float


class GridWatch:
    """Judges the units in `slots` by the mildest stages of a grid profile."""

    def __init__(self, engine: Engine, profile: GridProfileFile, slots: Collection[str]) -> None:
        self._engine = engine
        self.slots = frozenset(slots)
        volt, trip = profile.nominal.v_ln, profile.trip
        self._outage_v = _OUTAGE_SHARE * volt
        self._limits = (
            *(Limit(3, HZ, stage.hz) for stage in trip.lf[:1]),
            *(Limit(4, LNV, stage.v * volt / 100) for stage in trip.lv[:1]),
            *(Limit(5, LNV, stage.v * volt / 100) for stage in trip.hv[:1]),
            *(Limit(6, HZ, stage.hz) for stage in trip.hf[:1]),
        )

    def observe(self, view: InverterView) -> Iterator[Observation]:
        """Yield what a sample says; an outage is no undervoltage, and what is not measured is not judged."""
        slot = view.identity.slot
        if slot not in self.slots:
            return
        volt = _measured(view, LNV)
        outage = None if volt is None else volt < self._outage_v
        yield Observation(slot, OUTAGE, outage, DERIVED)
        for limit in self._limits:
            condition = self._engine.judge(slot, limit.code, _measured(view, limit.point), limit.value)
            yield Observation(slot, limit.code, False if outage else condition, DERIVED)


def _measured(view: InverterView, point: Point) -> float | None:
    value = view.values.get(Channel(point))
    return value if view.quality is Quality.GOOD and isinstance(value, Number) else None
