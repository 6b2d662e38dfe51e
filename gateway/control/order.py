"""What somebody asks of the plant, and the answers that he may get. The contract is in the MQTT guide."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from protocols.commands import Activate, Command, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.errors import LocalProtocolError


class Verb(Enum):
    """Commands of the contract."""

    LIMIT = "limit"
    ENABLE = "enable"
    DISABLE = "disable"
    RESTART = "restart"
    ACTIVATE = "activate"
    POWER_FACTOR = "power_factor"
    REACTIVE_POWER = "reactive_power"


COMMANDS: Mapping[Verb, type[Command]] = {
    Verb.LIMIT: WMaxLimPct,
    Verb.ENABLE: Conn,
    Verb.DISABLE: Conn,
    Verb.RESTART: Restart,
    Verb.ACTIVATE: Activate,
    Verb.POWER_FACTOR: PFWInj,
    Verb.REACTIVE_POWER: VarSet,
}


def verbs(offered: Collection[type[Command]]) -> frozenset[Verb]:
    """Return what can be asked of a unit whose vendor offers some commands."""
    return frozenset(verb for verb, command in COMMANDS.items() if command in offered)


class Code(Enum):
    """Why an order was not carried out: the documented list."""

    UNKNOWN_TARGET = "unknown_target"
    OUT_OF_RANGE = "out_of_range"
    REFUSED_BY_DEVICE = "refused_by_device"
    CONDITION_ACTIVE = "condition_active"
    NO_ANSWER = "no_answer"
    ASLEEP = "asleep"
    DUPLICATE = "duplicate"
    RETAINED = "retained"
    TOO_OLD = "too_old"
    BUDGET = "budget"
    NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request. `target`: site, gateway/<id>, branch/<id> or a slot.

    `value` and `unit` belong to a limit ("W" or "%"), to reactive power ("var" or "%") and, without a unit, to a power
    factor; `for_s` is the lease of a limit, None for no end. `persistent`: units shall keep a limit in their memory,
    too, where they tell the two apart; that wears it out. `by` names the author.
    `issued_at` is the author's own UTC time, None when he gave none; `retained`: the broker replayed it.
    """

    target: str
    verb: Verb
    by: str
    value: float | None = None
    unit: str | None = None
    for_s: float | None = None
    persistent: bool = False
    transaction: str | int | None = None
    issued_at: float | None = None
    retained: bool = False


def once(order: Order, rated_w: float) -> Command:
    """Return the command of an admitted order that is carried out once, for units of `rated_w` together."""
    value = order.value or 0.0
    match order.verb:
        case Verb.ENABLE | Verb.DISABLE:
            return Conn(on=order.verb is Verb.ENABLE)
        case Verb.RESTART:
            return Restart()
        case Verb.ACTIVATE:
            return Activate(permitted=True)
        case Verb.POWER_FACTOR:
            return PFWInj(value)
        case Verb.REACTIVE_POWER:
            return VarSet(100 * value / rated_w if order.unit == "var" else value)
        case Verb.LIMIT:
            raise LocalProtocolError("a limit is kept, not carried out once")


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why."""

    code: Code
    message: str


def unsupported(verb: Verb) -> Refusal:
    """Return the refusal of what no unit, or one of a group, offers."""
    return Refusal(Code.NOT_SUPPORTED, f"{verb.value} is not offered by these inverters")


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What came of an order at one unit.

    `applied` is what was sent, or what the unit held already; `read_back` what the device says and `at` when it said
    so (UTC). `kept`: it was not reached, but the limit stands and is sent as soon as it answers.
    """

    applied: float | bool | None = None
    read_back: float | bool | None = None
    at: float | None = None
    refusal: Refusal | None = None
    kept: bool = False

    @property
    def accepted(self) -> bool:
        """Tell whether the unit does what was asked, or will."""
        return self.refusal is None or self.kept


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an admitted order, by slot."""

    units: Mapping[str, UnitResult]

    @property
    def accepted(self) -> bool:
        """Tell whether at least one unit does what was asked, or will."""
        return any(unit.accepted for unit in self.units.values())

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """Return why units do not do it now, by slot."""
        return {slot: unit.refusal for slot, unit in self.units.items() if unit.refusal is not None}


Outcome: TypeAlias = Report | Refusal
