"""An admitted order on its way: whose results are still to come, and until when somebody waits for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.control.order import Code, Order, Outcome, Refusal, Report, UnitResult

WITHIN_S = 60.0  # for an answer: nobody waits longer, and a switch that is thrown later may surprise somebody


@dataclass(slots=True, eq=False)
class Ticket:
    """Collects the results of one order, one for each of `slots`."""

    order: Order
    slots: Sequence[str]
    due: float
    answer: "asyncio.Future[Outcome]"
    results: dict[str, UnitResult] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        """Tell whether every unit's result is there."""
        return len(self.results) == len(self.slots)

    def report(self) -> Report:
        """Return the results; a unit whose turn has not come in time is left as it is."""
        return Report({slot: self.results.get(slot) or self._late(slot) for slot in self.slots})

    def _late(self, slot: str) -> UnitResult:
        if slot in self.sent:
            return UnitResult(refusal=Refusal(Code.NO_ANSWER, f"sent, and no answer within {WITHIN_S:.0f} s yet"))
        return UnitResult(refusal=Refusal(Code.TOO_OLD, f"its turn did not come within {WITHIN_S:.0f} s; not sent"))
