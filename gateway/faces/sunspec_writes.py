"""What a write to the models 123, 704 and 715 asks for. Pure.

Writable registers without a row here (windows, ramps, what follows a revert) are not implemented: writing them has no
effect, as SunSpec asks. All others refuse a write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.alarms.command import Action, Command
from gateway.alarms.states import ACTIVE, LATCHED
from gateway.control.order import Order, Verb
from gateway.faces.desk import Plant, Wish
from gateway.faces.sunspec_units import Served
from gateway.faces.sunspec_values import FULL_PCT, Staged, shown_limit
from protocols.modbus.pdu import ExceptionCode

_NO_EFFECT = ""
_REGISTERS: Mapping[int, Mapping[int, str]] = {  # by model, counted from its ID
    123: {
        2: _NO_EFFECT,
        3: _NO_EFFECT,
        4: "conn",
        5: "pct",
        6: _NO_EFFECT,
        7: "revert",
        8: _NO_EFFECT,
        9: "ena",
    },
    704: {14: "ena", 15: "pct", 16: _NO_EFFECT, 17: _NO_EFFECT, 18: "revert_high", 19: "revert"},
    715: {7: "reset", 8: "conn"},  # OpCtl: 0 stop, 1 start
}
_MOST = {"conn": 1, "ena": 1, "reset": 1, "pct": 1000}  # a tenth of a percent
_NO_TIME = 0xFFFF


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write: the registers after it, and what is to be done."""

    staged: Staged
    wishes: Sequence[Wish]


def written(
    plant: Plant, unit: Served, staged: Staged, address: int, words: Sequence[int], by: str
) -> Written | ExceptionCode:
    """Return what a write of registers means for a unit id, in the name of `by`."""
    told = _told(unit, address, words)
    if isinstance(told, ExceptionCode):
        return told
    wishes: list[Wish] = []
    if "conn" in told:
        verb = Verb.ENABLE if told["conn"] else Verb.DISABLE
        wishes.append(Order(target=unit.target, verb=verb, by=by))
    if told.get("reset"):
        wishes += _resets(plant, unit, by)
    if told.keys() & {"pct", "ena", "revert", "revert_high"}:
        enabled = shown_limit(plant, unit, staged).enabled
        staged = _stage(staged, told, enabled=enabled)
        wishes += _limit(plant, unit, staged, by, before=enabled)
    return Written(staged, wishes)


def _told(unit: Served, address: int, words: Sequence[int]) -> dict[str, int] | ExceptionCode:
    """Return the values by their names; a write that leaves the writable registers of one model is refused."""
    at, layout = next(((at, each) for at, each in reversed(unit.models) if at <= address), unit.models[0])
    names = _REGISTERS.get(int(layout.name.rpartition(".")[2]), {})
    told: dict[str, int] = {}
    for offset, word in enumerate(words, address - at):
        if offset not in names:
            return ExceptionCode.ILLEGAL_ADDRESS
        name = names[offset]
        if word > _MOST.get(name, 0xFFFF):
            return ExceptionCode.ILLEGAL_VALUE
        told[name] = word
    return told


def _stage(staged: Staged, told: Mapping[str, int], *, enabled: bool) -> Staged:
    """Return the registers after a write.

    A write that has one half of a 32-bit time carries the whole number in it: a Victron GX means 120 s when it writes
    120 into the higher half, not 91 days.
    """
    high, low = told.get("revert_high"), told.get("revert")
    halves = [half for half in (high, low) if half is not None]
    revert_s = high << 16 | low if high is not None and low is not None else next(iter(halves), staged.revert_s)
    return replace(
        staged,
        pct=told["pct"] / 10 if "pct" in told else staged.pct,
        revert_s=0 if revert_s == _NO_TIME and high is None else revert_s,
        enabled=bool(told["ena"]) if "ena" in told else enabled,
    )


def _limit(plant: Plant, unit: Served, staged: Staged, by: str, *, before: bool) -> list[Wish]:
    """Return the order that brings the registers into force; nothing while they are not enabled."""
    if not staged.enabled:
        return [Order(target=unit.target, verb=Verb.LIMIT, by=by, value=FULL_PCT, unit="%")] if before else []
    pct = shown_limit(plant, unit, staged).pct if staged.pct is None else staged.pct
    for_s = float(staged.revert_s) if staged.revert_s else None
    return [Order(target=unit.target, verb=Verb.LIMIT, by=by, value=pct, unit="%", for_s=for_s)]


def _resets(plant: Plant, unit: Served, by: str) -> list[Wish]:
    """Return a reset of every alarm that is held by a latch."""
    standing = plant.standing() if unit.whole else plant.standing(unit.target)
    held = (
        each.record
        for each in standing
        if each.record.state in LATCHED or (each.row.latches and each.record.state in ACTIVE)
    )
    return [Command(Action.RESET, record.subject, record.code, by) for record in held]
