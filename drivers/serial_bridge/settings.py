"""What the driver needs to know about a bridge."""

from dataclasses import dataclass
from typing import Literal

from protocols.modems.radio_frame import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeSettings:
    """A bridge and its radio; `band` and `channel` are those of a cmt2300a."""

    url: str
    radio: Literal["nrf24", "cmt2300a"]
    baud: int = 115_200  # of the serial port
    stuffed: bool = True
    band: Region = Region.EU
    channel: int = Region.EU.work  # where units work once they were called
    latency_s: float = 0.03  # from here to the bridge and back, beside the bytes' own time
