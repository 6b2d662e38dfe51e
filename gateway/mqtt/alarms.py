"""What is said of alarms: the list of a subject, each event once, the answer to an operator. Pure."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from config.alarms import AlarmDef, Catalogue, Escalation
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Command
from gateway.alarms.derive import is_faulty
from gateway.alarms.engine import Standing
from gateway.alarms.record import Transition
from gateway.alarms.reset import Answer
from gateway.alarms.rows import TRIP, Entry
from gateway.alarms.service import Summary
from gateway.alarms.states import ACTIVE, LATCHED, Stimulus
from gateway.alarms.trip import Trip
from gateway.mqtt.payloads import Json, Refusal, response, stamp


class Journal(Protocol):
    """The events that the broker has not acknowledged."""

    async def next(self) -> Entry:
        """Return the oldest of them, once there is one."""
        ...

    def told(self, entry: Entry) -> None:
        """Take note that the broker has acknowledged it."""
        ...


class Alarms(Protocol):
    """What the bridge needs of the alarms."""

    @property
    def catalogue(self) -> Catalogue:
        """Return which alarms there are."""
        ...

    @property
    def subjects(self) -> Sequence[str]:
        """Return all that alarms can belong to."""
        ...

    @property
    def journal(self) -> Journal:
        """Return what happened to alarms."""
        ...

    def standing(self, subject: str) -> Sequence[Standing]:
        """Return the alarms of a subject that are not back to normal, urgent ones first."""
        ...

    def summary(self) -> Summary:
        """Return the site in a few words."""
        ...

    def row(self, subject: str, code: int) -> AlarmDef | None:
        """Return the row of the catalogue that an alarm lives by."""
        ...

    def command(self, command: Command) -> "asyncio.Future[Answer]":
        """Do what an operator asks."""
        ...


def alarm(standing: Standing) -> Json:
    """Return one alarm.

    `shown` and not back to normal is what an operator should look at; whatever is hidden is listed, with the reason.
    """
    row, record, shelf = standing.row, standing.record, standing.record.shelf
    return {
        "code": row.code,
        "name": row.name,
        "priority": row.priority.value,
        "state": record.state.value,
        "active": record.state in ACTIVE,
        "latched": record.state in LATCHED or record.locked_out,
        "shown": is_faulty(standing),
        "suppression": record.suppression.value,
        "suppressed_by": record.removed_by or (shelf.owner if shelf else record.hidden_by),
        "suppressed_until": stamp(shelf.until_ts if shelf else None),
        "uncertain": standing.uncertain,
        "cause": record.cause,
        "raised": stamp(record.raised_ts),
        "since": stamp(record.since),
        "cleared": stamp(record.cleared_ts),
        "acknowledged": stamp(record.acked_ts),
        "acknowledged_by": record.acked_by,
        "first_out": record.first_out,
        "count": record.count,
    }


def alarms(standing: Iterable[Standing]) -> list[Json]:
    """Return the list of a subject."""
    return [alarm(each) for each in standing]


def event(entry: Entry, row: AlarmDef | None) -> Json:
    """Return an entry of the journal; its id is the same however often it is delivered."""
    return {
        "id": entry.id,
        "ts": stamp(entry.ts),
        "subject": entry.subject,
        "code": entry.code,
        "name": row.name if row else None,
        **(_trip(entry, row) if isinstance(entry, Trip) else _transition(entry, row)),
    }


def _transition(row: Transition, definition: AlarmDef | None) -> Json:
    call = _called(row, definition)
    return {
        "kind": row.stimulus.value,
        "priority": definition.priority.value if definition else None,
        "before": row.before.value,
        "state": row.state.value,
        "suppression": row.suppression.value,
        "cause": row.cause,
        "since": stamp(row.since),
        "first_out": row.first_out,
        "count": row.count,
        "chatter": row.chatter,
        "by": row.actor,
        "detail": row.detail,
        "until": stamp(row.until_ts),
        "call": call.call.value if call else None,
        "advice": call.advice if call else None,
    }


def _called(row: Transition, definition: AlarmDef | None) -> Escalation | None:
    """Return the rule by which somebody is to be called."""
    rules = definition.escalation if definition and row.stimulus is Stimulus.ESCALATE else ()
    return next((rule for rule in rules if rule.tag == row.detail), None)


def _trip(row: Trip, definition: AlarmDef | None) -> Json:
    deadband = definition.deadband if definition else None
    return {
        "kind": TRIP,
        "serial": row.serial,
        "record": row.record_seq,
        "stage": row.stage,
        "extreme": row.extreme,
        "unit": deadband.unit if deadband else None,
        "crossed": stamp(row.crossed_ts),
        "opened": stamp(row.opened_ts),
        "crossed_ms": row.crossed_ms,
        "opened_ms": row.opened_ms,
    }


def answer(came_of_it: Answer, transaction: str | int | None) -> Json:
    """Return the envelope of the answer to an operator."""
    if isinstance(came_of_it, Refused):
        return response(Refusal(came_of_it.code, came_of_it.reason), transaction)
    return response(alarm(came_of_it), transaction)
