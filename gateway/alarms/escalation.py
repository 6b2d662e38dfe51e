"""Whom to call when an alarm occurs frequently, or stands too long."""

from collections.abc import Iterator

from config.alarms import AlarmDef, Escalation, Scope
from gateway.alarms.record import Record
from gateway.alarms.states import ACTIVE, Suppression

NEVER = float("-inf")


def waiting(row: AlarmDef, record: Record) -> Iterator[Escalation]:
    """Yield the rules that only time keeps from calling: the alarm must stand for their `standing_s`."""
    for rule in _open(row, record):
        if rule.standing_s is not None and _called_ts(record, rule) < (record.raised_ts or 0.0):
            yield rule


def frequent(row: AlarmDef, record: Record, utc_s: float) -> Iterator[Escalation]:
    """Yield the rules whose count of raises is reached, whatever their scope; each calls once per its window."""
    for rule in _open(row, record):
        begin = utc_s - rule.within_s
        if rule.standing_s is None and record.raises(begin) >= rule.count and _called_ts(record, rule) <= begin:
            yield rule


def in_scope(rule: Escalation, showing: int, units: int, shared_at: float) -> bool:
    """Tell whether a rule applies when `showing` of the branch's `units` have the alarm."""
    alone = showing <= 1 or showing < shared_at * units
    return rule.scope is Scope.ANY or (rule.scope is Scope.ALONE) is alone


def _open(row: AlarmDef, record: Record) -> Iterator[Escalation]:
    if record.state in ACTIVE and record.suppression is Suppression.NONE:
        yield from (rule for rule in row.escalation if rule.cause in (None, record.cause))


def _called_ts(record: Record, rule: Escalation) -> float:
    return dict(record.escalated).get(rule.tag, NEVER)
