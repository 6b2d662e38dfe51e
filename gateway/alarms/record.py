"""What is kept of an alarm, and the transitions that alone change it: the rows rebuild the record."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.alarms.states import ACTIVE, AlarmState, Stimulus, Suppression

MAX_OCCURRENCES = 64  # raises remembered; no rule counts more than 50
MAX_TEXT = 120  # of a cause or an actor, which come from outside


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on two clocks: delays follow the loop's, which nobody steps; stamps and windows of days UTC."""

    loop_s: float
    utc_s: float


@dataclass(frozen=True, slots=True)
class Transition:
    """One edge of one alarm: a row of the journal.

    `since` is the instant at which the device noticed (UTC, s), `until_ts` the end of a shelf, `detail` the reason of a
    suppression or the tag of an escalation rule, `chatter` how often the condition came back within the off-delay,
    `count` the raises since the unit was new.
    """

    seq: int
    ts: float
    subject: str
    code: int
    stimulus: Stimulus
    before: AlarmState
    state: AlarmState
    suppression: Suppression
    count: int
    chatter: int = 0
    cause: str | None = None
    actor: str | None = None
    detail: str | None = None
    since: float | None = None
    first_out: bool = False
    until_ts: float | None = None
    one_shot: bool = False

    @property
    def id(self) -> str:
        """Return a name that no other transition bears, not even after the journal was lost."""
        return f"{round(self.ts * 1000)}-{self.seq}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Who put an alarm away, until when; `one_shot`: at the latest until it clears."""

    owner: str
    until_ts: float
    one_shot: bool


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of one alarm.

    `occurrences` are the raises that count as its own (those that another alarm explains do not), `escalated` the rules
    that called somebody, and when; times are UTC, s.
    """

    subject: str
    code: int
    state: AlarmState = AlarmState.NORM
    shelf: Shelf | None = None
    hidden_by: str | None = None
    removed_by: str | None = None
    cause: str | None = None
    since: float | None = None
    first_out: bool = False
    raised_ts: float | None = None
    cleared_ts: float | None = None
    acked_ts: float | None = None
    acked_by: str | None = None
    count: int = 0
    chatter: int = 0
    occurrences: tuple[float, ...] = ()
    locked_out: bool = False
    released_ts: float = 0.0
    escalated: tuple[tuple[str, float], ...] = ()

    @property
    def suppression(self) -> Suppression:
        """Return why the alarm is not shown."""
        if self.removed_by is not None:
            return Suppression.OUT_OF_SERVICE
        if self.shelf is not None:
            return Suppression.SHELVED
        return Suppression.NONE if self.hidden_by is None else Suppression.BY_DESIGN

    def raises(self, since_ts: float) -> int:
        """Return how many raises of its own came after an instant."""
        return sum(ts > since_ts for ts in self.occurrences)

    def after(self, row: Transition) -> "Record":
        """Return the record as a transition leaves it."""
        fold = _FOLDS.get(row.stimulus)
        moved = replace(self, state=row.state)
        return moved if fold is None else fold(moved, row)


def _raised(record: Record, row: Transition) -> Record:
    raised = replace(
        record,
        cause=row.cause,
        since=row.since,
        first_out=row.first_out,
        raised_ts=row.ts,
        cleared_ts=None,
        acked_ts=None,
        acked_by=None,
        count=row.count,
    )
    return raised if record.hidden_by is not None else _counted(raised, row.ts)


def _revealed(record: Record, _: Transition) -> Record:
    """Count a raise that was thought to be explained, and stands by itself now."""
    shown = replace(record, hidden_by=None)
    if record.state not in ACTIVE or record.raised_ts is None or record.raised_ts in record.occurrences:
        return shown
    return _counted(shown, record.raised_ts)


def _counted(record: Record, ts: float) -> Record:
    return replace(record, occurrences=(*record.occurrences, ts)[-MAX_OCCURRENCES:])


def _cleared(record: Record, row: Transition) -> Record:
    return replace(record, cleared_ts=row.ts, chatter=record.chatter + row.chatter)


def _acked(record: Record, row: Transition) -> Record:
    return replace(record, acked_ts=row.ts, acked_by=row.actor)


def _released(record: Record, row: Transition) -> Record:
    return replace(record, locked_out=False, released_ts=row.ts)


def _escalated(record: Record, row: Transition) -> Record:
    others = tuple((tag, ts) for tag, ts in record.escalated if tag != row.detail)
    return replace(record, escalated=(*others, (row.detail or "", row.ts)))


def _replaced(record: Record, row: Transition) -> Record:
    """Keep only what an operator or the rules decided about the place: a new unit has no past."""
    return Record(
        record.subject,
        record.code,
        shelf=record.shelf,
        hidden_by=record.hidden_by,
        removed_by=record.removed_by,
        released_ts=row.ts,
    )


def _shelved(record: Record, row: Transition) -> Record:
    return replace(record, shelf=Shelf(row.actor or "", row.until_ts or row.ts, row.one_shot))


_FOLDS: dict[Stimulus, Callable[[Record, Transition], Record]] = {
    Stimulus.RAISE: _raised,
    Stimulus.CLEAR: _cleared,
    Stimulus.LATCH: _cleared,
    Stimulus.ACK: _acked,
    Stimulus.RESET: _released,
    Stimulus.DAY_START: _released,
    Stimulus.LOCKOUT: lambda record, _: replace(record, locked_out=True),
    Stimulus.RECONFIGURED: _released,
    Stimulus.REPLACED: _replaced,
    Stimulus.SHELVE: _shelved,
    Stimulus.UNSHELVE: lambda record, _: replace(record, shelf=None),
    Stimulus.SUPPRESS: lambda record, row: replace(record, hidden_by=row.detail),
    Stimulus.RELEASE: _revealed,
    Stimulus.REMOVE: lambda record, row: replace(record, removed_by=row.actor),
    Stimulus.RETURN: lambda record, _: replace(record, removed_by=None),
    Stimulus.ESCALATE: _escalated,
    Stimulus.OVERTAKEN: lambda record, _: replace(record, first_out=False),
}
