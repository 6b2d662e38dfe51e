"""What somebody asks of the plant, and the answers that he may get. The contract is in the MQTT guide."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Verb(Enum):
    """Commands of the contract."""

    LIMIT = "limit"
    ENABLE = "enable"
    DISABLE = "disable"
    RESTART = "restart"
    ACTIVATE = "activate"
    POWER_FACTOR = "power_factor"
    REACTIVE_POWER = "reactive_power"


class Code(Enum):
    """Why an order was not carried out."""

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
    INVALID = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request. `target`: site, gateway/<id>, branch/<id> or a slot.

    `value` and `unit` ("W" or "%") belong to a limit; `for_s` is its lease, None for no end. `by` names the author.
    `issued_at` is the author's own UTC time, None when he gave none; `retained`: the broker replayed it.
    """

    target: str
    verb: Verb
    by: str
    value: float | None = None
    unit: str | None = None
    for_s: float | None = None
    transaction: str | None = None
    issued_at: float | None = None
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """No, and why."""

    code: Code
    message: str


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What came of an order at one unit: what was sent, what the device says now, and when it said so (UTC)."""

    applied: float | bool | None
    read_back: float | bool | None
    at: float | None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What came of an admitted order, by slot."""

    units: Mapping[str, UnitResult]

    @property
    def accepted(self) -> bool:
        """Tell whether at least one unit carried it out."""
        return any(unit.refusal is None for unit in self.units.values())
