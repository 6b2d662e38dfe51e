"""What the alarms know of the units themselves: who answers in a slot, and what its alarm records tell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.alarms.engine import Engine, Observation
from gateway.alarms.record import Moment, Transition
from gateway.alarms.rows import Entry
from gateway.alarms.trip import Sighting, Trip, trip
from gateway.rows import UnitRow
from gateway.snapshot import InverterView
from protocols.points import ALRM_SEQ, UP_TMS, Channel, Number

GATEWAY = "gateway"  # who does what nobody commanded


@dataclass(frozen=True, slots=True)
class News:
    """What a sample has brought beside its conditions; `unit` is the slot's row where it changed."""

    entries: list[Entry]
    unit: UnitRow | None


class Units:
    """Follows the units of all slots; `rows` are what an earlier run knew of them."""

    def __init__(self, engine: Engine, rows: dict[str, UnitRow]) -> None:
        self._engine = engine
        self._rows = rows
        self._clear_ts: dict[str, float] = {}  # when a slot's unit last had no records that we do not know

    def take(self, now: Moment, view: InverterView) -> News:
        """Take a sample that has not been taken before."""
        slot = view.identity.slot
        before = self._rows.get(slot)
        entries: list[Entry] = [*self._recognise(now, view)]
        trips = self._trips(now, view)
        texts = {event.alarm_code: event.cause or event.text for event in view.events}
        entries += trips
        entries += [moved for each in trips for moved in self._prove(now, each, texts.get(each.code))]
        after = self._rows[slot]
        return News(entries, None if after == before else after)

    def _recognise(self, now: Moment, view: InverterView) -> Iterable[Transition]:
        """Know again who answers; another unit, other firmware or another grid profile is judged anew."""
        who, known = view.identity, self._rows.get(view.identity.slot)
        if known is None or known.serial != who.serial:
            self._rows[who.slot] = UnitRow(who.slot, who.serial, who.firmware, who.grid_profile, None)
            return () if known is None else self._engine.replaced(now, who.slot, GATEWAY)
        firmware, profile = who.firmware or known.firmware, who.grid_profile or known.grid_profile
        self._rows[who.slot] = replace(known, firmware=firmware, grid_profile=profile)
        if known.firmware not in (None, firmware):
            return self._engine.replaced(now, who.slot, GATEWAY)
        if known.grid_profile not in (None, profile):
            return self._engine.reconfigured(now, who.slot, GATEWAY)
        return ()

    def _trips(self, now: Moment, view: InverterView) -> list[Trip]:
        """Return the entries for the unit's new alarm records."""
        who, uptime, newest = view.identity, view.values.get(_UPTIME), view.values.get(_NEWEST)
        ts = now.utc_s if view.ts is None else view.ts
        uptime_s = uptime if isinstance(uptime, Number) else None
        seen = Sighting(ts, uptime_s, self._clear_ts.get(who.slot))
        trips = [trip(self._engine.next_seq(), who.slot, who.serial, record, seen) for record in view.records]
        row = self._rows[who.slot]
        if isinstance(newest, int) and (trips or row.record_seq is None or not newest):
            row = replace(row, record_seq=trips[-1].record_seq if trips else newest)
            self._rows[who.slot] = row
        if row.record_seq == newest:
            self._clear_ts[who.slot] = ts
        return trips

    def _prove(self, now: Moment, noted: Trip, text: str | None) -> list[Transition]:
        """Raise the alarm of a record whose instant is known: the device has waited and confirmed for us."""
        row = self._engine.row(noted.subject, noted.code)
        if row is None or noted.crossed_ts is None:
            return []
        seen = Observation(noted.subject, noted.code, True, text, noted.crossed_ts)
        return [moved for _ in range(row.on_polls) for moved in self._engine.observe(now, seen)]


_UPTIME = Channel(UP_TMS)
_NEWEST = Channel(ALRM_SEQ)
