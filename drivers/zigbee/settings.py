"""What the driver needs to know about a coordinator and its network."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigbeeSettings:
    """A coordinator; `host` is the gateway's id, from which PAN and extended address follow. Empty: the usual one."""

    url: str
    host: str = ""
    baud: int = 115_200
    hops: int = 1  # to the farthest unit
    greet: bool = True  # False: leave out the broadcast that ends a start-up, as pairing wants it
