"""The alarm catalogue as rows, for tables and JSON alike."""

from dataclasses import dataclass

from config.alarms import AlarmDef, Catalogue, Escalation, Scope


@dataclass(frozen=True, slots=True)
class EscalationRow:
    """Whom to call, when, and with which words."""

    call: str
    when: str
    count: int
    within_s: float
    standing_s: float | None
    scope: str
    advice: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm."""

    code: int
    name: str
    level: str
    priority: str
    latching: str
    acknowledge: bool
    led: str | None
    cause: str
    consequence: str
    remedy: str
    escalation: tuple[EscalationRow, ...]
    source: str


def alarm_rows(catalogue: Catalogue) -> list[AlarmRow]:
    """Return every alarm of a catalogue."""
    return [_row(alarm) for alarm in catalogue.alarms]


def _row(alarm: AlarmDef) -> AlarmRow:
    return AlarmRow(
        code=alarm.code,
        name=alarm.name,
        level=alarm.level.value,
        priority=alarm.priority.value,
        latching=alarm.latching.value,
        acknowledge=alarm.ack,
        led=alarm.led,
        cause=alarm.cause,
        consequence=alarm.consequence,
        remedy=alarm.remedy,
        escalation=tuple(_rule(rule) for rule in alarm.escalation),
        source=alarm.source,
    )


def _rule(rule: Escalation) -> EscalationRow:
    return EscalationRow(
        call=rule.call.value,
        when=_when(rule),
        count=rule.count,
        within_s=rule.within_s,
        standing_s=rule.standing_s,
        scope=rule.scope.value,
        advice=rule.advice,
    )


def _when(rule: Escalation) -> str:
    """Return in words what a rule waits for."""
    if rule.standing_s is not None:
        words = f"it stands for {_time(rule.standing_s)}"
    elif rule.count == 1:
        words = f"it is raised, at most once in {_time(rule.within_s)}"
    else:
        words = f"it is raised {rule.count} times in {_time(rule.within_s)}"
    match rule.scope:
        case Scope.ALONE:
            words += ", on few units of the branch"
        case Scope.SHARED:
            words += ", on many units of the branch"
        case Scope.ANY:
            pass
    return words if rule.cause is None else f"{words}, with the cause {rule.cause}"


def _time(seconds: float) -> str:
    if seconds > 86_400:
        return f"{seconds / 86_400:g} days"
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"
