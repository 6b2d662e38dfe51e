"""What a device says about itself. An alarm is ours, has a state and needs an operator; an event does not."""

from dataclasses import dataclass
from enum import IntEnum


class EventKind(IntEnum):
    """Kinds of event: bit numbers of SunSpec 701.Alrm."""

    GROUND_FAULT = 0
    DC_OVER_VOLT = 1
    AC_DISCONNECT = 2
    DC_DISCONNECT = 3
    GRID_DISCONNECT = 4
    CABINET_OPEN = 5
    MANUAL_SHUTDOWN = 6
    OVER_TEMP = 7
    OVER_FREQUENCY = 8
    UNDER_FREQUENCY = 9
    AC_OVER_VOLT = 10
    AC_UNDER_VOLT = 11
    BLOWN_STRING_FUSE = 12
    UNDER_TEMP = 13
    MEMORY_LOSS = 14
    HW_TEST_FAILURE = 15
    MANUFACTURER_ALRM = 16


@dataclass(frozen=True, slots=True)
class Event:
    """One condition that a device reports: the vendor's raw code, its SunSpec kind, its meaning in our words.

    `alarm_code` is the code 1-10 that the event belongs to, None for a mere state. `cause` is the word that the alarm
    carries as its cause, None where the text says it.
    """

    code: int
    kind: EventKind
    text: str
    alarm_code: int | None = None
    port: int = 0
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """What a device notes when a protection stage acts.

    `extreme` is the worst value in the unit of the code (V, Hz, A, Ohm, °C); both instants are uptime in ms.
    """

    seq: int
    code: int
    stage: int
    extreme: float
    crossed_ms: int
    opened_ms: int
