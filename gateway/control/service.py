"""Takes orders, carries them out through the pollers, and keeps every unit at its share of the limits in force.

A limit is a wish that lasts: whenever a unit's own word differs from its share, it is told again, whatever the reason.
A limit that a unit holds already never reaches the medium. Cuts go out before raises, so that a limit on a group is not
exceeded while it moves from one unit to another. All else is done once, and only by units that have light.

Limits and leases outlast a restart of the daemon (`leases.py`); a unit is left as it is until somebody has limited it
or a target around it for the first time.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Protocol, TypeAlias

from gateway.control.admit import Admission
from gateway.control.budget import Budget, to_next_day_s
from gateway.control.leases import Leases
from gateway.control.limits import FULL_PCT, Limit, Unit, shares, stepped
from gateway.control.order import Code, Order, Outcome, Refusal, UnitResult, Verb, once, unsupported, verbs
from gateway.control.ticket import WITHIN_S, Ticket
from gateway.control.unit import Hand
from gateway.snapshot import InverterView
from protocols.commands import Command, Conn, PFWInj, VarSet, WMaxLimPct
from protocols.exchange import Cause, Done, Failed
from protocols.points import CONN, PF_W_INJ, VAR_SET_PCT, W_MAX_LIM_PCT, Channel, Value

MAX_OPEN = 32  # orders on their way: one a second on a link that needs half a minute for a round

Values: TypeAlias = Mapping[Channel, Value]
Answer: TypeAlias = "asyncio.Future[Done[Values] | Failed]"

_CODES = dict.fromkeys(Cause, Code.NO_ANSWER) | {Cause.REFUSED: Code.REFUSED_BY_DEVICE, Cause.BUSY: Code.BUDGET}
_UNSENT = (Cause.LINK_DOWN, Cause.BUSY)


class Sender(Protocol):
    """Whoever talks to the units of one gateway."""

    def submit(self, slot: str, command: Command) -> Answer:
        """Send a command ahead of all polls; the future holds what the unit says after it."""
        ...


class Site(Protocol):
    """What control needs of the site."""

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return all slots by their ids; the set of slots is fixed."""
        ...

    @property
    def clock_trusted(self) -> bool:
        """Tell whether the clock is right for sure."""
        ...

    def utc(self) -> float:
        """Return the time for stamps."""
        ...

    def read_back(self, slot: str, values: Values) -> None:
        """Take what a unit says after a command."""
        ...

    def event(self, kind: str, subject: str, **detail: str | float | None) -> None:
        """Take note of a happening."""
        ...


@dataclass(slots=True)
class _Line:
    """One gateway's units: one command on its way at a time, so that polls get every other turn of a busy link."""

    sender: Sender
    jobs: deque[tuple[Ticket, Hand]] = field(default_factory=deque)  # at most MAX_OPEN for each unit
    flying: Hand | None = None
    cutting: bool = False  # what flies is a tighter limit


class Control:
    """The commands of a site. Build it inside the running loop.

    `senders`, `fallback_pct` and the commands that are `offered` are by gateway.
    """

    def __init__(
        self,
        site: Site,
        senders: Mapping[str, Sender],
        leases: Leases,
        fallback_pct: Mapping[str, float],
        offered: Mapping[str, Collection[type[Command]]],
        budget: Budget,
    ) -> None:
        self._site = site
        self._leases = leases
        self._fallback_pct = fallback_pct
        self._loop = asyncio.get_running_loop()
        self._budget = budget
        self._hands = {
            slot: Hand(
                view,
                verbs(offered[view.identity.gateway]),
                keeps=budget.cost(view.identity, _FULL) > 0,
            )
            for slot, view in site.views.items()
        }
        for hand in self._hands.values():
            hand.told_pct = budget.told_pct(hand.view.identity) if hand.keeps else None
        self._lines = {gateway: _Line(sender) for gateway, sender in senders.items()}
        self._admission = Admission()
        self._open: list[Ticket] = []
        self._wake = asyncio.Event()

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Return the limits in force by target."""
        return self._leases.limits

    def look(self, view: InverterView) -> None:
        """Take the newest view of a unit."""
        if self._hands[view.identity.slot].look(view) and self._leases.limits:
            self._wake.set()

    def submit(self, order: Order) -> "asyncio.Future[Outcome]":
        """Take an order; the future holds what came of it within WITHIN_S, and is cancelled when the daemon stops."""
        answer: asyncio.Future[Outcome] = self._loop.create_future()
        admitted = self._admit(order)
        if isinstance(admitted, Refusal):
            self._conclude(order, admitted, answer)
            return answer
        ticket = Ticket(order, [unit.slot for unit in admitted], self._loop.time() + WITHIN_S, answer)
        self._open.append(ticket)
        if order.verb is Verb.LIMIT:
            self._limit(ticket)
        else:
            self._queue(ticket)
        self._wake.set()
        return answer

    async def run(self) -> None:
        """Carry orders out and keep the limits until cancelled."""
        try:
            while True:
                self._wake.clear()
                until = self._turn(self._loop.time())
                alarm = None if until == inf else self._loop.call_at(until, self._wake.set)
                try:
                    await self._wake.wait()
                finally:
                    if alarm is not None:
                        alarm.cancel()
        finally:
            for ticket in self._open:
                ticket.answer.cancel()

    def _admit(self, order: Order) -> Refusal | list[Unit]:
        if len(self._open) >= MAX_OPEN:
            return Refusal(Code.BUDGET, f"{MAX_OPEN} commands are on their way already; try again later")
        utc = self._site.utc() if self._site.clock_trusted else None
        admitted = self._admission.admit(order, self._units(), utc)
        if isinstance(admitted, Refusal) or all(self._affords(order, self._hands[unit.slot]) for unit in admitted):
            return admitted
        return Refusal(Code.BUDGET, _SPENT)

    def _affords(self, order: Order, hand: Hand) -> bool:
        """Tell whether a unit may be told today to keep a limit, if that is what an order asks."""
        if self._lasting_pct(order, hand) is None:
            return True
        return self._budget.affords(hand.view.identity, _TO_MEMORY, self._site.utc())

    def _lasting_pct(self, order: Order, hand: Hand) -> float | None:
        """Return the limit of an order that a unit is to be told for its memory, where it is not there already."""
        if not order.persistent or order.value is None or hand.keeps:
            return None
        pct = stepped(order.value)
        return None if self._budget.told_pct(hand.view.identity) == pct else pct

    def _units(self) -> list[Unit]:
        return [hand.unit for hand in self._hands.values()]

    def _limit(self, ticket: Ticket) -> None:
        order, now = ticket.order, self._loop.time()
        until = None if order.for_s is None else now + order.for_s
        limit = Limit(order.value, order.unit or "%", until)
        self._leases.put(order.target, limit, order.by, now=now, utc=self._site.utc())
        for slot in ticket.slots:
            hand = self._hands[slot]
            hand.ask_again()
            hand.lasting_pct = self._lasting_pct(order, hand) if order.persistent else hand.lasting_pct

    def _queue(self, ticket: Ticket) -> None:
        for slot in ticket.slots:
            hand = self._hands[slot]
            if ticket.order.verb not in hand.verbs:
                ticket.results[slot] = UnitResult(refusal=unsupported(ticket.order.verb))
            elif hand.asleep:
                ticket.results[slot] = UnitResult(refusal=Refusal(Code.ASLEEP, "the unit has no light; not sent"))
            else:
                self._lines[hand.view.identity.gateway].jobs.append((ticket, hand))

    def _turn(self, now: float) -> float:
        """Do all that can be done now, and return when to look again if nothing happens."""
        for target in self._leases.lapse(now=now, utc=self._site.utc()):
            self._site.event("lease_ended", target)
        for hand in self._hands.values():
            hand.forgive(now)
        wanted = shares(self._leases.limits, self._units(), self._fallback_pct)
        due = {slot: hand.due_at(wanted.get(slot), now) for slot, hand in self._hands.items()}
        if self._overspent(wanted, due, now):
            return now  # the others share what these units do not take
        self._feed(wanted, {slot for slot, at in due.items() if at <= now})
        self._close(wanted, due, now)
        forgiven = [hand.wait_until for hand in self._hands.values() if hand.refuses]
        ends = [ticket.due for ticket in self._open]
        lease_end = self._leases.next_deadline()
        later = [at for at in due.values() if at > now]
        return min(*later, *forgiven, *ends, inf if lease_end is None else lease_end, inf)

    def _overspent(self, wanted: Mapping[str, float], due: Mapping[str, float], now: float) -> bool:
        """Refuse limits that would be written to a memory too often; tell whether there were any."""
        utc = self._site.utc()
        sent = [(self._hands[slot], wanted[slot]) for slot, at in due.items() if at <= now]
        over = [hand for hand, pct in sent if not self._budget.affords(hand.view.identity, hand.limit(pct), utc)]
        for hand in over:
            hand.spent(now + to_next_day_s(utc))
        return bool(over)

    def _feed(self, wanted: Mapping[str, float], due: set[str]) -> None:
        """Give every free line its next command: what was asked once, then cuts, then raises once no cut is left."""
        rises = sorted((self._hands[slot].rise_w(wanted[slot]), slot) for slot in due)
        cutting = any(rise_w < 0 for rise_w, _ in rises) or any(line.cutting for line in self._lines.values())
        changes = [slot for rise_w, slot in rises if rise_w < 0 or not cutting]
        for gateway, line in self._lines.items():
            if line.flying is None and not self._send_once(line):
                mine = (slot for slot in changes if self._hands[slot].view.identity.gateway == gateway)
                slot = next(mine, None)
                if slot is not None:
                    self._send_limit(line, self._hands[slot], wanted[slot])

    def _send_once(self, line: _Line) -> bool:
        while line.jobs:
            ticket, hand = line.jobs.popleft()
            if ticket.answer.done():
                continue  # too late
            who = hand.view.identity
            command = once(ticket.order, self._rated_w(ticket))
            if not self._budget.affords(who, command, self._site.utc()):
                ticket.results[who.slot] = UnitResult(refusal=Refusal(Code.BUDGET, _SPENT))
                continue
            line.flying = hand
            ticket.sent.add(who.slot)
            answer = line.sender.submit(who.slot, command)
            answer.add_done_callback(partial(self._done, line, ticket, hand, command))
            return True
        return False

    def _rated_w(self, ticket: Ticket) -> float:
        """Return the rating of those units of an order that offer what it asks."""
        hands = (self._hands[slot] for slot in ticket.slots)
        return sum(hand.view.identity.rated_w for hand in hands if ticket.order.verb in hand.verbs)

    def _send_limit(self, line: _Line, hand: Hand, pct: float) -> None:
        line.flying, line.cutting = hand, hand.rise_w(pct) < 0
        hand.told_pct, hand.refusal = pct, None
        command = hand.limit(pct)
        answer = line.sender.submit(hand.view.identity.slot, command)
        answer.add_done_callback(partial(self._limited, line, hand, command))

    def _limited(self, line: _Line, hand: Hand, command: WMaxLimPct, answer: Answer) -> None:
        """Take what came of a limit."""
        values, refusal, _ = self._landed(line, hand, command, answer)
        if refusal is None and _LIMIT in values and not hand.holds(command.pct):
            refusal = Refusal(Code.REFUSED_BY_DEVICE, f"told {command.pct:g} %, it says {values[_LIMIT]} %")
        hand.landed(command, refusal, self._loop.time())

    def _done(self, line: _Line, ticket: Ticket, hand: Hand, command: Command, answer: Answer) -> None:
        """Take what came of a command that is carried out once."""
        values, refusal, sent = self._landed(line, hand, command, answer)
        applied, read_back = _applied(command, values)
        if refusal is None and read_back is not None and abs(read_back - applied) > _TOLERANCES.get(type(command), 0):
            refusal = Refusal(Code.REFUSED_BY_DEVICE, f"told {applied}, it says {read_back}")
        at = None if read_back is None else self._site.utc()
        ticket.results[hand.view.identity.slot] = UnitResult(applied if sent else None, read_back, at, refusal)

    def _landed(self, line: _Line, hand: Hand, command: Command, answer: Answer) -> tuple[Values, Refusal | None, bool]:
        """Free the line; return what the unit says, why it did not obey, and whether anything was sent at all."""
        line.flying, line.cutting = None, False
        self._wake.set()
        result = Failed(Cause.LINK_DOWN, "the gateway stops") if answer.cancelled() else answer.result()
        match result:
            case Done(values):
                self._budget.book(hand.view.identity, command, self._site.utc(), obeyed=True)
                self._site.read_back(hand.view.identity.slot, values)
                hand.said_at = self._site.utc() if _LIMIT in values else hand.said_at
                return values, None, True
            case Failed(cause, detail):
                text = f"{cause.value}: {detail}" if detail else cause.value
                sent = cause not in _UNSENT
                if sent:
                    self._budget.book(hand.view.identity, command, self._site.utc(), obeyed=False)
                return {}, Refusal(_CODES[cause], text), sent

    def _close(self, wanted: Mapping[str, float], due: Mapping[str, float], now: float) -> None:
        """Answer the orders that have come to their end, or whose time is over."""
        flying = {line.flying.view.identity.slot for line in self._lines.values() if line.flying is not None}
        still: list[Ticket] = []
        for ticket in self._open:
            settled = ticket.complete
            if ticket.order.verb is Verb.LIMIT:
                settled = all(due[slot] > now and slot not in flying for slot in ticket.slots)
            if settled or now >= ticket.due:
                if ticket.order.verb is Verb.LIMIT:
                    ticket.results = {slot: self._hands[slot].result(wanted.get(slot)) for slot in ticket.slots}
                self._conclude(ticket.order, ticket.report(), ticket.answer)
            else:
                still.append(ticket)
        self._open = still

    def _conclude(self, order: Order, outcome: Outcome, answer: "asyncio.Future[Outcome]") -> None:
        """Say what came of an order, to whoever asked and to whoever wants to know who did what."""
        self._site.event("command", order.target, by=order.by, command=order.verb.value, **_facts(order, outcome))
        if not answer.done():
            answer.set_result(outcome)


def _applied(command: Command, values: Values) -> tuple[float | bool, float | bool | None]:
    """Return what a unit was told, and what it says of it; None where it says nothing."""
    match command:
        case Conn(on):
            said = values.get(_CONN)
            return on, None if said is None else said == 1
        case PFWInj(pf):
            return pf, _number(values.get(_PF_SET))
        case VarSet(pct):
            return pct, _number(values.get(_VAR_SET))
        case _:
            return True, None


def _number(value: Value) -> float | None:
    return value if isinstance(value, int | float) else None


def _facts(order: Order, outcome: Outcome) -> dict[str, str | float]:
    """Return what was asked and the end of it in a few words: ok, partly, or the code of its refusal."""
    asked = {"value": order.value, "unit": order.unit, "for_s": order.for_s, "transaction": order.transaction}
    asked |= {"persistent": order.persistent or None}
    facts = {key: value for key, value in asked.items() if value is not None}
    if isinstance(outcome, Refusal):
        return facts | {"result": outcome.code.value, "message": outcome.message}
    refusals = list(outcome.refusals.values())
    facts |= {"units": len(outcome.units), "failed": len(refusals)}
    if not refusals:
        return facts | {"result": "ok"}
    result = "partly" if outcome.accepted else refusals[0].code.value
    return facts | {"result": result, "message": refusals[0].message}


_LIMIT = Channel(W_MAX_LIM_PCT)
_CONN, _PF_SET, _VAR_SET = Channel(CONN), Channel(PF_W_INJ), Channel(VAR_SET_PCT)
_TOLERANCES: Mapping[type[Command], float] = {PFWInj: 0.002, VarSet: 0.1}  # what a wire resolves is finer
_FULL, _TO_MEMORY = WMaxLimPct(FULL_PCT), WMaxLimPct(FULL_PCT, persistent=True)
_SPENT = "its memory was written often enough today; not sent"
