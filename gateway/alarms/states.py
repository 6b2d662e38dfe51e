"""The life of an alarm as a table.

State and suppression are two fields (IEC 62682): the condition is followed on while nobody is bothered by it.
"""

from enum import Enum


class AlarmState(Enum):
    """What an alarm is in, apart from whether it is shown."""

    NORM = "norm"
    UNACK = "unack"  # condition holds, not acknowledged
    ACKED = "acked"  # condition holds, acknowledged
    RTNUN = "rtnun"  # condition gone, not acknowledged
    LATCHED_UNACK = "latched_unack"  # condition gone, held by the latch
    LATCHED_ACKED = "latched_acked"


class Suppression(Enum):
    """Why an alarm is not shown; the last of those that apply."""

    NONE = "none"
    BY_DESIGN = "by_design"  # another alarm, or the night, explains it
    SHELVED = "shelved"  # by an operator, for a time
    OUT_OF_SERVICE = "out_of_service"  # by an operator, until he ends it


class Stimulus(Enum):
    """What happens to an alarm."""

    RAISE = "raise"  # the condition held for the on-delay
    CLEAR = "clear"  # the condition was gone for the off-delay
    LATCH = "latch"  # the same, and the alarm latches
    ACK = "ack"
    RESET = "reset"
    DAY_START = "day_start"  # the unit started to generate after the dark: its self-test passed
    REALARM = "realarm"  # acknowledged long ago, and the condition still holds
    LOCKOUT = "lockout"  # it came so often that it latches
    RECONFIGURED = "reconfigured"  # another grid profile: judged anew
    REPLACED = "replaced"  # another unit or other firmware: judged anew, and the counts begin anew
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SUPPRESS = "suppress"
    RELEASE = "release"
    REMOVE = "remove"  # taken out of service
    RETURN = "return"  # placed in service
    ESCALATE = "escalate"  # somebody is to be called
    OVERTAKEN = "overtaken"  # another alarm of the group proves to have come earlier


_S, _X = AlarmState, Stimulus

TRANSITIONS: dict[tuple[AlarmState, Stimulus], AlarmState] = {
    (_S.NORM, _X.RAISE): _S.UNACK,
    (_S.RTNUN, _X.RAISE): _S.UNACK,
    (_S.LATCHED_UNACK, _X.RAISE): _S.UNACK,
    (_S.LATCHED_ACKED, _X.RAISE): _S.UNACK,
    (_S.UNACK, _X.CLEAR): _S.RTNUN,
    (_S.ACKED, _X.CLEAR): _S.NORM,
    (_S.UNACK, _X.LATCH): _S.LATCHED_UNACK,
    (_S.ACKED, _X.LATCH): _S.LATCHED_ACKED,
    (_S.UNACK, _X.ACK): _S.ACKED,
    (_S.RTNUN, _X.ACK): _S.NORM,
    (_S.LATCHED_UNACK, _X.ACK): _S.LATCHED_ACKED,
    (_S.LATCHED_UNACK, _X.RESET): _S.RTNUN,
    (_S.LATCHED_ACKED, _X.RESET): _S.NORM,
    (_S.LATCHED_UNACK, _X.DAY_START): _S.RTNUN,
    (_S.LATCHED_ACKED, _X.DAY_START): _S.NORM,
    (_S.ACKED, _X.REALARM): _S.UNACK,
    (_S.UNACK, _X.LOCKOUT): _S.UNACK,
    **{(state, _X.RECONFIGURED): _S.NORM for state in _S},
    **{(state, _X.REPLACED): _S.NORM for state in _S},
}

# where nobody has to acknowledge, a cleared alarm is over at once
ACK_FREE = TRANSITIONS | {(_S.UNACK, _X.CLEAR): _S.NORM}

# shown again, an alarm is as the condition says: what was seen before counts no more
REVEALED = {_S.ACKED: _S.UNACK, _S.RTNUN: _S.NORM}

# these change whether an alarm is shown, or note something about it
SHOWING = frozenset({_X.SHELVE, _X.UNSHELVE, _X.SUPPRESS, _X.RELEASE, _X.REMOVE, _X.RETURN})
REMARKS = frozenset({_X.ESCALATE, _X.OVERTAKEN})

ACTIVE = frozenset({_S.UNACK, _S.ACKED})
LATCHED = frozenset({_S.LATCHED_UNACK, _S.LATCHED_ACKED})
