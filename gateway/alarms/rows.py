"""The journal's entries and the alarms' records as rows of the database, and back."""

import json
from dataclasses import asdict, fields
from enum import Enum
from typing import Any, TypeAlias

import structlog

from gateway.alarms.record import Record, Shelf, Transition
from gateway.alarms.sound import sound
from gateway.alarms.states import AlarmState, Stimulus, Suppression
from gateway.alarms.trip import Trip
from gateway.rows import AlarmRow, JournalRow

Entry: TypeAlias = Transition | Trip

TRIP = "record"  # kind of the entries that no stimulus made
_COLUMNS = frozenset({"seq", "ts", "subject", "code", "stimulus"})

_UNREADABLE = (KeyError, TypeError, ValueError, RecursionError)  # the last: brackets without end

_log = structlog.get_logger(__name__)


def journal_row(entry: Entry) -> JournalRow:
    """Return the row of an entry."""
    kind = entry.stimulus.value if isinstance(entry, Transition) else TRIP
    facts = {
        field.name: getattr(entry, field.name)
        for field in fields(entry)
        if field.name not in _COLUMNS and getattr(entry, field.name) != field.default
    }
    return JournalRow(entry.seq, round(entry.ts * 1000), entry.subject, entry.code, kind, _json(facts))


def entry(row: JournalRow) -> Entry | None:
    """Return the entry of a row; None for one that this version cannot read, which is logged."""
    try:
        return _entry(row, json.loads(row.facts))
    except _UNREADABLE as error:
        _log.error("alarm_event_unreadable", seq=row.seq, kind=row.kind, error=repr(error))
        return None


def _entry(row: JournalRow, facts: dict[str, Any]) -> Entry:
    facts |= {"seq": row.seq, "ts": row.ts_ms / 1000, "subject": row.subject, "code": row.code}
    if row.kind == TRIP:
        return sound(Trip(**facts))
    facts |= {name: AlarmState(facts[name]) for name in ("before", "state")}
    named = {"stimulus": Stimulus(row.kind), "suppression": Suppression(facts["suppression"])}
    return sound(Transition(**facts | named))


def alarm_row(record: Record) -> AlarmRow:
    """Return the row of a record."""
    return AlarmRow(record.subject, record.code, _json(asdict(record)))


def record(row: AlarmRow) -> Record | None:
    """Return the record of a row; None for one that this version cannot read, which is logged."""
    try:
        facts = json.loads(row.record)
        facts["state"] = AlarmState(facts["state"])
        facts["shelf"] = facts["shelf"] and Shelf(**facts["shelf"])
        facts["occurrences"] = tuple(facts["occurrences"])
        facts["escalated"] = tuple((tag, ts) for tag, ts in facts["escalated"])
        return sound(Record(**facts))
    except _UNREADABLE as error:
        _log.error("alarm_unreadable", subject=row.subject, code=row.code, error=repr(error))
        return None


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, separators=(",", ":"), default=_word, allow_nan=False)


def _word(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    raise TypeError(f"{value!r} is nothing for a row")
