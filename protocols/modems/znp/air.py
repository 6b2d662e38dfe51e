"""Datagrams between a link and its users: application messages, and what the coordinator says of their delivery.

    byte  0         2            4     5      6      n-2
          node, 2   cluster, 2   LQI   scope  data   CRC-16, 2      numbers low byte first, the CRC high byte first

This form is ours; it never stands on a UART. The CRC takes the place of the radio's own check sequence, so that
damage is seen wherever a datagram passes. A delivery report has scope REPORT and the status as its only data byte.
"""

from binascii import crc_hqx
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import TypeAlias

from protocols.errors import RemoteProtocolError

BROADCAST = 0xFFFF
COORDINATOR = 0x0000
MOST_LQI = 255
_HEAD = Struct("<HHBB")
_CRC_BYTES = 2
OVERHEAD = _HEAD.size + _CRC_BYTES  # bytes of a datagram beside its data
MAX_DATA = 128  # of a message: two fragments; the longest answer known has 105 bytes


class Scope(IntEnum):
    """Where a message goes, or what a datagram is."""

    OWN_PAN = 0
    ANY_PAN = 1  # a broadcast that units of every PAN hear: pairing
    REPORT = 0x80


@dataclass(frozen=True, slots=True)
class Message:
    """A message to `node` (as sent) or from it (as heard, then with its LQI 0-255)."""

    node: int
    cluster: int
    data: bytes
    lqi: int = 0
    scope: Scope = Scope.OWN_PAN


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message to `node`: a status of `status.Status`."""

    node: int
    status: int


Item: TypeAlias = Message | Report


def datagram(item: Item) -> bytes:
    """Return the datagram of a message or a report."""
    if isinstance(item, Message):
        body = _HEAD.pack(item.node, item.cluster, item.lqi, item.scope) + item.data
    else:
        body = _HEAD.pack(item.node, 0, 0, Scope.REPORT) + bytes((item.status,))
    return body + crc_hqx(body, BROADCAST).to_bytes(_CRC_BYTES, "big")


def content(raw: bytes) -> Item:
    """Return what a datagram holds; raises RemoteProtocolError when it is damaged."""
    if not OVERHEAD <= len(raw) <= OVERHEAD + MAX_DATA:
        raise RemoteProtocolError(f"a datagram of {len(raw)} bytes")
    body, crc = raw[:-_CRC_BYTES], raw[-_CRC_BYTES:]
    if crc_hqx(body, BROADCAST).to_bytes(_CRC_BYTES, "big") != crc:
        raise RemoteProtocolError("bad CRC of a datagram")
    node, cluster, lqi, scope = _HEAD.unpack_from(body)
    data = body[_HEAD.size :]
    if scope == Scope.REPORT:
        if len(data) != 1:
            raise RemoteProtocolError(f"a delivery report of {len(data)} bytes")
        return Report(node, data[0])
    if scope not in (Scope.OWN_PAN, Scope.ANY_PAN):
        raise RemoteProtocolError(f"a datagram of scope {scope}")
    return Message(node, cluster, data, lqi, Scope(scope))
