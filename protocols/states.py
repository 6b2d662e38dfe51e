"""Operating states by their SunSpec 701 and 714 numbers, and the quality of a value (IEC 61850 q)."""

from enum import Enum, IntEnum


class InvSt(IntEnum):
    """Inverter operating state, SunSpec 701.InvSt."""

    OFF = 0
    SLEEPING = 1
    STARTING = 2
    RUNNING = 3
    THROTTLED = 4
    SHUTTING_DOWN = 5
    FAULT = 6
    STANDBY = 7


class ConnSt(IntEnum):
    """Grid connection, SunSpec 701.ConnSt."""

    DISCONNECTED = 0
    CONNECTED = 1


class DCSta(IntEnum):
    """State of a PV input, SunSpec 714.DCSta."""

    OFF = 0
    ON = 1
    WARNING = 2
    ERROR = 3


class ThrotSrc(IntEnum):
    """Why power is limited: bit numbers of SunSpec 701.ThrotSrc."""

    MAX_W = 0
    FIXED_W = 1
    FIXED_VAR = 2
    FIXED_PF = 3
    VOLT_VAR = 4
    FREQ_WATT = 5
    DYN_REACT_CURR = 6
    LVRT = 7
    HVRT = 8
    WATT_VAR = 9
    VOLT_WATT = 10
    SCHEDULED = 11
    LFRT = 12
    HFRT = 13
    DERATED = 14


class Quality(Enum):
    """How far a value may be trusted: IEC 61850 validity, with old data told apart."""

    GOOD = "good"
    QUESTIONABLE = "questionable"
    INVALID = "invalid"
    STALE = "stale"  # IEC 61850 "old data": right once, not refreshed in time
    NIGHT = "night"  # old data whose age is explained: the unit has no light
