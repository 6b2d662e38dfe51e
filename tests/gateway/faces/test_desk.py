"""Where faces hand in what they are told."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.alarms.alarm import Refused
from gateway.alarms.command import Action, Command
from gateway.control.limits import Limit
from gateway.control.order import Code, Order, Refusal, Report, Verb
from gateway.faces.desk import Desk, InForce
from gateway.meter import Meters
from tests.support import virtual_time
from tests.support.face_plant import StillPlant

ORDER = Order(target="u1", verb=Verb.ENABLE, by="x")
COMMAND = Command(Action.RESET, "u1", 9, "x")


@dataclass
class Hands:
    """Answers orders and commands with what it is given; None leaves them open."""

    outcome: Any = None
    limits: dict[str, Limit] = field(default_factory=dict)
    taken: list[Any] = field(default_factory=list)

    def submit(self, order: Order) -> "asyncio.Future[Any]":
        return self.command(order)

    def command(self, command: Any) -> "asyncio.Future[Any]":
        self.taken.append(command)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.outcome is not None:
            answer.set_result(self.outcome)
        return answer

    def standing(self, _: str | None = None) -> Sequence[Any]:
        return []


def handed_in(hands: Hands, *wishes: Order | Command) -> Refusal | None:
    async def main() -> Refusal | None:
        return Desk(StillPlant(), hands, hands, Meters({})).carry_out(wishes)

    return virtual_time.run(main())


def test_what_is_on_its_way_is_not_waited_for() -> None:
    hands = Hands()
    assert handed_in(hands, ORDER, COMMAND) is None
    assert hands.taken == [ORDER, COMMAND]


def test_a_refusal_at_once_is_told_and_ends_the_rest() -> None:
    refusal = Refusal(Code.OUT_OF_RANGE, "too much")
    hands = Hands(refusal)
    assert handed_in(hands, ORDER, ORDER) == refusal
    assert hands.taken == [ORDER]


def test_a_report_at_once_is_no_refusal() -> None:
    assert handed_in(Hands(Report({})), ORDER) is None


def test_a_reset_that_is_refused_at_once_is_told() -> None:
    refused = Refused("condition_active", "it still holds")
    assert handed_in(Hands(refused), COMMAND) == Refusal(Code.CONDITION_ACTIVE, "it still holds")
    assert handed_in(Hands(Refused("something_new", "?")), COMMAND) == Refusal(Code.REFUSED_BY_DEVICE, "?")


def test_a_limit_in_force_tells_how_long_it_lasts() -> None:
    async def main() -> list[InForce | None]:
        now = asyncio.get_running_loop().time()
        limits = {
            "a": Limit(50, "%", now + 30),
            "b": Limit(None, "%"),
            "c": Limit(300, "W"),
            "d": Limit(1, "%", now - 1),
        }
        desk = Desk(StillPlant(), Hands(limits=limits), Hands(), Meters({}))
        return [desk.in_force(target) for target in ("a", "b", "c", "d", "nobody")]

    assert virtual_time.run(main()) == [
        InForce(50, "%", 30.0),
        None,
        InForce(300, "W", None),
        InForce(1, "%", 0.0),
        None,
    ]
