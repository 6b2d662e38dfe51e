"""Find a coordinator that has stalled, and say what to do about it, without I/O; `now` is the loop's time.

Coordinators stop answering after hours to days. What helps, mildest first: three pings, a soft reset with a start, a
full start-up; then that again at longer and longer intervals.
"""

from dataclasses import dataclass
from enum import Enum

QUIET_S = 300.0  # without a frame, before a ping asks for one
BACKOFF_S = (5.0, 30.0, 120.0, 600.0, 900.0)  # between full start-ups that fail; the last one stays


class Action(Enum):
    """What to do now."""

    PING = "ping"
    SOFT_RESET = "soft_reset"  # StartUp(full=False)
    FULL_START = "full_start"


class Health(Enum):
    """How the coordinator does."""

    OK = "ok"
    SUSPECT = "suspect"  # a question went without an answer
    STALLED = "stalled"  # pings, too
    LOST = "lost"  # a reset did not bring it back


@dataclass(frozen=True, slots=True)
class _Rung:
    action: Action
    health: Health
    wait_s: float  # for success, before the next rung


_PING = _Rung(Action.PING, Health.SUSPECT, 0.7)
_LADDER = (
    _PING,
    _PING,
    _PING,
    _Rung(Action.SOFT_RESET, Health.STALLED, 1.0),
    *(_Rung(Action.FULL_START, Health.LOST, wait_s) for wait_s in BACKOFF_S),
)
_AT_RESET = 3


class Recovery:
    """Climbs the ladder while nothing helps. Carry out `act` whenever `due_at` has come."""

    def __init__(self, now: float) -> None:
        self._rung = 0
        self.health = Health.OK
        self.recovered = 0  # times that it was brought back from STALLED or LOST
        self.due_at = now + QUIET_S

    def heard(self, now: float) -> None:
        """Take note of an answer, or of a start-up that ended well: all is good."""
        self.recovered += self.health in (Health.STALLED, Health.LOST)
        self._rung = 0
        self.health = Health.OK
        self.due_at = now + QUIET_S

    def missed(self, now: float) -> None:
        """Take note of a question without an answer: look at once."""
        if self.health is Health.OK:
            self.health = Health.SUSPECT
            self.due_at = now

    def unstarted(self, now: float) -> None:
        """Take note that the chip has no network: it rebooted by itself, or says so by status C2 or state 08."""
        if self._rung < _AT_RESET:
            self._rung = _AT_RESET
            self.health = Health.STALLED
            self.due_at = now

    @property
    def coming(self) -> Action:
        """Return what `act` will say."""
        return _LADDER[self._rung].action

    def act(self, now: float) -> Action:
        """Return what to do, and be due again when that ought to have helped."""
        rung = _LADDER[self._rung]
        if self._rung or self.health is not Health.OK:  # the ping after a quiet time suspects nothing yet
            self.health = rung.health
        self._rung = min(self._rung + 1, len(_LADDER) - 1)
        self.due_at = now + rung.wait_s
        return rung.action
