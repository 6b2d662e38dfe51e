"""What an operator can ask of an alarm."""

from dataclasses import dataclass
from enum import Enum

from gateway.alarms.alarm import Alarm, Refused
from gateway.alarms.record import Moment, Transition


class Action(Enum):
    """What can be done with an alarm."""

    ACK = "ack"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    REMOVE = "remove"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Command:
    """One request; `for_s` None: shelve as long as the row allows, `one_shot`: at the latest until it clears."""

    action: Action
    subject: str
    code: int
    by: str
    for_s: float | None = None
    one_shot: bool = False


def obey(alarm: Alarm, now: Moment, command: Command) -> Transition | Refused:
    """Do to an alarm what a command asks."""
    match command.action:
        case Action.ACK:
            return alarm.ack(now, command.by)
        case Action.RESET:
            return alarm.reset(now, command.by)
        case Action.SHELVE:
            for_s = alarm.row.shelve_max_s if command.for_s is None else command.for_s
            return alarm.shelve(now, command.by, for_s, one_shot=command.one_shot)
        case Action.UNSHELVE:
            return alarm.unshelve(now, command.by)
        case Action.REMOVE:
            return alarm.remove(now, command.by)
        case Action.PLACE:
            return alarm.place(now, command.by)
