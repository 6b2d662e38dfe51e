"""What a captured frame of the open PLC profile may be; the most telling kinds first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from protocols.decode import Decoded, Kind
from protocols.errors import RemoteProtocolError
from protocols.layout import Layout
from protocols.modbus import pdu, rtu
from protocols.points import DCV, HZ, INV_ST, LNV, SN, TMP_CAB, Channel, Number, Value
from protocols.sunspec.chain import chain
from protocols.vendors.atmoce import layout as y
from protocols.vendors.atmoce.events import events

_BLOCKS: Mapping[str, tuple[int, Layout]] = {
    "live": (y.LIVE_AT, y.LIVE),
    "identity": (y.IDENTITY_AT, y.IDENTITY),
    "grid_profile": (y.GRID_PROFILE_AT, y.GRID_PROFILE_BLOCK),
    "control": (y.CONTROL_AT, y.CONTROL),
    **{layout.name: (at, layout) for at, layout in chain(1)},
}
_RANGES = {  # what a living unit can measure; wider than any grid code and any module
    Channel(INV_ST): (0, 7),
    Channel(HZ): (40, 70),
    Channel(LNV): (0, 500),
    Channel(DCV, 1): (0, 120),
    Channel(TMP_CAB): (-60, 150),
}


def _one(frames: Sequence[bytes]) -> tuple[int, bytes]:
    """Return node and PDU of the only frame. Raises RemoteProtocolError."""
    if len(frames) != 1:
        raise RemoteProtocolError(f"{len(frames)} frames; an ADU of this profile is one")
    return rtu.decode(frames[0])


def _answered(frames: Sequence[bytes]) -> tuple[int, bytes]:
    """Return node and data of the answer to a read. Raises RemoteProtocolError."""
    node, body = _one(frames)
    match pdu.decode_answer(body):
        case pdu.ReadAnswer(data):
            return node, data
        case pdu.WriteAnswer() | pdu.ExceptionAnswer():
            raise RemoteProtocolError("no answer to a read")


def _asked(request: bytes | None) -> pdu.ReadRequest | None:
    """Return the read that a known request is. Raises RemoteProtocolError when it is none."""
    if request is None:
        return None
    _, body = rtu.decode(request)
    asked = pdu.decode_request(body)
    if not isinstance(asked, pdu.ReadRequest):
        raise RemoteProtocolError("the request is no read")
    return asked


def _block(at: int, layout: Layout, frames: Sequence[bytes], request: bytes | None) -> Decoded:
    node, data = _answered(frames)
    asked = _asked(request)
    if asked is not None and (asked.start, 2 * asked.count) != (at, layout.size):
        raise RemoteProtocolError(f"the request is not for {layout.name}")
    return _decoded(layout.unpack(data), {"node": node})


def _decoded(unpacked: Mapping[Channel, Value], fields: Mapping[str, Value]) -> Decoded:
    values = {channel: value for channel, value in unpacked.items() if channel.point.unit is not None}
    named = {_name(channel): value for channel, value in unpacked.items() if channel.point.unit is None}
    serial = unpacked.get(Channel(SN))
    return Decoded(
        values,
        events(unpacked),
        {**fields, **named},
        serial if isinstance(serial, str) else None,
        plausible=all(_within(unpacked.get(channel), *limits) for channel, limits in _RANGES.items()),
    )


def _name(channel: Channel) -> str:
    return channel.point.name + (f"_{channel.port}" if channel.port else "")


def _within(value: Value, least: float, most: float) -> bool:
    return not isinstance(value, Number) or least <= value <= most


def _records(frames: Sequence[bytes], request: bytes | None) -> Decoded:
    node, data = _answered(frames)
    asked, size = _asked(request), y.RECORD.size
    if not data or len(data) % size or (asked is not None and asked.start != y.RECORDS_AT):
        raise RemoteProtocolError("no alarm records")
    slots = [y.RECORD.unpack(data[at : at + size]) for at in range(0, len(data), size)]
    return Decoded(fields={"node": node, **dict(_numbered(slots))}, plausible=all(_real(slot) for slot in slots))


def _numbered(slots: Sequence[Mapping[Channel, Value]]) -> Iterator[tuple[str, Value]]:
    for number, slot in enumerate(slots, start=1):
        if slot[Channel(y.ALARM_CODE)]:
            for channel, value in slot.items():
                yield f"{channel.point.name}_{number}", value


def _real(slot: Mapping[Channel, Value]) -> bool:
    return _within(slot[Channel(y.ALARM_CODE)], 0, 10) and _within(slot[Channel(y.ALARM_STAGE)], 0, y.STAGES + 1)


def _request(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    node, body = _one(frames)
    match pdu.decode_request(body):
        case pdu.ReadRequest(start, count):
            return Decoded(fields={"node": node, "start": start, "count": count})
        case pdu.WriteRequest(start, data) if start == y.ASSIGNMENT_AT and len(data) == y.ASSIGNMENT.size:
            return _decoded(y.ASSIGNMENT.unpack(data), {"node": node, "start": start})
        case pdu.WriteRequest(start, data):
            return Decoded(fields={"node": node, "start": start, "data": data.hex()})
        case pdu.ExceptionAnswer():
            raise RemoteProtocolError("no request")


def _short(expected: type[pdu.WriteAnswer | pdu.ExceptionAnswer]) -> Callable[[Sequence[bytes], bytes | None], Decoded]:
    def decode(frames: Sequence[bytes], _: bytes | None) -> Decoded:
        node, body = _one(frames)
        match pdu.decode_answer(body):
            case pdu.WriteAnswer(start, count) if expected is pdu.WriteAnswer:
                return Decoded(fields={"node": node, "start": start, "count": count})
            case pdu.ExceptionAnswer(function, code) if expected is pdu.ExceptionAnswer:
                return Decoded(fields={"node": node, "function": function, "code": code})
            case pdu.ReadAnswer() | pdu.WriteAnswer() | pdu.ExceptionAnswer():
                raise RemoteProtocolError("another answer")

    return decode


def _registers(frames: Sequence[bytes], request: bytes | None) -> Decoded:
    node, data = _answered(frames)
    asked = _asked(request)
    start = {} if asked is None else {"start": asked.start}
    return Decoded(fields={"node": node, **start, "data": data.hex()}, plausible=asked is not None)


KINDS = (
    *(Kind(name, partial(_block, at, layout)) for name, (at, layout) in _BLOCKS.items()),
    Kind("alarm_records", _records),
    Kind("request", _request),
    Kind("write_answer", _short(pdu.WriteAnswer)),
    Kind("exception", _short(pdu.ExceptionAnswer)),
    Kind("registers", _registers),
)
