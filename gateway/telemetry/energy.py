"""The energy ledger: from counters as devices keep them to totals that never fall."""

from dataclasses import dataclass
from math import inf

import structlog

from gateway.rows import LedgerRow
from protocols.points import Channel
from protocols.profile import Counter

MARGIN = 1.2  # times rated power: more than that no unit delivers, not even for a second
TOLERANCE_MWH = 100_000  # the coarsest step of a register: 0.1 kWh
DAY_H = 10.0  # full-load hours of the longest summer day: a device that saves once a day forgets no more
CONFIRM = 3  # readings in a row that must agree before an implausible step is believed
NIGHT_S = 7200.0  # without an answer over midnight: a unit that lives on light has booted since
_UPTIME_DRIFT = 0.05  # of a device's own clock, which nobody corrects
_UPTIME_SLACK_S = 5.0  # an answer may be read late by its own retries

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Instant:
    """When and by whom a counter was read; `at` is loop time, `utc_s` is None while the clock is guessed."""

    serial: str
    at: float
    utc_s: int | None
    uptime_s: int | None


@dataclass(frozen=True, slots=True)
class _Move:
    """What a counter value means: energy to add, the new mark, and whether physics allows it."""

    add_mwh: int
    mark_mwh: int
    sure: bool


class Account:
    """Counts one counter of one slot into its row.

    - A lifetime counter is adopted whole when the slot is new, and is a high-water mark from then on: when it falls by
      up to a day's energy the device has forgotten what was counted already, and nothing is counted twice.
    - One that left the factory with an offset of unknown size is not adopted: its total begins at 0 here.
    - A counter that restarts at every boot is counted from 0 again when its uptime or the counter itself says so; where
      no uptime is known, also when nothing was counted today and the last answer is of another time of light.
    - A wrap is recognised by the small step that it makes.
    - 0 moves nothing: devices show it before they have read their memory, and a true 0 adds nothing either.
    - Another serial is a replacement: the total goes on from the new device's counter.
    - A step that the rated power cannot explain, or a deep fall of a lifetime counter, is held back until CONFIRM
      readings in a row agree. Then a rise is counted (the gateway may have been suspended), a fall is a new start.
    """

    def __init__(self, counter: Counter, row: LedgerRow, rated_w: float) -> None:
        self.channel = Channel(counter.point, counter.port)
        self.row = row
        self._restarts = counter.restarts
        self._offset = counter.offset
        self._modulus_mwh = (counter.wrap_wh + 1) * 1000
        self._mwh_per_s = MARGIN * rated_w / 3.6
        self._day_mwh = round(rated_w * DAY_H * 1000)
        self._at: float | None = None
        self._suspect: tuple[int, float] | None = None  # value and instant of the last implausible reading
        self._agreeing = 0

    def accept(self, value_mwh: int, when: Instant) -> int:
        """Take a counter value and return the energy that it adds to the total, mWh, never negative."""
        if value_mwh <= 0:
            return 0
        if self.row.mark_mwh is None:
            return self._begin(value_mwh, when)
        if self.row.serial != when.serial:
            add = value_mwh if self._restarts else 0
            return self._apply(_Move(add, value_mwh, sure=True), when)
        elapsed_s = self._elapsed_s(when)
        move = self._judge(value_mwh, self._most(elapsed_s), self._rebooted(value_mwh, when, elapsed_s))
        if move.sure or self._confirmed(value_mwh, when.at):
            return self._apply(move, when)
        return 0

    def _begin(self, value_mwh: int, when: Instant) -> int:
        row = self.row
        if self._restarts:
            return self._apply(_Move(value_mwh, value_mwh, sure=True), when)
        if row.total_mwh == 0 and not self._offset:
            row.total_mwh = row.day_base_mwh = row.previous_base_mwh = value_mwh
        return self._apply(_Move(0, value_mwh, sure=True), when)

    def _judge(self, value_mwh: int, most_mwh: float, rebooted: bool | None) -> _Move:  # noqa: FBT001 - three-valued
        mark_mwh = self.row.mark_mwh or 0
        rise = value_mwh - mark_mwh
        if self._restarts and rebooted:
            return _Move(value_mwh, value_mwh, sure=value_mwh <= most_mwh)
        if rise >= 0:
            return _Move(rise, value_mwh, sure=rise <= most_mwh)
        wrapped = rise + self._modulus_mwh
        if 0 <= wrapped <= min(most_mwh, self._day_mwh):
            return _Move(wrapped, value_mwh, sure=True)
        if self._restarts:
            return _Move(value_mwh, value_mwh, sure=rebooted is None and value_mwh <= most_mwh)
        if -rise <= self._day_mwh:
            return _Move(0, mark_mwh, sure=True)
        return _Move(0, value_mwh, sure=False)

    def _apply(self, move: _Move, when: Instant) -> int:
        row = self.row
        row.total_mwh += move.add_mwh
        row.mark_mwh = move.mark_mwh
        row.serial, row.uptime_s, row.seen_s = when.serial, when.uptime_s, when.utc_s
        self._at = when.at
        self._suspect = None
        self._agreeing = 0
        return move.add_mwh

    def _most(self, elapsed_s: float | None) -> float:
        return inf if elapsed_s is None else self._mwh_per_s * elapsed_s + TOLERANCE_MWH

    def _elapsed_s(self, when: Instant) -> float | None:
        """Return the time since the last counted answer; None after a restart of the gateway without a clock."""
        if self._at is not None:
            return when.at - self._at
        if when.utc_s is None or self.row.seen_s is None or when.utc_s < self.row.seen_s:
            return None
        return when.utc_s - self.row.seen_s

    def _rebooted(self, value_mwh: int, when: Instant, elapsed_s: float | None) -> bool | None:
        """Tell whether the device has booted since the last counted answer; None where its uptime is unknown.

        An uptime too short for the energy is no proof: the uptime itself may wrap.
        """
        if when.uptime_s is None or self.row.uptime_s is None:
            slept = self.row.total_mwh == self.row.day_base_mwh and elapsed_s is not None and elapsed_s > NIGHT_S
            return True if self._restarts and slept else None
        if elapsed_s is None:
            short = when.uptime_s < self.row.uptime_s
        else:
            expected_s = self.row.uptime_s + elapsed_s * (1 - _UPTIME_DRIFT) - _UPTIME_SLACK_S
            short = when.uptime_s < min(expected_s, elapsed_s * (1 + _UPTIME_DRIFT) + _UPTIME_SLACK_S)
        return short and value_mwh <= self._most(when.uptime_s)

    def _confirmed(self, value_mwh: int, at: float) -> bool:
        """Count implausible readings that agree with one another; tell whether there are enough."""
        row = self.row
        agrees = self._suspect is not None and 0 <= value_mwh - self._suspect[0] <= self._most(at - self._suspect[1])
        if self._suspect is None:
            _log.warning(
                "energy_step_held_back", slot=row.slot, port=row.port, counted_mwh=row.mark_mwh, found_mwh=value_mwh
            )
        self._agreeing = self._agreeing + 1 if agrees else 1
        self._suspect = (value_mwh, at)
        if self._agreeing < CONFIRM:
            return False
        _log.warning("energy_step_believed", slot=row.slot, port=row.port, found_mwh=value_mwh)
        return True
