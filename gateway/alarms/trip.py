"""What a device noted when one of its protection stages acted, with its instants in UTC. Pure."""

from dataclasses import dataclass

from protocols.events import AlarmRecord

SLACK_S = 5.0  # by which a unit's own clock, and our reading of it, may be off between two polls


@dataclass(frozen=True, slots=True)
class Trip:
    """One alarm record, taken from the unit at `ts` (UTC, s): an entry of the journal.

    `crossed_ts` and `opened_ts` are when the limit was crossed and the relay was open, None where nobody can tell:
    the unit's uptime has begun anew since.
    """

    seq: int
    ts: float
    subject: str
    code: int
    serial: str
    record_seq: int
    stage: int
    extreme: float
    crossed_ms: int
    opened_ms: int
    crossed_ts: float | None = None
    opened_ts: float | None = None

    @property
    def id(self) -> str:
        """Return a name that the record bears however often it is read."""
        return f"{self.serial}-{self.record_seq}-{self.opened_ms}"


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a unit told its uptime (UTC, s), None where it did not; and when it had no such records yet, if known."""

    ts: float
    uptime_s: float | None
    clear_ts: float | None


def trip(seq: int, subject: str, serial: str, record: AlarmRecord, seen: Sighting) -> Trip:
    """Return the entry for a record; its instants are believed if they fall between two sightings of the unit."""
    booted_ts = None if seen.uptime_s is None else seen.ts - seen.uptime_s
    opened_ts = None if booted_ts is None else booted_ts + record.opened_ms / 1000
    early = -SLACK_S if seen.clear_ts is None else seen.clear_ts - SLACK_S
    known = booted_ts is not None and opened_ts is not None and early <= opened_ts <= seen.ts + SLACK_S
    return Trip(
        seq=seq,
        ts=seen.ts,
        subject=subject,
        code=record.code,
        serial=serial,
        record_seq=record.seq,
        stage=record.stage,
        extreme=record.extreme,
        crossed_ms=record.crossed_ms,
        opened_ms=record.opened_ms,
        crossed_ts=booted_ts + record.crossed_ms / 1000 if known and booted_ts is not None else None,
        opened_ts=opened_ts if known else None,
    )
