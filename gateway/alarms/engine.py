"""All alarms of a site: follows conditions, and lets alarms hide, stand for and come before each other."""

from dataclasses import dataclass
from typing import NamedTuple

from config.alarms import AlarmDef, Catalogue, Latching, Level
from gateway.alarms.alarm import Alarm, Refused
from gateway.alarms.command import Command, obey
from gateway.alarms.escalation import in_scope
from gateway.alarms.first_out import FirstOuts, Lead
from gateway.alarms.groups import Grouping
from gateway.alarms.hiding import Hiding
from gateway.alarms.load import AlarmLoad, Flood, measure
from gateway.alarms.plant import Plant
from gateway.alarms.record import MAX_TEXT, Moment, Record, Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression


class Observation(NamedTuple):
    """What is known of one condition; `since`: when the device noticed it (UTC, s), if it told."""

    subject: str
    code: int
    condition: bool | None
    cause: str | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state of an engine; `seq` is the number of the last transition in it."""

    seq: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """One alarm as it is shown: its row, what is kept of it, and whether its condition is known at present."""

    row: AlarmDef
    record: Record
    uncertain: bool


class Engine:
    """Turns observations into transitions, each edge into exactly one.

    Whoever calls arms one timer for `next_deadline` and calls `tick` then. To rebuild after a restart: `restore` a
    snapshot, then `resume`; only then observe.
    """

    def __init__(self, catalogue: Catalogue, plant: Plant) -> None:
        self.catalogue = catalogue
        self._plant = plant
        self._rows = catalogue.by_code()
        self._notices = _notices(catalogue)
        self._alarms: dict[str, dict[int, Alarm]] = {}
        self._dark: set[str] = set()
        self._hiding = Hiding(catalogue, plant, self._found, self._dark)
        self._groups = Grouping(catalogue.groups, plant, self._found, self._dark)
        self._first_outs = FirstOuts(catalogue.first_out)
        self._flood = Flood(catalogue.load)
        self._seq = 0

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return all that alarms can belong to."""
        return self._plant.subjects

    def row(self, subject: str, code: int) -> AlarmDef | None:
        """Return the row of an alarm; None where the plant has no such subject, or the subject no such alarm."""
        level, row = self._plant.level(subject), self._rows.get(code)
        if row is None or level is None:
            return None
        return row if row.level is level else self._notices.get(code) if level is Level.BRANCH else None

    def observe(self, now: Moment, *observations: Observation) -> tuple[Transition, ...]:
        """Take in what is known now; what one poll tells belongs into one call.

        Raises LookupError for alarms that are not, or that only the grouping rules raise.
        """
        for seen in observations:
            if (seen.subject, seen.code) in self._groups.targets:
                raise LookupError(f"{seen.subject} {seen.code} is not observed: it follows from its units")
        return self._settle(now, {seen.subject for seen in observations if self._note(now, seen)})

    def dark(self, now: Moment, subject: str, *, is_dark: bool) -> tuple[Transition, ...]:
        """Take in whether a unit has no light: its silence is explained then."""
        if is_dark is (subject in self._dark):
            return ()
        self._dark ^= {subject}
        return self._settle(now, {subject})

    def tick(self, now: Moment) -> tuple[Transition, ...]:
        """Make the transitions that time has brought about."""
        late = {
            subject
            for subject, alarms in self._alarms.items()
            if any((due := alarm.next_deadline()) is not None and due <= now.loop_s for alarm in alarms.values())
        }
        return self._settle(now, late)

    def next_deadline(self) -> float | None:
        """Return the loop time of the next `tick` that will do something, None if only an observation can."""
        dues = (alarm.next_deadline() for alarms in self._alarms.values() for alarm in alarms.values())
        return min((due for due in dues if due is not None), default=None)

    def command(self, now: Moment, command: Command) -> tuple[Transition, ...] | Refused:
        """Do what an operator asks, or say why not."""
        if not 0 < len(command.by) <= MAX_TEXT:
            return Refused("out_of_range", f"say who you are, in at most {MAX_TEXT} characters")
        if self.row(command.subject, command.code) is None:
            return Refused("unknown_target", f"{command.subject} has no alarm {command.code}")
        match obey(self._alarm(command.subject, command.code), now, command):
            case Refused() as refused:
                return refused
            case Transition() as row:
                return (row, *self._settle(now, {command.subject}))

    def judge(self, subject: str, code: int, value: float | None, limit: float) -> bool | None:
        """Return the condition that a measured value amounts to, by the deadband of its row; None without a value."""
        row, alarm = self.row(subject, code), self._found(subject, code)
        if row is None or row.deadband is None:
            raise LookupError(f"{subject} has no alarm {code} with a deadband")
        before = alarm is not None and alarm.condition
        return None if value is None else row.deadband.holds(value, limit, before=before)

    def day_start(self, now: Moment, subject: str) -> tuple[Transition, ...]:
        """Open the latches of a unit that wait for the next day; call after the observations of the same poll."""
        rows = [alarm.day_start(now) for alarm in self._alarms_of(subject)]
        return self._with(now, subject, [row for row in rows if row is not None])

    def reconfigured(self, now: Moment, subject: str, actor: str) -> tuple[Transition, ...]:
        """Judge a unit anew: its grid profile was changed."""
        raised = [alarm for alarm in self._alarms_of(subject) if alarm.record.state is not AlarmState.NORM]
        return self._with(now, subject, [alarm.step(Stimulus.RECONFIGURED, now, actor=actor) for alarm in raised])

    def replaced(self, now: Moment, subject: str, actor: str) -> tuple[Transition, ...]:
        """Judge a slot anew and forget what was counted: it holds another unit, or other firmware."""
        rows = [alarm.step(Stimulus.REPLACED, now, actor=actor) for alarm in self._alarms_of(subject)]
        return self._with(now, subject, rows)

    def next_seq(self) -> int:
        """Return the number of the next entry of the journal: of a transition, or of what lies between two of them."""
        self._seq += 1
        return self._seq

    def alarm(self, subject: str, code: int) -> Standing | None:
        """Return an alarm that has ever been raised or commanded, back to normal or not."""
        alarm = self._found(subject, code)
        return None if alarm is None else Standing(alarm.row, alarm.record, alarm.uncertain)

    def standing(self) -> tuple[Standing, ...]:
        """Return the alarms that are not back to normal, hidden ones too, by subject and code."""
        alarms = (alarm for subject in sorted(self._alarms) for alarm in self._alarms_of(subject))
        return tuple(
            Standing(alarm.row, alarm.record, alarm.uncertain)
            for alarm in alarms
            if alarm.record.state is not AlarmState.NORM or alarm.record.suppression is not Suppression.NONE
        )

    def load(self, now: Moment) -> AlarmLoad:
        """Return how many alarms an operator is given."""
        records = (alarm.record for alarms in self._alarms.values() for alarm in alarms.values())
        return measure(records, self.catalogue.load, now.utc_s, self._flood.state(now.loop_s))

    def snapshot(self) -> Snapshot:
        """Return all that a restart needs."""
        records = (alarm.record for subject in sorted(self._alarms) for alarm in self._alarms_of(subject))
        return Snapshot(self._seq, tuple(record for record in records if record != Record(record.subject, record.code)))

    def restore(self, snapshot: Snapshot) -> None:
        """Take over a snapshot; alarms of subjects and codes that are no more are dropped."""
        self._seq = max(self._seq, snapshot.seq)
        for record in sorted(snapshot.records, key=lambda record: record.since or 0.0):
            self._rebuild(record)

    def resume(self, now: Moment) -> None:
        """Start the clocks of what `restore` rebuilt."""
        for alarms in self._alarms.values():
            for alarm in alarms.values():
                alarm.resume(now)

    def _found(self, subject: str, code: int) -> Alarm | None:
        return self._alarms.get(subject, {}).get(code)

    def _alarms_of(self, subject: str) -> list[Alarm]:
        return [alarm for _, alarm in sorted(self._alarms.get(subject, {}).items())]

    def _alarm(self, subject: str, code: int) -> Alarm:
        alarm = self._found(subject, code)
        return self._new(Record(subject, code)) if alarm is None else alarm

    def _new(self, record: Record) -> Alarm:
        row = self.row(record.subject, record.code)
        if row is None:
            raise LookupError(f"{record.subject} has no alarm {record.code}")
        alarm = Alarm(row, record, self.next_seq)
        self._alarms.setdefault(record.subject, {})[record.code] = alarm
        return alarm

    def _rebuild(self, record: Record) -> None:
        if self.row(record.subject, record.code) is None:
            return
        self._new(record)
        branch = self._plant.above(record.subject, Level.BRANCH)
        if record.first_out and branch is not None and record.since is not None:
            self._first_outs.enter(branch, record.subject, record.code, record.since)

    def _note(self, now: Moment, seen: Observation) -> bool:
        """Hand an observation to its alarm, which is made when its condition is first there."""
        alarm = self._found(seen.subject, seen.code)
        if alarm is None and self.row(seen.subject, seen.code) is None:
            raise LookupError(f"{seen.subject} has no alarm {seen.code}")
        if alarm is None and not seen.condition:
            return False
        condition = None if self._hiding.frozen(seen.subject, seen.code) else seen.condition
        if alarm is None and not condition:
            return False
        alarm = alarm or self._new(Record(seen.subject, seen.code))
        return alarm.observe(now, condition=condition, cause=seen.cause, since=seen.since)

    def _with(self, now: Moment, subject: str, rows: list[Transition]) -> tuple[Transition, ...]:
        return (*rows, *self._settle(now, {subject})) if rows else ()

    def _settle(self, now: Moment, touched: set[str]) -> tuple[Transition, ...]:
        """Let what was touched work on all that depends on it, until nothing moves any more."""
        rows: list[Transition] = []
        while touched:
            touched = self._regroup(now, touched) | touched
            reached = sorted(set().union(*(self._reach(subject) for subject in touched)))
            alarms = [alarm for subject in reached for alarm in self._alarms_of(subject)]
            moved = [row for alarm in alarms for row in self._hide(now, alarm)]
            moved += [row for alarm in alarms for row in self._advance(now, alarm)]
            rows += moved
            touched = {row.subject for row in moved}
        return tuple(rows)

    def _reach(self, subject: str) -> set[str]:
        """Return the subjects that alarms of one can hide: itself, and all below it."""
        return {subject} if self._plant.level(subject) is Level.UNIT else self._plant.below(subject)

    def _regroup(self, now: Moment, touched: set[str]) -> set[str]:
        """Judge the groups of the branches touched; return the subjects whose group alarms can move."""
        branches = {branch for subject in touched if (branch := self._plant.above(subject, Level.BRANCH)) is not None}
        verdicts = self._groups.judge(branches)
        return {
            verdict.subject
            for verdict in verdicts
            if self._note(now, Observation(verdict.subject, verdict.code, verdict.holds, verdict.cause, verdict.since))
        }

    def _hide(self, now: Moment, alarm: Alarm) -> list[Transition]:
        """Suppress an alarm that another one explains, and release it when that is over."""
        live = alarm.condition or alarm.record.state is not AlarmState.NORM
        reason = self._hiding.reason(alarm.record.subject, alarm.record.code) if live else None
        if (reason is None) is (alarm.record.hidden_by is None):
            return []
        return [alarm.step(Stimulus.RELEASE if reason is None else Stimulus.SUPPRESS, now, detail=reason)]

    def _advance(self, now: Moment, alarm: Alarm) -> list[Transition]:
        rows: list[Transition] = []
        while (stimulus := alarm.due(now)) is not None:
            rows += self._raise(now, alarm) if stimulus is Stimulus.RAISE else [alarm.step(stimulus, now)]
        return rows + [
            alarm.step(Stimulus.ESCALATE, now, detail=rule.tag)
            for rule in alarm.calls(now)
            if in_scope(rule, *self._showing(alarm, now.utc_s - rule.within_s), self.catalogue.shared_at)
        ]

    def _raise(self, now: Moment, alarm: Alarm) -> list[Transition]:
        """Raise an alarm; of a unit's alarms, note which one of its branch came first."""
        record = alarm.record
        branch = self._plant.above(record.subject, Level.BRANCH)
        if branch is None or branch == record.subject:
            rows = [alarm.step(Stimulus.RAISE, now)]
        else:
            since = now.utc_s if alarm.since is None else alarm.since
            first, overtaken = self._first_outs.enter(branch, record.subject, record.code, since)
            rows = [alarm.step(Stimulus.RAISE, now, first_out=first)]
            rows += self._overtake(now, overtaken)
        if rows[0].suppression is Suppression.NONE:
            self._flood.raised(now.loop_s)
        return rows

    def _overtake(self, now: Moment, lead: Lead | None) -> list[Transition]:
        alarm = None if lead is None else self._found(lead.subject, lead.code)
        if alarm is None or lead is None or not alarm.record.first_out or alarm.record.since != lead.since:
            return []
        return [alarm.step(Stimulus.OVERTAKEN, now)]

    def _showing(self, alarm: Alarm, begin_ts: float) -> tuple[int, int]:
        """Return how many units of the alarm's branch had the same code since an instant, and how many there are."""
        branch = self._plant.above(alarm.record.subject, Level.BRANCH)
        units = self._plant.branches.get(branch or "", ())
        others = (self._found(unit, alarm.record.code) for unit in units)
        return sum(other is not None and other.record.raises(begin_ts) > 0 for other in others), len(units)


def _notices(catalogue: Catalogue) -> dict[int, AlarmDef]:
    """Return the rows of alarms that bear their units' code: what many units show concerns somebody sooner."""
    rows = catalogue.by_code()
    plain = {"latching": Latching.AUTO, "lockout": None, "ack": False, "escalation": (), "on_polls": 1}
    return {
        code: rows[code].model_copy(
            update=plain | {"level": Level.BRANCH, "priority": rows[code].priority.raised(group.steps)}
        )
        for group in catalogue.groups
        if group.branch is None
        for code in group.codes
    }
