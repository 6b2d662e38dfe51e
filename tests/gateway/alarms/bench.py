"""An engine on a bench: plants, instants and rows in few words."""

from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

from config.alarms import Catalogue, load_catalogue
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action, Command
from gateway.alarms.engine import Engine, Observation, Snapshot
from gateway.alarms.plant import Plant
from gateway.alarms.record import Moment, Record, Transition
from gateway.alarms.states import AlarmState, Stimulus, Suppression

UTC = 1_782_000_000.0
CATALOGUE = load_catalogue()
ROWS = CATALOGUE.by_code()
OPERATOR = "ann"

Deed: TypeAlias = bool | Action | Literal["tick", "day", "profile", "replace"] | None


def at(t: float) -> Moment:
    return Moment(t, UTC + t)


def units(branch: str, number: int) -> tuple[str, ...]:
    return tuple(f"{branch}{n}" for n in range(1, number + 1))


def after(rows: Iterable[Transition], before: Snapshot = Snapshot(0, ())) -> Snapshot:  # noqa: B008 - frozen
    """Return what a snapshot has become by later transitions."""
    seq, records = before.seq, {(record.subject, record.code): record for record in before.records}
    for row in rows:
        key = row.subject, row.code
        seq, records[key] = max(seq, row.seq), records.get(key, Record(*key)).after(row)
    return Snapshot(seq, tuple(records.values()))


class Bench:
    """A site with one gateway; branches by name and number of units."""

    def __init__(self, branches: Mapping[str, int] | None = None, catalogue: Catalogue = CATALOGUE) -> None:
        sizes = {"a": 1} if branches is None else branches
        self.catalogue = catalogue
        self.plant = Plant({"roof": {name: units(name, number) for name, number in sizes.items()}})
        self.engine = Engine(catalogue, self.plant)
        self.rows: list[Transition] = []

    def see(self, t: float, subject: str, conditions: Mapping[int, bool | None]) -> tuple[Transition, ...]:
        return self.keep(self.engine.observe(at(t), *(Observation(subject, c, v) for c, v in conditions.items())))

    def tick(self, t: float) -> tuple[Transition, ...]:
        return self.keep(self.engine.tick(at(t)))

    def command(self, t: float, action: Action, subject: str, code: int, by: str = OPERATOR) -> Refused | None:
        answer = self.engine.command(at(t), Command(action, subject, code, by))
        if isinstance(answer, Refused):
            return answer
        self.keep(answer)
        return None

    def do(self, t: float, deed: Deed, subject: str, code: int) -> None:
        """Do one row of a scenario."""
        match deed:
            case Action():
                self.command(t, deed, subject, code)
            case "tick":
                self.tick(t)
            case "day":
                self.keep(self.engine.day_start(at(t), subject))
            case "profile":
                self.keep(self.engine.reconfigured(at(t), subject, OPERATOR))
            case "replace":
                self.keep(self.engine.replaced(at(t), subject, OPERATOR))
            case _:
                self.see(t, subject, {code: deed})

    def keep(self, rows: Iterable[Transition]) -> tuple[Transition, ...]:
        new = tuple(rows)
        self.rows += new
        return new

    def state(self, subject: str, code: int) -> AlarmState:
        return next(
            (s.record.state for s in self.engine.standing() if (s.record.subject, s.record.code) == (subject, code)),
            AlarmState.NORM,
        )

    def suppression(self, subject: str, code: int) -> Suppression:
        return next(
            (
                s.record.suppression
                for s in self.engine.standing()
                if (s.record.subject, s.record.code) == (subject, code)
            ),
            Suppression.NONE,
        )

    def edges(self, *stimuli: Stimulus) -> list[tuple[float, str, int, Stimulus]]:
        """Return the transitions so far, those of the named kinds if any are named."""
        return [
            (round(row.ts - UTC, 6), row.subject, row.code, row.stimulus)
            for row in self.rows
            if not stimuli or row.stimulus in stimuli
        ]

    def shown(self) -> list[tuple[str, int]]:
        """Return the raises that an operator was shown."""
        return [
            (row.subject, row.code)
            for row in self.rows
            if row.stimulus is Stimulus.RAISE and row.suppression is Suppression.NONE
        ]
