"""Whatever happens in whatever order: what always holds of the alarms of a plant."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action, Command
from gateway.alarms.engine import Engine, Observation
from gateway.alarms.plant import Plant
from gateway.alarms.record import Transition
from gateway.alarms.states import ACTIVE, LATCHED, AlarmState, Stimulus
from tests.gateway.alarms.bench import CATALOGUE, after, at

PLANT = Plant({"roof": {"a": ("a1", "a2", "a3"), "b": ("b1", "b2")}})
UNITS = ("a1", "a2", "a3", "b1", "b2")
CODES = (1, 2, 4, 7, 9, 10, 101)
SUBJECTS = (*UNITS, "branch/a", "site")
PLAIN = CATALOGUE.model_copy(update={"hides": (), "groups": (), "dark": CATALOGUE.dark.model_copy(update={"hide": ()})})
BY_CONDITION = {Stimulus.RAISE: True, Stimulus.CLEAR: False, Stimulus.LATCH: False, Stimulus.REALARM: True}
OPENS_A_LATCH = {
    Stimulus.RAISE,
    Stimulus.RESET,
    Stimulus.DAY_START,
    Stimulus.RECONFIGURED,
    Stimulus.REPLACED,
}
MAX_TICKS = 100  # of one step in time; each alarm has few clocks


class Alarms(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.t = 0.0
        self.engine = Engine(CATALOGUE, PLANT)
        self.plain = Engine(PLAIN, PLANT)
        self.rows: list[Transition] = []
        self.seen: dict[tuple[str, int], bool | None] = {}
        self.dark: set[str] = set()
        self.states: dict[tuple[str, int], AlarmState] = {}
        self.seq = 0

    def keep(self, rows: tuple[Transition, ...]) -> None:
        for row in rows:
            self.seq += 1
            assert row.seq == self.seq
            key = (row.subject, row.code)
            assert row.before is self.states.get(key, AlarmState.NORM), "each edge is one transition"
            if row.before in LATCHED and row.state not in LATCHED:
                assert row.stimulus in OPENS_A_LATCH
            if row.stimulus in BY_CONDITION and row.subject in UNITS:
                assert self.seen.get(key) is BY_CONDITION[row.stimulus], "no verdict from bad data"
            if row.stimulus in (Stimulus.RESET, Stimulus.DAY_START) and row.subject in UNITS:
                assert self.seen.get(key) is False, "no latch opens while its condition holds"
            self.states[key] = row.state
            self.rows.append(row)

    @rule(
        unit=st.sampled_from(UNITS),
        values=st.dictionaries(st.sampled_from(CODES), st.sampled_from([True, True, False, None])),
    )
    def poll(self, unit: str, values: dict[int, bool | None]) -> None:
        for code, value in values.items():
            self.seen[unit, code] = None if unit in self.dark and code == 7 else value
        observations = [Observation(unit, code, value) for code, value in values.items()]
        self.keep(self.engine.observe(at(self.t), *observations))
        self.plain.observe(at(self.t), *observations)

    @rule(code=st.sampled_from(CODES), value=st.booleans())
    def all_at_once(self, code: int, value: bool) -> None:  # noqa: FBT001 - drawn
        for unit in UNITS:
            self.poll(unit, {code: value})

    @rule(for_s=st.sampled_from([0.5, 1, 5, 10, 60, 900, 3600, 86_400]))
    def time_passes(self, for_s: float) -> None:
        end = self.t + for_s
        for _ in range(MAX_TICKS):
            due = self.engine.next_deadline()
            if due is None or due > end:
                break
            assert due >= self.t, "a deadline in the past would spin"
            self.t = due
            self.keep(self.engine.tick(at(due)))
        else:
            raise AssertionError("ticks without end")
        self.t = end
        while (due := self.plain.next_deadline()) is not None and due <= end:
            self.plain.tick(at(due))

    @rule(
        action=st.sampled_from([a for a in Action if a is not Action.SHELVE]),
        subject=st.sampled_from(SUBJECTS),
        code=st.sampled_from((*CODES, 102, 103)),
    )
    def command(self, action: Action, subject: str, code: int) -> None:
        answer = self.engine.command(at(self.t), Command(action, subject, code, "ann"))
        if action in (Action.ACK, Action.RESET):
            self.plain.command(at(self.t), Command(action, subject, code, "ann"))
        if not isinstance(answer, Refused):
            assert answer[0].actor == "ann"
            self.keep(answer)

    @rule(
        unit=st.sampled_from(UNITS),
        code=st.sampled_from(CODES),
        for_s=st.sampled_from([1, 60, 7200]),
        once=st.booleans(),
    )
    def shelve(self, unit: str, code: int, for_s: float, once: bool) -> None:  # noqa: FBT001 - drawn
        answer = self.engine.command(at(self.t), Command(Action.SHELVE, unit, code, "ann", for_s, one_shot=once))
        assert not isinstance(answer, Refused)
        self.keep(answer)

    @rule(unit=st.sampled_from(UNITS))
    def day_starts(self, unit: str) -> None:
        self.keep(self.engine.day_start(at(self.t), unit))
        self.plain.day_start(at(self.t), unit)

    @rule(unit=st.sampled_from(UNITS), is_dark=st.booleans())
    def light_changes(self, unit: str, is_dark: bool) -> None:  # noqa: FBT001 - drawn
        self.dark = self.dark | {unit} if is_dark else self.dark - {unit}
        self.keep(self.engine.dark(at(self.t), unit, is_dark=is_dark))
        self.plain.dark(at(self.t), unit, is_dark=is_dark)

    @rule(unit=st.sampled_from(UNITS), new_unit=st.booleans())
    def judged_anew(self, unit: str, new_unit: bool) -> None:  # noqa: FBT001 - drawn
        for engine, keep in ((self.engine, True), (self.plain, False)):
            change = engine.replaced if new_unit else engine.reconfigured
            rows = change(at(self.t), unit, "ann")
            if keep:
                self.keep(rows)

    @invariant()
    def the_rows_alone_rebuild_the_state(self) -> None:
        rebuilt = Engine(CATALOGUE, PLANT)
        rebuilt.restore(after(self.rows))
        assert rebuilt.snapshot() == self.engine.snapshot()

    @invariant()
    def a_snapshot_rebuilds_the_state(self) -> None:
        other = Engine(CATALOGUE, PLANT)
        other.restore(self.engine.snapshot())
        assert other.snapshot() == self.engine.snapshot()

    @invariant()
    def nothing_is_left_undone(self) -> None:
        due = self.engine.next_deadline()
        assert due is None or due > self.t
        assert self.engine.tick(at(self.t)) == ()

    @invariant()
    def what_is_hidden_is_followed_like_what_is_not(self) -> None:
        assert active(self.engine) == active(self.plain)

    @invariant()
    def what_stands_is_what_the_rows_said(self) -> None:
        standing = {(s.record.subject, s.record.code): s.record.state for s in self.engine.standing()}
        assert {key: state for key, state in standing.items() if state is not AlarmState.NORM} == {
            key: state for key, state in self.states.items() if state is not AlarmState.NORM
        }


def active(engine: Engine) -> set[tuple[str, int]]:
    return {
        (s.record.subject, s.record.code)
        for s in engine.standing()
        if s.record.state in ACTIVE and s.record.subject in UNITS
    }


TestAlarms = Alarms.TestCase
TestAlarms.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
