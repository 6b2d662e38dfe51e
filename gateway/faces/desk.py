"""Where faces read the site, and where they hand in what they are told."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gateway.alarms.alarm import Refused
from gateway.alarms.command import Command
from gateway.alarms.engine import Standing
from gateway.alarms.reset import Answer
from gateway.control.limits import Limit
from gateway.control.order import Code, Order, Outcome, Refusal
from gateway.meter import Measured, Meters
from gateway.snapshot import InverterView, SiteTotals

Wish: TypeAlias = Order | Command
Outcomes: TypeAlias = "asyncio.Future[Outcome] | asyncio.Future[Answer]"


@dataclass(frozen=True, slots=True)
class InForce:
    """A limit in force: `value` of `unit` ("W" or "%"), for `left_s` more, None for no end."""

    value: float
    unit: str
    left_s: float | None


class Plant(Protocol):
    """The site as it is at this moment: all that an answer may depend on."""

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return all slots by their ids, in the order of the site file."""
        ...

    def totals(self) -> SiteTotals:
        """Return the sums over the site."""
        ...

    def standing(self, subject: str | None = None) -> Sequence[Standing]:
        """Return the alarms of a subject, or all, urgent ones first."""
        ...

    def in_force(self, target: str) -> InForce | None:
        """Return the limit that was given for a target."""
        ...

    def meter(self, gateway: str) -> Measured | None:
        """Return what the meter of a gateway says now; None where there is none, or it is silent."""
        ...

    def utc(self) -> float:
        """Return the time for stamps."""
        ...


class Site(Protocol):
    """What the desk needs of the site's state."""

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return all slots by their ids."""
        ...

    def totals(self) -> SiteTotals:
        """Return the sums over the site."""
        ...

    def utc(self) -> float:
        """Return the time for stamps."""
        ...


class Control(Protocol):
    """Whoever carries orders out."""

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Return the limits in force by target."""
        ...

    def submit(self, order: Order) -> "asyncio.Future[Outcome]":
        """Take an order; what is refused at once is done at once."""
        ...


class Alarms(Protocol):
    """Whoever keeps the alarms."""

    def standing(self, subject: str | None = None) -> Sequence[Standing]:
        """Return the alarms of a subject, or all, urgent ones first."""
        ...

    def command(self, command: Command) -> "asyncio.Future[Answer]":
        """Do what an operator asks."""
        ...


class Desk:
    """The site for faces: a `Plant` to read, and where to hand in orders. Build it inside the running loop."""

    def __init__(self, site: Site, control: Control, alarms: Alarms, meters: Meters) -> None:
        self._site = site
        self._control = control
        self._alarms = alarms
        self._meters = meters
        self._loop = asyncio.get_running_loop()

    @property
    def views(self) -> Mapping[str, InverterView]:
        """Return all slots by their ids, in the order of the site file."""
        return self._site.views

    def totals(self) -> SiteTotals:
        """Return the sums over the site."""
        return self._site.totals()

    def standing(self, subject: str | None = None) -> Sequence[Standing]:
        """Return the alarms of a subject, or all, urgent ones first."""
        return self._alarms.standing(subject)

    def utc(self) -> float:
        """Return the time for stamps."""
        return self._site.utc()

    def in_force(self, target: str) -> InForce | None:
        """Return the limit that was given for a target; None where none was, or its lease has ended."""
        limit = self._control.limits.get(target)
        if limit is None or limit.value is None:
            return None
        left_s = None if limit.until is None else max(limit.until - self._loop.time(), 0.0)
        return InForce(limit.value, limit.unit, left_s)

    def meter(self, gateway: str) -> Measured | None:
        """Return what the meter of a gateway says now; None where there is none, or it is silent."""
        return self._meters.at(gateway)

    def carry_out(self, wishes: Iterable[Wish]) -> Refusal | None:
        """Hand in orders and commands; return why the first of them was refused, if it was at once.

        What becomes of those that are on their way is in the audit events and in the next readings.
        """
        return next((refusal for wish in wishes if (refusal := refusal_of(self.hand_in(wish))) is not None), None)

    def hand_in(self, wish: Wish) -> Outcomes:
        """Hand in an order or a command; the future holds what came of it, `refusal_of` why nothing did."""
        return self._control.submit(wish) if isinstance(wish, Order) else self._alarms.command(wish)


def refusal_of(answer: Outcomes) -> Refusal | None:
    """Return why an order or a command was refused as a whole; None where it was not, or not yet."""
    came_of_it = answer.result() if answer.done() and not answer.cancelled() else None
    match came_of_it:
        case Refusal():
            return came_of_it
        case Refused(code, reason):
            return Refusal(_CODES.get(code, Code.REFUSED_BY_DEVICE), reason)
        case _:
            return None


_CODES = {code.value: code for code in Code}
