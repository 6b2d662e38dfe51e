"""Whether an order is carried out at all: rules as data, in the order in which they are asked."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeAlias

from gateway.control.limits import FULL_PCT, Unit, members
from gateway.control.order import Code, Order, Refusal, Verb, unsupported

MAX_AGE_S = 30.0  # an order that took longer to arrive was queued somewhere and may do harm now
MAX_LEASE_S = 86_400.0 * 7  # whoever wants more wants no lease
PF_LEAST = 0.8  # what grid codes ask of small plants at most; a unit that takes less says so itself
REMEMBERED = 1000  # transactions kept to know a repetition; at one a second that is a quarter of an hour

Rule: TypeAlias = Callable[[Order, Sequence[Unit], float | None], Refusal | None]


def _retained(order: Order, _: Sequence[Unit], __: float | None) -> Refusal | None:
    if order.retained:
        return Refusal(Code.RETAINED, "a retained command is never carried out; publish it without the retain flag")
    return None


def _age(order: Order, _: Sequence[Unit], utc: float | None) -> Refusal | None:
    if utc is not None and order.issued_at is not None and utc - order.issued_at > MAX_AGE_S:
        return Refusal(Code.TOO_OLD, f"issued {utc - order.issued_at:.0f} s ago; at most {MAX_AGE_S:.0f} s are allowed")
    return None


def _target(order: Order, covered: Sequence[Unit], _: float | None) -> Refusal | None:
    if not covered:
        text = f"no such target: {order.target}; use site, gateway/<id>, branch/<id> or a slot"
        return Refusal(Code.UNKNOWN_TARGET, text)
    return None


def _supported(order: Order, covered: Sequence[Unit], _: float | None) -> Refusal | None:
    if not any(order.verb in unit.verbs for unit in covered):
        return unsupported(order.verb)
    if order.verb is not Verb.LIMIT and order.for_s is not None:
        return Refusal(Code.NOT_SUPPORTED, f"{order.verb.value} takes no for_s")
    return None


def _limit_range(order: Order, covered: Sequence[Unit], _: float | None) -> Refusal | None:
    if order.verb is not Verb.LIMIT:
        return None
    if order.value is None or order.unit not in ("%", "W"):
        return Refusal(Code.OUT_OF_RANGE, "a limit needs a value and a unit, W or %")
    most = FULL_PCT if order.unit == "%" else sum(unit.rated_w for unit in covered)
    if not 0 <= order.value <= most:
        return Refusal(Code.OUT_OF_RANGE, f"limit {order.value:g} {order.unit}: allowed is 0 … {most:g} {order.unit}")
    return None


def _persistence(order: Order, _: Sequence[Unit], __: float | None) -> Refusal | None:
    if order.persistent and (order.verb is not Verb.LIMIT or order.unit != "%" or order.for_s is not None):
        return Refusal(Code.OUT_OF_RANGE, "units keep only limits in % that have no end")
    return None


def _power_factor_range(order: Order, _: Sequence[Unit], __: float | None) -> Refusal | None:
    if order.verb is not Verb.POWER_FACTOR:
        return None
    if order.value is None or order.unit is not None or not PF_LEAST <= abs(order.value) <= 1:
        text = f"a power factor is {PF_LEAST} … 1, or -1 … -{PF_LEAST} for under-excited, and has no unit"
        return Refusal(Code.OUT_OF_RANGE, text)
    return None


def _reactive_range(order: Order, covered: Sequence[Unit], _: float | None) -> Refusal | None:
    if order.verb is not Verb.REACTIVE_POWER:
        return None
    if order.value is None or order.unit not in ("%", "var"):
        return Refusal(Code.OUT_OF_RANGE, "reactive power needs a value and a unit, var or %")
    most = FULL_PCT if order.unit == "%" else sum(unit.rated_w for unit in covered if order.verb in unit.verbs)
    if not -most <= order.value <= most:
        text = f"reactive power {order.value:g} {order.unit}: allowed is -{most:g} … {most:g} {order.unit}"
        return Refusal(Code.OUT_OF_RANGE, text)
    return None


def _lease_range(order: Order, _: Sequence[Unit], __: float | None) -> Refusal | None:
    if order.for_s is not None and not 0 < order.for_s <= MAX_LEASE_S:
        return Refusal(Code.OUT_OF_RANGE, f"for_s {order.for_s:g}: allowed is more than 0, at most {MAX_LEASE_S:.0f}")
    return None


RULES: tuple[Rule, ...] = (
    _retained,
    _age,
    _target,
    _supported,
    _limit_range,
    _persistence,
    _power_factor_range,
    _reactive_range,
    _lease_range,
)


class Admission:
    """Asks the rules and knows repeated transactions."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str | int], None] = OrderedDict()

    def admit(self, order: Order, units: Sequence[Unit], utc: float | None) -> Refusal | list[Unit]:
        """Return the units that an order is for, or why it is refused; `utc` None: the time is not known for sure."""
        covered = members(order.target, units)
        for rule in RULES:
            refusal = rule(order, covered, utc)
            if refusal is not None:
                return refusal
        return self._repeated(order) or covered

    def _repeated(self, order: Order) -> Refusal | None:
        """Remember a transaction; what was refused may come again under the same one."""
        if order.transaction is None:
            return None
        key = (order.by, order.transaction)
        if key in self._seen:
            return Refusal(Code.DUPLICATE, f"transaction {order.transaction} was taken before")
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return None
