"""Resets of alarms that the device latches itself: it opens its latch first, then we open ours."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from config.alarms import Level
from gateway.alarms.alarm import Refused
from gateway.alarms.command import Command
from gateway.alarms.derive import DEVICE_CODES
from gateway.alarms.engine import Standing
from gateway.alarms.grid_watch import DERIVED
from gateway.alarms.states import ACTIVE, LATCHED
from gateway.snapshot import CommState
from protocols.commands import AlarmReset
from protocols.commands import Command as DeviceCommand
from protocols.exchange import Cause, Done, Failed
from protocols.points import Channel, Value

WITHIN_S = (
    60.0  # from the device's yes to a reading without the alarm: a self-test takes some ten seconds; then its off-delay
)
MAX_TEXT = 200  # of a reason: a cause from outside may stand in it

Answer: TypeAlias = Standing | Refused
DeviceAnswer: TypeAlias = "asyncio.Future[Done[Mapping[Channel, Value]] | Failed]"
Sender: TypeAlias = Callable[[str, DeviceCommand], DeviceAnswer]  # hands the unit in a slot a command

_UNSETTLED = ("condition_active", "no_answer")  # what the next reading may change
_SILENCE: Mapping[CommState, Refused] = {
    CommState.ASLEEP: Refused("asleep", "the unit has no light; not sent"),
    CommState.LOST: Refused("no_answer", "the unit is lost; not sent"),
    CommState.UNPAIRED: Refused("no_answer", "the unit is not paired; not sent"),
    CommState.UNKNOWN: Refused("no_answer", "the unit has not been heard since its link came up; not sent"),
}


@dataclass(slots=True, eq=False)
class _Reset:
    """A reset on its way; `due`, once the device has said yes: until when readings are waited for (loop time, s)."""

    command: Command
    alarm: Standing
    due: float | None = None


class Resets:
    """The resets on their way, one for an alarm at most.

    `senders` hand units commands, `obey` opens our latch or says why not, `conclude` takes what came of it all.
    """

    def __init__(
        self,
        senders: Mapping[str, Sender],
        obey: Callable[[Command], Answer],
        conclude: Callable[[Command, Answer], None],
    ) -> None:
        self._senders = senders
        self._obey = obey
        self._conclude = conclude
        self._loop = asyncio.get_running_loop()
        self._open: dict[tuple[str, int], _Reset] = {}

    def begin(self, command: Command, alarm: Standing, comm: CommState) -> Refused | None:
        """Ask the device to reset; return why it cannot be asked."""
        key = (command.subject, command.code)
        if key in self._open:
            return Refused("duplicate", "a reset of this alarm is on its way")
        if comm in _SILENCE:
            return _SILENCE[comm]
        pending = self._open[key] = _Reset(command, alarm)
        said = self._senders[command.subject](command.subject, AlarmReset())
        said.add_done_callback(partial(self._landed, pending))
        return None

    def deadlines(self) -> Iterator[float]:
        """Yield when resets are given up."""
        return (pending.due for pending in self._open.values() if pending.due is not None)

    def settle(self, subject: str | None = None) -> None:
        """Look whether the alarms that devices have reset are gone, those of a subject or all; give up in time."""
        for pending in [each for each in self._open.values() if subject in (None, each.command.subject)]:
            if pending.due is not None:
                self._try(pending, pending.due)

    def _landed(self, pending: _Reset, said: DeviceAnswer) -> None:
        """Take what the device says."""
        result = Failed(Cause.LINK_DOWN, "the gateway stops") if said.cancelled() else said.result()
        match result:
            case Failed():
                self._close(pending, _failure(result, pending.alarm))
            case Done():
                pending.due = self._loop.time() + WITHIN_S + pending.alarm.row.off_delay_s
                self._try(pending, pending.due)

    def _try(self, pending: _Reset, due: float) -> None:
        answer = self._obey(pending.command)
        if isinstance(answer, Standing) or answer.code not in _UNSETTLED or self._loop.time() >= due:
            self._close(pending, answer)

    def _close(self, pending: _Reset, answer: Answer) -> None:
        del self._open[pending.command.subject, pending.command.code]
        self._conclude(pending.command, answer)


def concerns_device(alarm: Standing) -> bool:
    """Tell whether the device holds a latch, too, that it must open first; of a derived alarm it knows nothing."""
    if alarm.row.level is not Level.UNIT or alarm.row.code not in DEVICE_CODES or alarm.record.cause == DERIVED:
        return False
    return (alarm.row.latches or alarm.record.locked_out) and alarm.record.state in ACTIVE | LATCHED


def _failure(failed: Failed, alarm: Standing) -> Refused:
    """Return what a device's no, or its silence, means for the reset of an alarm."""
    match failed.cause:
        case Cause.REFUSED if alarm.record.state in ACTIVE:
            cause = alarm.record.cause or alarm.row.cause
            return Refused("condition_active", f"the unit refuses, its condition still holds: {cause}"[:MAX_TEXT])
        case Cause.REFUSED:
            return Refused("refused_by_device", f"the unit refuses: {failed.detail}"[:MAX_TEXT])
        case Cause.BUSY:
            return Refused("budget", failed.detail[:MAX_TEXT])
        case _:
            return Refused("no_answer", f"{failed.cause.value} {failed.detail}".strip()[:MAX_TEXT])
