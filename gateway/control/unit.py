"""What control keeps of one unit, and what follows from it. Pure."""

from dataclasses import dataclass
from math import inf

from gateway.control.limits import FULL_PCT, Unit
from gateway.control.order import Code, Refusal, UnitResult, Verb, unsupported
from gateway.snapshot import CommState, InverterView
from protocols.commands import WMaxLimPct
from protocols.points import W_MAX_LIM_PCT, Channel, Number

TOLERANCE_PCT = 0.05  # half a step of the wire: closer than that is the same limit
REFUSED_S = 300.0  # before a unit that refused a limit is asked again
RESEND_S = 30.0  # before a limit that did not last is sent again: whoever changes it must not fill the line

_TAKING = (CommState.ONLINE, CommState.DEGRADED)
_KEPT = "the limit is kept and sent as soon as it answers"
_SILENCE = {
    CommState.ASLEEP: Refusal(Code.ASLEEP, f"no light; {_KEPT}"),
    CommState.LOST: Refusal(Code.NO_ANSWER, f"the unit is lost; {_KEPT}"),
    CommState.UNPAIRED: Refusal(Code.NO_ANSWER, f"the unit is not paired; {_KEPT}"),
    CommState.UNKNOWN: Refusal(Code.NO_ANSWER, f"the unit has not been heard since its link came up; {_KEPT}"),
}


@dataclass(slots=True)
class Hand:
    """What is known of a unit, and how far the limit has come that it was sent last.

    `verbs` are what its vendor offers, `keeps`: it writes every limit to its memory. `lasting_pct` is a limit that it
    is still to be told for its memory, where that is not so; a restart of the daemon forgets it. `said_at` is the UTC
    of its last word about its limit, `heard_seq` the number of its last answer to a poll when it did not answer to a
    limit, `wait_until` the loop time before which that limit is not sent again.
    """

    view: InverterView
    verbs: frozenset[Verb] = frozenset(Verb)
    keeps: bool = False
    lasting_pct: float | None = None
    said_at: float | None = None
    told_pct: float | None = None
    refusal: Refusal | None = None
    heard_seq: int = 0
    wait_until: float = -inf

    @property
    def asleep(self) -> bool:
        """Tell whether the unit has no light."""
        return self.view.comm is CommState.ASLEEP

    @property
    def held_pct(self) -> float | None:
        """Return the limit that the unit says it holds; None while it has not said."""
        value = self.view.values.get(_LIMIT)
        return value if isinstance(value, Number) else None

    @property
    def refuses(self) -> bool:
        """Tell whether the unit has refused the limit that it was sent last, or may not be sent another today."""
        return self.refusal is not None and self.refusal.code in (Code.REFUSED_BY_DEVICE, Code.BUDGET)

    @property
    def unit(self) -> Unit:
        """Return the unit as limits see it."""
        who = self.view.identity
        return Unit(who.slot, who.gateway, who.branch, who.rated_w, self._fixed_pct, self.verbs)

    @property
    def _fixed_pct(self) -> float | None:
        """Return what the unit may deliver without obeying: whoever is silent by day may well be feeding in."""
        if Verb.LIMIT not in self.verbs:
            return 0.0 if self.asleep else FULL_PCT
        match self.view.comm:
            case CommState.ASLEEP:
                return 0.0
            case CommState.UNKNOWN | CommState.UNPAIRED:
                return self.held_pct  # where it never spoke, it is taken to hold what an earlier run told it
            case CommState.LOST:
                return self._held_or_full_pct
            case CommState.ONLINE | CommState.DEGRADED:
                return self._held_or_full_pct if self.refuses else None

    @property
    def _held_or_full_pct(self) -> float:
        return FULL_PCT if self.held_pct is None else self.held_pct

    def look(self, view: InverterView) -> bool:
        """Take the newest view; tell whether it may change what is to be sent."""
        before, held_pct, self.view = self.view, self.held_pct, view
        if view.seq != before.seq:
            self.said_at = view.ts
        return view.comm is not before.comm or self.held_pct != held_pct or self.refusal is not None

    def holds(self, wanted_pct: float | None) -> bool:
        """Tell whether nothing is wanted of the unit but what it does; one that says nothing is believed."""
        if wanted_pct is None:
            return True
        if self.held_pct is None:
            return self.told_pct == wanted_pct and self.refusal is None
        return abs(self.held_pct - wanted_pct) <= TOLERANCE_PCT

    def due_at(self, wanted_pct: float | None, now: float) -> float:
        """Return when the unit is to be sent its limit; infinity: not before something happens."""
        if self.view.comm not in _TAKING or (self.holds(wanted_pct) and not self.writes(wanted_pct)):
            return inf
        if self.refusal is not None and self.view.seq == self.heard_seq:
            return inf
        return max(self.wait_until, now) if wanted_pct == self.told_pct else now

    def writes(self, wanted_pct: float | None) -> bool:
        """Tell whether a limit is one that the unit is to be told for its memory."""
        return self.lasting_pct is not None and self.lasting_pct == wanted_pct

    def limit(self, pct: float) -> WMaxLimPct:
        """Return the command that tells the unit its limit."""
        return WMaxLimPct(pct, persistent=self.writes(pct))

    def rise_w(self, wanted_pct: float) -> float:
        """Return how much more the unit may deliver once it is sent a limit."""
        held_pct = FULL_PCT if self.held_pct is None else self.held_pct
        return (wanted_pct - held_pct) / FULL_PCT * self.view.identity.rated_w

    def landed(self, command: WMaxLimPct, refusal: Refusal | None, now: float) -> None:
        """Take note of what came of the limit that was sent."""
        self.refusal = refusal
        if command.persistent and refusal is None:
            self.lasting_pct = None
        self.heard_seq = self.view.seq
        self.wait_until = now + (REFUSED_S if self.refuses else RESEND_S if refusal is None else 0.0)

    def spent(self, until: float) -> None:
        """Take note that its memory was written often enough until a loop time: a limit that needs none can be sent."""
        if self.lasting_pct is not None:
            self.lasting_pct = None
            return
        self.refusal = Refusal(Code.BUDGET, "its memory was written often enough today; the limit is sent tomorrow")
        self.wait_until = until

    def forgive(self, now: float) -> None:
        """Forget a refusal that is old."""
        if self.refuses and now >= self.wait_until:
            self.ask_again()

    def ask_again(self) -> None:
        """Forget what came of the last limit: somebody wants to know anew; what is in its memory is there for good."""
        if self.refusal is not None or not self.keeps:
            self.told_pct = None
        self.refusal = None

    def result(self, wanted_pct: float | None) -> UnitResult:
        """Return how the unit's limit stands."""
        if Verb.LIMIT not in self.verbs:
            return UnitResult(refusal=unsupported(Verb.LIMIT))
        silence = _SILENCE.get(self.view.comm)
        if silence is not None:
            return UnitResult(refusal=silence, kept=True)
        refusal = self.refusal
        if refusal is None and not self.holds(wanted_pct):
            refusal = Refusal(Code.NO_ANSWER, f"it does not show the limit yet; {_KEPT}")
        applied = wanted_pct if self.refusal is None else self.told_pct
        return UnitResult(applied, self.held_pct, self.said_at, refusal, kept=refusal is not None and not self.refuses)


_LIMIT = Channel(W_MAX_LIM_PCT)
