from typing import Any

import pytest

from gateway.control.admit import MAX_AGE_S, MAX_LEASE_S, REMEMBERED, Admission
from gateway.control.limits import Unit
from gateway.control.order import Code, Order, Refusal, Verb, verbs
from protocols.commands import Activate, Conn, PFWInj, Restart, VarSet, WMaxLimPct

NOON = 1_782_043_200.0
OFFERED = verbs({WMaxLimPct, Conn, Restart, Activate})
PLANT = (
    Unit("a", "east", "b1", 400.0, verbs=OFFERED),
    Unit("b", "east", "b1", 500.0, verbs=OFFERED),
    Unit("c", "west", "b2", 450.0, verbs=verbs({WMaxLimPct, Conn})),
    Unit("d", "radio", "b3", 300.0, verbs=verbs({PFWInj, VarSet})),
)
DEFAULTS: dict[Verb, dict[str, Any]] = {Verb.LIMIT: {"value": 50.0, "unit": "%"}, Verb.REACTIVE_POWER: {"unit": "%"}}


def order(target: str = "a", verb: Verb = Verb.LIMIT, **facts: Any) -> Order:
    return Order(target=target, verb=verb, **{"by": "tester", **DEFAULTS.get(verb, {}), **facts})


def verdict(wanted: Order, utc: float | None = NOON) -> Code | list[str]:
    admitted = Admission().admit(wanted, PLANT, utc)
    return admitted.code if isinstance(admitted, Refusal) else [unit.slot for unit in admitted]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (order("a"), ["a"]),
        (order("branch/b1"), ["a", "b"]),
        (order("gateway/west"), ["c"]),
        (order("site"), ["a", "b", "c", "d"]),
        (order("z"), Code.UNKNOWN_TARGET),
        (order("branch/b9"), Code.UNKNOWN_TARGET),
        (order(""), Code.UNKNOWN_TARGET),
        (order(retained=True), Code.RETAINED),
        (order("z", retained=True), Code.RETAINED),
        (order(issued_at=NOON - MAX_AGE_S), ["a"]),
        (order(issued_at=NOON - MAX_AGE_S - 1), Code.TOO_OLD),
        (order(issued_at=NOON + 3600), ["a"]),
        (order(value=0.0), ["a"]),
        (order(value=100.0), ["a"]),
        (order(value=100.1), Code.OUT_OF_RANGE),
        (order(value=-0.1), Code.OUT_OF_RANGE),
        (order(value=float("nan")), Code.OUT_OF_RANGE),
        (order(value=None), Code.OUT_OF_RANGE),
        (order(unit=None), Code.OUT_OF_RANGE),
        (order(unit="kW"), Code.OUT_OF_RANGE),
        (order(unit="W", value=400.0), ["a"]),
        (order(unit="W", value=400.1), Code.OUT_OF_RANGE),
        (order("site", unit="W", value=1650.0), ["a", "b", "c", "d"]),
        (order("site", unit="W", value=1650.1), Code.OUT_OF_RANGE),
        (order(for_s=MAX_LEASE_S), ["a"]),
        (order(for_s=MAX_LEASE_S + 1), Code.OUT_OF_RANGE),
        (order(for_s=0.0), Code.OUT_OF_RANGE),
        (order(persistent=True), ["a"]),
        (order(persistent=True, unit="W"), Code.OUT_OF_RANGE),
        (order(persistent=True, for_s=60.0), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.POWER_FACTOR, value=0.9, unit=None, persistent=True), Code.OUT_OF_RANGE),
        (order(verb=Verb.ENABLE), ["a"]),
        (order(verb=Verb.ENABLE, for_s=5.0), Code.NOT_SUPPORTED),
        (order("c", verb=Verb.ENABLE), ["c"]),
        (order("c", verb=Verb.RESTART), Code.NOT_SUPPORTED),
        (order("site", verb=Verb.RESTART), ["a", "b", "c", "d"]),
        (order("d", verb=Verb.POWER_FACTOR, value=0.9, unit=None), ["d"]),
        (order("d", verb=Verb.POWER_FACTOR, value=-0.8, unit=None), ["d"]),
        (order("d", verb=Verb.POWER_FACTOR, value=0.79, unit=None), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.POWER_FACTOR, value=1.01, unit=None), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.POWER_FACTOR, value=0.9, unit="%"), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.POWER_FACTOR, value=float("nan"), unit=None), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.POWER_FACTOR, value=None, unit=None), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.POWER_FACTOR, value=0.9, unit=None, for_s=60.0), Code.NOT_SUPPORTED),
        (order("d", verb=Verb.REACTIVE_POWER, value=-100.0), ["d"]),
        (order("d", verb=Verb.REACTIVE_POWER, value=100.1), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.REACTIVE_POWER, value=-300.0, unit="var"), ["d"]),
        (order("d", verb=Verb.REACTIVE_POWER, value=300.1, unit="var"), Code.OUT_OF_RANGE),
        (order("d", verb=Verb.REACTIVE_POWER, value=10.0, unit="W"), Code.OUT_OF_RANGE),
        (order(verb=Verb.POWER_FACTOR, value=0.9, unit=None), Code.NOT_SUPPORTED),
        (order(verb=Verb.REACTIVE_POWER, value=100.0), Code.NOT_SUPPORTED),
    ],
    ids=str,
)
def test_verdicts(wanted: Order, expected: Code | list[str]) -> None:
    assert verdict(wanted) == expected


def test_without_a_clock_nothing_is_too_old() -> None:
    assert verdict(order(issued_at=0.0), utc=None) == ["a"]


def test_a_refusal_says_what_is_allowed() -> None:
    refusal = Admission().admit(order("site", unit="W", value=9000.0), PLANT, NOON)
    assert refusal == Refusal(Code.OUT_OF_RANGE, "limit 9000 W: allowed is 0 … 1650 W")


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (order(transaction="t1"), Code.DUPLICATE),
        (order("b", transaction="t1"), Code.DUPLICATE),
        (order(transaction="t2"), ["a"]),
        (order(transaction="t1", by="another"), ["a"]),
        (order(), ["a"]),
    ],
    ids=["again", "for another target", "another transaction", "another author", "without a transaction"],
)
def test_a_transaction_is_taken_once(second: Order, expected: Code | list[str]) -> None:
    admission = Admission()
    assert not isinstance(admission.admit(order(transaction="t1"), PLANT, NOON), Refusal)
    admitted = admission.admit(second, PLANT, NOON)
    assert (admitted.code if isinstance(admitted, Refusal) else [unit.slot for unit in admitted]) == expected


def test_what_was_refused_may_come_again_under_its_transaction() -> None:
    admission = Admission()
    assert isinstance(admission.admit(order(value=120.0, transaction="t1"), PLANT, NOON), Refusal)
    assert not isinstance(admission.admit(order(value=20.0, transaction="t1"), PLANT, NOON), Refusal)


def test_only_the_newest_transactions_are_remembered() -> None:
    admission = Admission()
    for n in range(REMEMBERED + 1):
        admission.admit(order(transaction=n), PLANT, NOON)
    assert not isinstance(admission.admit(order(transaction=0), PLANT, NOON), Refusal)
    assert isinstance(admission.admit(order(transaction=REMEMBERED), PLANT, NOON), Refusal)
