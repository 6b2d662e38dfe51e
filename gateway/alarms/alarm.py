"""One alarm of one subject: follows a condition through its delays, and obeys operators."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from config.alarms import AlarmDef, Escalation, Latching
from gateway.alarms import escalation
from gateway.alarms.delay import Delay
from gateway.alarms.record import MAX_TEXT, Moment, Record, Transition
from gateway.alarms.states import (
    ACK_FREE,
    ACTIVE,
    REMARKS,
    REVEALED,
    SHOWING,
    TRANSITIONS,
    AlarmState,
    Stimulus,
    Suppression,
)

_CLEARING = frozenset({Stimulus.CLEAR, Stimulus.LATCH})


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that was not obeyed: a code of the command contract, and the reason."""

    code: str
    reason: str


class Alarm:
    """One alarm: `observe` what is known, then `step` through what is `due`.

    Delays are kept here and start anew after a restart; everything else is in `record`, which only transitions change.
    After a restart the condition is what the state implies, and uncertain until the first observation.
    """

    def __init__(self, row: AlarmDef, record: Record, next_seq: Callable[[], int]) -> None:
        self.row = row
        self.record = record
        self.condition = record.state in ACTIVE
        self.uncertain = True
        self.since = record.since
        self._cause: str | None = None
        self._next_seq = next_seq
        self._polls = 0
        self._chatter = 0
        self._delay = Delay()
        self._waiting: Stimulus | None = None
        self._shelf_due: float | None = None
        self._raised_at: float | None = None
        self._new_day = False
        self._next: float | None = None
        self._moved = False  # since _next was computed: a plant in an outage has hundreds of alarms that do not move

    def resume(self, now: Moment) -> None:
        """Start the clocks of what was rebuilt from rows: the shelf's and the age go on, delays wait for data."""
        record = self.record
        if record.shelf is not None:
            self._shelf_due = now.loop_s + max(0.0, record.shelf.until_ts - now.utc_s)
        if record.raised_ts is not None:
            self._raised_at = now.loop_s - max(0.0, now.utc_s - record.raised_ts)
        self._rearm(now)
        self._delay.freeze(now.loop_s)
        self._moved = True

    @property
    def active(self) -> bool:
        """Tell whether the alarm is raised and its condition not yet gone for the off-delay."""
        return self.record.state in ACTIVE

    @property
    def holds(self) -> bool:
        """Tell whether the condition is there, raised or not, or was a moment ago."""
        return self.condition or self.active

    def observe(
        self, now: Moment, *, condition: bool | None, cause: str | None = None, since: float | None = None
    ) -> bool:
        """Take in whether the condition holds; None: not known, which freezes the delays.

        `since` is the instant at which the device noticed (UTC, s), if it told. Return whether something can follow.
        """
        self._moved = True
        if condition is None:
            self._delay.freeze(now.loop_s)
            self.uncertain = True
            return False
        self._delay.thaw(now.loop_s)
        self.uncertain = False
        changed = condition is not self.condition
        if changed:
            self.condition = condition
            self._turned(now, cause, since)
        self._polls += condition
        return changed or self._waiting is not None

    def _turned(self, now: Moment, cause: str | None, since: float | None) -> None:
        self._polls = 0
        self._new_day = False
        if self.condition and self.active:
            self._chatter += 1
        elif self.condition:
            self._cause = cause if cause is None else cause[:MAX_TEXT]
            self.since = now.utc_s if since is None else since
        self._rearm(now)

    def next_deadline(self) -> float | None:
        """Return the loop time at which `due` will have an answer without another observation."""
        if self._moved:
            self._next, self._moved = self._earliest(), False
        return self._next

    def _earliest(self) -> float | None:
        ready = self._waiting is not Stimulus.RAISE or self._polls >= self.row.on_polls
        dues = [self._shelf_due, self._delay.due if ready else None, *(due for due, _ in self._stands())]
        return min((due for due in dues if due is not None), default=None)

    def due(self, now: Moment) -> Stimulus | None:
        """Return what time has brought about, to be handed to `step`."""
        if self._shelf_due is not None and now.loop_s >= self._shelf_due:
            return Stimulus.UNSHELVE
        if self._too_often(now):
            return Stimulus.LOCKOUT
        if self._new_day and self._accepts(Stimulus.DAY_START):
            return Stimulus.DAY_START
        if self._waiting is Stimulus.RAISE and self._polls < self.row.on_polls:
            return None
        return self._waiting if self._delay.over(now.loop_s) else None

    def calls(self, now: Moment) -> list[Escalation]:
        """Return the escalation rules that are met, whatever their scope."""
        stood = [rule for due, rule in self._stands() if now.loop_s >= due]
        return [*escalation.frequent(self.row, self.record, now.utc_s), *stood]

    def step(
        self,
        stimulus: Stimulus,
        now: Moment,
        *,
        actor: str | None = None,
        detail: str | None = None,
        first_out: bool = False,
        shelf: tuple[float, bool] | None = None,
    ) -> Transition:
        """Make the transition that a stimulus asks for; raises KeyError where the table has none.

        `shelf`: how long, s, and whether one-shot.
        """
        record, raising = self.record, stimulus is Stimulus.RAISE
        row = Transition(
            seq=self._next_seq(),
            ts=now.utc_s,
            subject=record.subject,
            code=record.code,
            stimulus=stimulus,
            before=record.state,
            state=self._target(stimulus),
            suppression=record.suppression,
            count=record.count + raising,
            chatter=self._chatter if stimulus in _CLEARING else 0,
            cause=self._cause if raising else record.cause,
            actor=actor,
            detail=detail,
            since=self.since if raising else record.since,
            first_out=first_out if raising else record.first_out and stimulus is not Stimulus.OVERTAKEN,
            until_ts=None if shelf is None else now.utc_s + shelf[0],
            one_shot=shelf is not None and shelf[1],
        )
        if stimulus in SHOWING:
            row = _shown(record, row)
        self.record = record.after(row)
        self._follow(row, now)
        return row

    def tick(self, now: Moment) -> list[Transition]:
        """Make every transition that is due."""
        rows = []
        while (stimulus := self.due(now)) is not None:
            rows.append(self.step(stimulus, now))
        return rows

    def ack(self, now: Moment, actor: str) -> Transition | Refused:
        """Note that somebody has seen the alarm."""
        if not self._accepts(Stimulus.ACK):
            return Refused("not_supported", "there is nothing to acknowledge")
        return self.step(Stimulus.ACK, now, actor=actor)

    def reset(self, now: Moment, actor: str) -> Transition | Refused:
        """Open the latch, if the condition is known to be gone."""
        if self.holds:
            return Refused("condition_active", f"the condition still holds: {self.record.cause or self.row.cause}")
        if not self._accepts(Stimulus.RESET):
            return Refused("not_supported", "there is nothing to reset")
        if self.uncertain:
            return Refused("no_answer", "it is not known whether the condition is gone")
        return self.step(Stimulus.RESET, now, actor=actor)

    def day_start(self, now: Moment) -> Transition | None:
        """Open a latch that waits for the next day: the unit generates after the dark, so its self-test passed."""
        waits = self.row.latching is Latching.DAY or self.record.locked_out
        if not waits or self.condition or self.uncertain:
            return None
        if self.active:  # the latch that the off-delay ends in is open before it closes
            self._new_day = True
        return self.step(Stimulus.DAY_START, now) if self._accepts(Stimulus.DAY_START) else None

    def shelve(self, now: Moment, actor: str, for_s: float, *, one_shot: bool = False) -> Transition | Refused:
        """Put the alarm away for a time; one-shot: at the latest until it clears."""
        if not 0 < for_s <= self.row.shelve_max_s:
            return Refused("out_of_range", f"shelve for at most {self.row.shelve_max_s:.0f} s")
        return self.step(Stimulus.SHELVE, now, actor=actor, shelf=(for_s, one_shot))

    def unshelve(self, now: Moment, actor: str) -> Transition | Refused:
        """Show the alarm again before its shelf ends."""
        if self.record.shelf is None:
            return Refused("not_supported", "the alarm is not shelved")
        return self.step(Stimulus.UNSHELVE, now, actor=actor)

    def remove(self, now: Moment, actor: str) -> Transition | Refused:
        """Take the alarm out of service."""
        if self.record.removed_by is not None:
            return Refused("duplicate", "the alarm is out of service already")
        return self.step(Stimulus.REMOVE, now, actor=actor)

    def place(self, now: Moment, actor: str) -> Transition | Refused:
        """Place the alarm in service again."""
        if self.record.removed_by is None:
            return Refused("not_supported", "the alarm is in service")
        return self.step(Stimulus.RETURN, now, actor=actor)

    def _stands(self) -> list[tuple[float, Escalation]]:
        """Return the rules that wait for the alarm to stand long enough, each with the loop time of its call."""
        rules = escalation.waiting(self.row, self.record)
        return [] if self._raised_at is None else [(self._raised_at + (rule.standing_s or 0.0), rule) for rule in rules]

    def _table(self) -> dict[tuple[AlarmState, Stimulus], AlarmState]:
        return TRANSITIONS if self.row.ack else ACK_FREE

    def _accepts(self, stimulus: Stimulus) -> bool:
        return (self.record.state, stimulus) in self._table()

    def _target(self, stimulus: Stimulus) -> AlarmState:
        if stimulus in SHOWING or stimulus in REMARKS:
            return self.record.state
        return self._table()[self.record.state, stimulus]

    def _too_often(self, now: Moment) -> bool:
        lockout = self.row.lockout
        if lockout is None or self.record.locked_out or self.record.state is not AlarmState.UNACK:
            return False
        begin = max(now.utc_s - lockout.within_s, self.record.released_ts)
        return self.record.raises(begin) >= lockout.count

    def _follow(self, row: Transition, now: Moment) -> None:
        """Set the clocks as a transition demands."""
        self._moved = True
        shelf = self.record.shelf
        if row.stimulus is Stimulus.RAISE:
            self._raised_at, self._chatter = now.loop_s, 0
        if row.stimulus is Stimulus.DAY_START:
            self._new_day = False
        if shelf is None:
            self._shelf_due = None
        elif row.stimulus is Stimulus.SHELVE:
            self._shelf_due = now.loop_s + shelf.until_ts - now.utc_s
        elif shelf.one_shot and row.stimulus in _CLEARING:
            self._shelf_due = now.loop_s
        if row.stimulus in (Stimulus.RECONFIGURED, Stimulus.REPLACED):
            self._forget()
        self._rearm(now)

    def _forget(self) -> None:
        """Know nothing of the condition until it is observed again."""
        self.condition, self.uncertain, self._polls = False, True, 0

    def _awaited(self) -> Stimulus | None:
        """Return what happens when the present delay is over."""
        if self.condition and not self.active:
            return Stimulus.RAISE
        if self.active and not self.condition:
            return Stimulus.LATCH if self.row.latches or self.record.locked_out else Stimulus.CLEAR
        if self.record.state is AlarmState.ACKED and self.row.realarm_s is not None:
            return Stimulus.REALARM
        return None

    def _rearm(self, now: Moment) -> None:
        awaited = self._awaited()
        if awaited is self._waiting:
            return
        self._waiting = awaited
        self._delay.stop()
        if awaited is not None:
            self._delay.start(now.loop_s, self._delay_s(awaited))
        if self.uncertain:
            self._delay.freeze(now.loop_s)

    def _delay_s(self, awaited: Stimulus) -> float:
        match awaited:
            case Stimulus.RAISE:
                return self.row.on_delay_s
            case Stimulus.REALARM:
                return self.row.realarm_s or 0.0
            case _:
                return self.row.off_delay_s


def _shown(record: Record, row: Transition) -> Transition:
    """Complete a row that changes what is shown: shown again, an alarm is as its condition says."""
    after = record.after(row).suppression
    revealed = record.suppression is not Suppression.NONE and after is Suppression.NONE
    return replace(row, suppression=after, state=REVEALED.get(row.state, row.state) if revealed else row.state)
