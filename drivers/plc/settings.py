"""What the driver needs to know about a modem; the README lists figures."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class PlcSettings:
    """A modem and its line."""

    url: str
    modem: Literal["transparent", "st7580"] = "transparent"
    baud: int = 9600  # of the serial port
    bit_rate: float = 2400.0  # net, on the line
    overhead_bytes: int = 0  # added to every frame on the line
    turnaround_s: float = 0.03  # to change from sending to receiving
    echo: bool = False  # the modem hands back what it sends
