"""What the commands of the TCP interface ask for, and what came of them."""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from gateway.alarms.command import Action as AlarmAction
from gateway.alarms.command import Command
from gateway.alarms.states import ACTIVE, LATCHED
from gateway.control.order import Order, Report, Verb
from gateway.faces.desk import Desk, Outcomes, Plant, Wish, refusal_of
from gateway.faces.dtu_units import Dtu
from gateway.faces.now import FULL_PCT

REMEMBERED = 16  # commands whose outcome can be asked: more than clients have on their way
DONE, REFUSED = 0, 1
GROUND_FAULT = 9  # of the ten codes
_PCT = re.compile(r"A:([0-9]{1,4}),B:0,C:0\r?")  # tenths; B and C are phases that are limited apart
_WATT = re.compile(r"S:([01]),P:([0-9]{1,6})\r?")  # on or off, tenths


@dataclass(frozen=True, slots=True)
class Asked:
    """A command; without `inverters` it is for all. `by` names the author."""

    action: int
    id: int
    data: str
    inverters: tuple[int, ...]
    by: str


Wishes: TypeAlias = Sequence[Wish] | None
_Read: TypeAlias = Callable[[Dtu, Plant, Asked, Sequence[str]], Wishes]


def wishes(dtu: Dtu, plant: Plant, asked: Asked) -> Wishes:
    """Return what a command asks for; None where it is not offered, or not understood. Pure."""
    slots = {unit.number: unit.slot for unit in dtu.units}
    if asked.action in _NOTHING_TO_DO:
        return []
    read = _ACTIONS.get(asked.action)
    if read is None or not slots.keys() >= set(asked.inverters):
        return None
    if slots.keys() == set(asked.inverters):
        asked = replace(asked, inverters=())  # one order for all, not so many
    targets = [slots[number] for number in dict.fromkeys(asked.inverters)] or [dtu.target]
    return read(dtu, plant, asked, targets)


def needs_leave(action: int) -> bool:
    """Tell whether a command is one that only a face with `writes: true` takes."""
    return action not in _NOTHING_TO_DO


def _switch(verb: Verb) -> _Read:
    return lambda _, __, asked, targets: [Order(target=target, verb=verb, by=asked.by) for target in targets]


def _limit_pct(dtu: Dtu, plant: Plant, asked: Asked, targets: Sequence[str]) -> Wishes:
    """Limit in %, for good: inverters keep it in their memory."""
    found = _PCT.fullmatch(asked.data)
    return None if found is None else _limits(dtu, plant, asked, targets, int(found[1]) / 10, persistent=True)


def _limit_w(dtu: Dtu, plant: Plant, asked: Asked, targets: Sequence[str]) -> Wishes:
    """Limit all together in W, or end that; inverters forget it without light, and are told again."""
    found = _WATT.fullmatch(asked.data)
    if found is None or asked.inverters:
        return None
    if found[1] == "0":
        return _limits(dtu, plant, asked, targets, FULL_PCT)
    return [Order(target=dtu.target, verb=Verb.LIMIT, by=asked.by, value=int(found[2]) / 10, unit="W")]


def _limits(
    dtu: Dtu, plant: Plant, asked: Asked, targets: Sequence[str], pct: float, *, persistent: bool = False
) -> Wishes:
    order = Order(target=targets[0], verb=Verb.LIMIT, by=asked.by, value=pct, unit="%", persistent=persistent)
    if not asked.inverters:
        return dtu.everywhere(plant, order)
    return [replace(order, target=target) for target in targets]


def _reset(*codes: int) -> _Read:
    """Return what resets the alarms that a latch holds: those of some codes, or all."""

    def read(dtu: Dtu, plant: Plant, asked: Asked, targets: Sequence[str]) -> Wishes:
        slots = targets if asked.inverters else [unit.slot for unit in dtu.units]
        held = [
            each.record
            for slot in slots
            for each in plant.standing(slot)
            if each.record.state in LATCHED or (each.row.latches and each.record.state in ACTIVE)
        ]
        return [
            Command(AlarmAction.RESET, record.subject, record.code, asked.by)
            for record in held
            if not codes or record.code in codes
        ]

    return read


_NOTHING_TO_DO = frozenset((4, 33, 46, 50))  # collect versions, poll all, read alarms: the newest are always here
_ACTIONS: Mapping[int, _Read] = {
    3: _switch(Verb.RESTART),
    6: _switch(Verb.ENABLE),
    7: _switch(Verb.DISABLE),
    8: _limit_pct,
    10: _reset(GROUND_FAULT),
    42: _reset(),
    211: _limit_w,
    8195: _switch(Verb.RESTART),
}


@dataclass(frozen=True, slots=True)
class _Taken:
    """A command that was carried out, or refused: `answers` with the slots for which each is."""

    asked: Asked
    answers: Sequence[tuple[frozenset[str], Outcomes]]


@dataclass(frozen=True, slots=True)
class Came:
    """What has come of a command, by serials."""

    action: int
    id: int
    done: Sequence[int] = ()
    failed: Sequence[int] = ()
    under_way: Sequence[int] = ()


@dataclass(slots=True)
class Commands:
    """Hands commands in and remembers the last of them."""

    dtu: Dtu
    desk: Desk
    taken: deque[_Taken] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def take(self, asked: Asked) -> int:
        """Carry a command out; return DONE when it is on its way, REFUSED when it is refused at once."""
        wished = wishes(self.dtu, self.desk, asked)
        if wished is None:
            return REFUSED
        answers: list[tuple[frozenset[str], Outcomes]] = []
        self.taken.append(_Taken(asked, answers))
        for wish in wished:
            target = wish.target if isinstance(wish, Order) else wish.subject
            slots = [unit.slot for unit in self.dtu.units if target in (self.dtu.target, unit.slot)]
            answers.append((frozenset(slots), self.desk.hand_in(wish)))
            if refusal_of(answers[-1][1]) is not None:
                return REFUSED
        return DONE

    def came(self, number: int) -> Came | None:
        """Return what came of the last command, or of that of an id other than 0; None where there is none."""
        taken = next((each for each in reversed(self.taken) if number in (0, each.asked.id)), None)
        if taken is None:
            return None
        failed, under_way, told = set[str](), set[str](), set[str]()
        for slots, answer in taken.answers:
            told |= slots
            failed |= _failed(slots, answer)
            under_way |= set() if answer.done() else slots
        numbers = {unit.slot: unit.number for unit in self.dtu.units}
        under_way -= failed
        done = told - failed - under_way
        return Came(taken.asked.action, taken.asked.id, *(_sorted(numbers, each) for each in (done, failed, under_way)))


def _failed(slots: frozenset[str], answer: Outcomes) -> set[str]:
    """Return those of some slots that did not do what was asked, and will not."""
    if refusal_of(answer) is not None or answer.cancelled():
        return set(slots)
    report = answer.result() if answer.done() else None
    return {slot for slot, unit in report.units.items() if not unit.accepted} if isinstance(report, Report) else set()


def _sorted(numbers: Mapping[str, int], slots: set[str]) -> Sequence[int]:
    return [number for slot, number in numbers.items() if slot in slots]
