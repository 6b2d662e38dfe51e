"""What is in the frames: built and read for either side, host and coordinator.

A sent message, as AF_DATA_REQUEST:

    24 01 | node 2 | ep 14 | ep 14 | cluster 2 | trans | options | radius 0F | length | data
    24 01   E1D5     14      14      0600        01      00        0F          13       19 bytes

A heard message, AF_INCOMING_MSG; three bytes behind its data (source again, radius left) are of no use:

    44 81 | group 2 | cluster 2 | node 2 | ep 14 | ep 14 | broadcast | LQI | security | time 4 | counter | length | data
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Any

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems.znp.air import BROADCAST, OVERHEAD, Message, Scope
from protocols.modems.znp.frame import EXTRA, Frame
from protocols.modems.znp.status import SUCCESS

ENDPOINT = 0x14
PROFILE_ID = 0x0F05
_RADIUS = 0x0F
_EXT_BROADCAST = 0x0F  # address mode of a broadcast
_REQUEST = Struct("<HBBHBBBB")
_REQUEST_EXT = Struct("<B8sBHBHBBBH")
_INCOMING = Struct("<HHHBBBBBIBB")
_DEVICE_INFO = Struct("<B8sHBBB")
_TRAILER = 3
CAPABILITIES = 0x0779  # of the firmware in the captures
DEVICE_TYPE = 7  # coordinator, router and end device all built in


class Command(IntEnum):
    """The commands that are used here; an answer (SRSP) is its request + 0x4000."""

    PING = 0x2101
    REGISTER = 0x2400
    DATA_REQUEST = 0x2401
    DATA_REQUEST_EXT = 0x2402
    START = 0x2600
    WRITE_CONFIGURATION = 0x2605
    DEVICE_INFO = 0x2700
    RESET = 0x4100
    RESET_INDICATION = 0x4180
    DATA_CONFIRM = 0x4480
    INCOMING = 0x4481
    STATE_CHANGE = 0x45C0
    SOURCE_ROUTE = 0x45C4
    PING_ANSWER = 0x6101
    REGISTER_ANSWER = 0x6400
    DATA_ANSWER = 0x6401
    DATA_ANSWER_EXT = 0x6402
    START_ANSWER = 0x6600
    WRITE_CONFIGURATION_ANSWER = 0x6605
    DEVICE_INFO_ANSWER = 0x6700


_HEADS: Mapping[int, Struct] = {  # what stands before a message, where there is one
    Command.DATA_REQUEST: _REQUEST,
    Command.DATA_REQUEST_EXT: _REQUEST_EXT,
    Command.INCOMING: _INCOMING,
}


class Setting(IntEnum):
    """Configuration items of the coordinator."""

    EXTENDED_ADDRESS = 0x01
    STARTUP_OPTION = 0x03
    PAN_ID = 0x83
    CHANNELS = 0x84
    LOGICAL_TYPE = 0x87


@dataclass(frozen=True, slots=True)
class Confirm:
    """What became of the message with that transaction number."""

    status: int
    trans: int


@dataclass(frozen=True, slots=True)
class Request:
    """A message that the host hands over, as the coordinator reads it."""

    message: Message
    trans: int
    options: int = 0


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a coordinator says of itself; `address` is its extended address as it stands on the UART."""

    status: int
    address: bytes
    node: int
    state: int


def ping() -> Frame:
    """Ask whether anybody is there."""
    return Frame(Command.PING)


def reset(*, hard: bool = True) -> Frame:
    """Reset the chip, or only its software."""
    return Frame(Command.RESET, bytes((not hard,)))


def write_configuration(setting: Setting, value: bytes) -> Frame:
    """Write a configuration item."""
    return Frame(Command.WRITE_CONFIGURATION, bytes((setting, len(value))) + value)


def register() -> Frame:
    """Register the endpoint: profile 0F05, device 0100 version 1, inputs 0000 and 0015, no outputs."""
    body = Struct("<BHHBBBHHB").pack(ENDPOINT, PROFILE_ID, 0x0100, 1, 0, 2, 0x0000, 0x0015, 0)
    return Frame(Command.REGISTER, body)


def start() -> Frame:
    """Start the network."""
    return Frame(Command.START)


def device_info() -> Frame:
    """Ask for address and state."""
    return Frame(Command.DEVICE_INFO)


def data_request(message: Message, trans: int, *, options: int = 0) -> Frame:
    """Hand over a message to be sent; raises LocalProtocolError when it is no broadcast and meant for any PAN."""
    length = len(message.data)
    if message.scope is Scope.OWN_PAN:
        head = (message.node, ENDPOINT, ENDPOINT, message.cluster, trans, options, _RADIUS, length)
        return Frame(Command.DATA_REQUEST, _REQUEST.pack(*head) + message.data)
    if message.node != BROADCAST:
        raise LocalProtocolError("only a broadcast goes to any PAN")
    head_ext = (
        *(_EXT_BROADCAST, b"\xff" * 8, ENDPOINT, BROADCAST, ENDPOINT, message.cluster),
        *(trans, options, _RADIUS, length),
    )
    return Frame(Command.DATA_REQUEST_EXT, _REQUEST_EXT.pack(*head_ext) + message.data)


def request_of(frame: Frame) -> Request:
    """Return the message that a host hands over; raises RemoteProtocolError."""
    match frame.command:
        case Command.DATA_REQUEST:
            (node, _, _, cluster, trans, options, _, length), data = _split(_REQUEST, frame)
            scope = Scope.OWN_PAN
        case Command.DATA_REQUEST_EXT:
            (_, _, _, _, _, cluster, trans, options, _, length), data = _split(_REQUEST_EXT, frame)
            node, scope = BROADCAST, Scope.ANY_PAN
        case _:
            raise RemoteProtocolError(f"no data request: {frame.command:04X}")
    if length != len(data):
        raise RemoteProtocolError(f"a data request of {len(data)} bytes that says {length}")
    return Request(Message(node, cluster, data, scope=scope), trans, options)


def answer(request: Frame, status: int = SUCCESS) -> Frame:
    """Return the coordinator's answer to a request that is answered by a status; the start has none."""
    data = b"" if request.command == Command.START else bytes((status,))
    return Frame(request.command + 0x4000, data)


def ping_answer() -> Frame:
    """Return the coordinator's answer to a ping."""
    return Frame(Command.PING_ANSWER, CAPABILITIES.to_bytes(2, "little"))


def reset_indication(reason: int = 2) -> Frame:
    """Tell that the chip has started: transport 2, product 2, version 2.7.2."""
    return Frame(Command.RESET_INDICATION, bytes((reason, 2, 2, 2, 7, 2)))


def state_change(state: int) -> Frame:
    """Tell the state of the coordinator."""
    return Frame(Command.STATE_CHANGE, bytes((state,)))


def device_info_answer(info: DeviceInfo) -> Frame:
    """Return the coordinator's answer about itself."""
    head = _DEVICE_INFO.pack(info.status, info.address, info.node, DEVICE_TYPE, info.state, 0)
    return Frame(Command.DEVICE_INFO_ANSWER, head)


def confirm(status: int, trans: int) -> Frame:
    """Tell what became of a message."""
    return Frame(Command.DATA_CONFIRM, bytes((status, ENDPOINT, trans)))


def source_route(node: int, relays: tuple[int, ...] = ()) -> Frame:
    """Tell over which relays a unit was heard."""
    route = b"".join(each.to_bytes(2, "little") for each in relays)
    return Frame(Command.SOURCE_ROUTE, node.to_bytes(2, "little") + bytes((len(relays),)) + route)


def incoming(message: Message, *, time: int = 0, counter: int = 0, radius: int = 0x0E) -> Frame:
    """Hand up a message that was heard."""
    head = _INCOMING.pack(
        *(0, message.cluster, message.node, ENDPOINT, ENDPOINT, message.scope is Scope.ANY_PAN, message.lqi, 0),
        *(time, counter, len(message.data)),
    )
    return Frame(Command.INCOMING, head + message.data + message.node.to_bytes(2, "little") + bytes((radius,)))


def longest_datagram(uart_bytes: int) -> int:
    """Return the length of the longest datagram heard that a coordinator with such a serial buffer hands up."""
    return uart_bytes - EXTRA - _INCOMING.size - _TRAILER + OVERHEAD


def incoming_of(frame: Frame) -> Message:
    """Return the message that the coordinator hands up; raises RemoteProtocolError."""
    (_, cluster, node, _, _, broadcast, lqi, _, _, _, length), rest = _split(_INCOMING, frame)
    if len(rest) not in (length, length + _TRAILER):
        raise RemoteProtocolError(f"a message of {len(rest)} bytes that says {length}")
    return Message(node, cluster, rest[:length], lqi, Scope.ANY_PAN if broadcast else Scope.OWN_PAN)


def confirm_of(frame: Frame) -> Confirm:
    """Return a confirmation; raises RemoteProtocolError."""
    if len(frame.data) != 3:
        raise RemoteProtocolError(f"a confirmation of {len(frame.data)} bytes")
    return Confirm(frame.data[0], frame.data[2])


def status_of(frame: Frame) -> int:
    """Return the status, or the state, that is a frame's first byte; raises RemoteProtocolError."""
    if not frame.data:
        raise RemoteProtocolError(f"no status in {frame.command:04X}")
    return frame.data[0]


def device_info_of(frame: Frame) -> DeviceInfo:
    """Return what the coordinator says of itself; raises RemoteProtocolError."""
    (status, address, node, _, state, _), _ = _split(_DEVICE_INFO, frame)
    return DeviceInfo(status, address, node, state)


def route_of(frame: Frame) -> tuple[int, tuple[int, ...]]:
    """Return a unit and the relays to it; raises RemoteProtocolError."""
    node, count, relays = frame.data[:2], frame.data[2:3], frame.data[3:]
    if not count or len(relays) != 2 * count[0]:
        raise RemoteProtocolError(f"a route of {len(frame.data)} bytes")
    hops = tuple(int.from_bytes(relays[at : at + 2], "little") for at in range(0, len(relays), 2))
    return int.from_bytes(node, "little"), hops


def reseal(old: Frame, new: Frame, inner: Callable[[bytes, bytes], bytes]) -> Frame:
    """Return `new`, made of `old` by changing data in place; `inner` puts the checksums of a message in it right."""
    head = _HEADS.get(old.command)
    if head is None or len(old.data) != len(new.data) or len(old.data) < head.size:
        return new
    end = head.size + old.data[head.size - 1]  # the last byte of a head is the message's length
    body = inner(old.data[head.size : end], new.data[head.size : end])
    return Frame(new.command, new.data[: head.size] + body + new.data[end:])


def _split(head: Struct, frame: Frame) -> tuple[tuple[Any, ...], bytes]:
    """Return the fields of a head and what follows it."""
    if len(frame.data) < head.size:
        raise RemoteProtocolError(f"{frame.command:04X} with {len(frame.data)} data bytes, not {head.size}")
    return head.unpack_from(frame.data), frame.data[head.size :]
