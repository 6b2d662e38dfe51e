"""What a coordinator's status and state bytes say."""

from collections.abc import Mapping
from enum import IntEnum

SUCCESS = 0x00


class Status(IntEnum):
    """Status of a request (SRSP) or of a message on the air (confirmation)."""

    SUCCESS = 0x00
    FAILURE = 0x01
    INVALID_PARAMETER = 0x02
    NO_MEMORY = 0x10
    BUFFER_FULL = 0x11
    APS_NO_ACK = 0xB7
    NWK_INVALID_REQUEST = 0xC2
    NWK_UNKNOWN_DEVICE = 0xC8
    NWK_NO_ACK = 0xCC
    NWK_NO_ROUTE = 0xCD
    MAC_CHANNEL_ACCESS_FAILURE = 0xE1
    MAC_NO_ACK = 0xE9
    MAC_TRANSACTION_EXPIRED = 0xF0


_TEXTS: Mapping[int, str] = {
    Status.SUCCESS: "good",
    Status.FAILURE: "not done",
    Status.INVALID_PARAMETER: "other firmware, or one that is locked",
    Status.NO_MEMORY: "asked too fast",
    Status.BUFFER_FULL: "asked too fast",
    Status.APS_NO_ACK: "weak link",
    Status.NWK_INVALID_REQUEST: "the coordinator has not started",
    Status.NWK_UNKNOWN_DEVICE: "its short address is out of date",
    Status.NWK_NO_ACK: "weak link on the way",
    Status.NWK_NO_ROUTE: "dark, out of range, or its short address is out of date",
    Status.MAC_CHANNEL_ACCESS_FAILURE: "channel busy",
    Status.MAC_NO_ACK: "dark or out of range",
    Status.MAC_TRANSACTION_EXPIRED: "given up by the radio",
}


class State(IntEnum):
    """State of the coordinator's device object."""

    HOLD = 0x00
    STARTING = 0x08
    STARTED = 0x09


_STATES: Mapping[int, str] = {
    State.HOLD: "not started",
    State.STARTING: "starting as coordinator",
    State.STARTED: "started as coordinator",
}


def status_text(status: int) -> str:
    """Return what a status byte means, with its name and the byte itself."""
    name = Status(status).name if status in _TEXTS else "status"
    return f"{name} ({status:02X}): {_TEXTS.get(status, 'not known')}"


def state_text(state: int) -> str:
    """Return what a state byte means, with the byte itself."""
    return f"{_STATES.get(state, 'not a coordinator')} ({state:02X})"
