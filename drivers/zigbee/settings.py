"""What the driver needs to know about a coordinator and its network."""

from dataclasses import dataclass

from protocols.modems.znp.frame import UART_BYTES_LARGE


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigbeeSettings:
    """A coordinator; `host` is the gateway's id, from which PAN and extended address follow. Empty: the usual one."""

    url: str
    host: str = ""
    baud: int = 115_200
    uart_bytes: int = UART_BYTES_LARGE  # serial buffer of its firmware
    hops: int = 1  # to the farthest unit
