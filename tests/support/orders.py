"""Somebody who takes orders and answers all of them in one way, or not yet."""

import asyncio
from dataclasses import dataclass, field

from gateway.control.order import Code, Order, Outcome, Refusal


@dataclass
class ScriptedOrders:
    """Keeps the orders it was given, with their answers; `outcome` None leaves those to the test."""

    outcome: Outcome | None = field(default_factory=lambda: Refusal(Code.NOT_SUPPORTED, "nobody is here"))
    taken: list[Order] = field(default_factory=list)
    answers: "list[asyncio.Future[Outcome]]" = field(default_factory=list)

    def submit(self, order: Order) -> "asyncio.Future[Outcome]":
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        if self.outcome is not None:
            answer.set_result(self.outcome)
        self.taken.append(order)
        self.answers.append(answer)
        return answer
