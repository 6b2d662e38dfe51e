"""What captured bytes are: the wrappings in which a frame of this vendor is found, taken off.

FE …                      frames of a coordinator, several in a row
FC FC short 2 RSSI LQI    what a stock gateway's own radio module hands up: serial 6, L2
6 bytes, FB FB …          id and L2 as on the air; captures may have 3 or 4 bytes of the coordinator's behind it
FB FB …                   L2 alone
"""

from dataclasses import dataclass, field

from protocols.decode import Fields
from protocols.errors import RemoteProtocolError
from protocols.modems.znp.commands import Command, incoming_of, request_of
from protocols.modems.znp.frame import SOF, Frame, decode_all
from protocols.modems.znp.network import CLUSTER_IN, CLUSTER_OUT
from protocols.vendors.apsystems import l2
from protocols.vendors.apsystems.codec import signal_pct
from protocols.vendors.apsystems.family import SERIAL_BYTES, serial_of
from protocols.vendors.apsystems.foreign import encrypted
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.znp_fields import burst_fields

MODULE_HEAD = b"\xfc\xfc"
_MODULE_BYTES = 6  # head, short address, RSSI, LQI
_BEHIND = frozenset({0, 3, 4})  # bytes of the coordinator's frame that publishers left behind the application's
_JUNK = b"\xf0\xf8"
_PAIRING = frozenset({Command.DATA_REQUEST_EXT, Command.DATA_ANSWER_EXT})


@dataclass(frozen=True, slots=True)
class Captured:
    """A frame without its wrappings; `kind` is set where the wrapping says it all."""

    kind: str | None = None
    frame: L2 | None = None
    is_answer: bool = False
    serial: str | None = None
    lqi: int | None = None
    fields: Fields = field(default_factory=dict)


def unwrap(raw: bytes) -> Captured | None:
    """Return what the wrappings hold, None when there is none. Raises RemoteProtocolError when it is damaged."""
    if raw.lstrip(_JUNK)[:1] == bytes((SOF,)):
        return _burst(decode_all(raw))
    if raw[:2] == MODULE_HEAD:
        return _module(raw)
    if raw[:2] == l2.HEAD:
        frame = l2.decode(raw)
        return Captured(frame=frame, is_answer=not _asks(frame))
    if raw[SERIAL_BYTES : SERIAL_BYTES + 2] == l2.HEAD:
        return application(_cut(raw))
    return None


def application(data: bytes, fields: Fields | None = None, lqi: int | None = None) -> Captured:
    """Return what the data of a message hold: id and L2, unless that is encrypted."""
    first = data[:SERIAL_BYTES].hex()
    if data[SERIAL_BYTES : SERIAL_BYTES + 1] and data[SERIAL_BYTES] < l2.PLAIN_FROM:
        return Captured(
            "aes", serial=first if first.isdigit() else None, fields={**(fields or {}), **encrypted(len(data))}
        )
    frame = l2.decode(data[SERIAL_BYTES:])
    if _asks(frame):
        return Captured(frame=frame, lqi=lqi, fields={**(fields or {}), "ecu_rev": data[:SERIAL_BYTES].hex().upper()})
    return Captured(frame=frame, is_answer=True, serial=serial_of(data[:SERIAL_BYTES]), lqi=lqi, fields=fields or {})


def _asks(frame: L2) -> bool:
    """Tell whether a frame alone looks like a request: five bytes of body, and no acknowledgement."""
    acknowledges = frame.command in (0xDE, 0xDF) and any(frame.body)
    return frame.command == 0x00 or (len(frame.body) == 5 and not acknowledges)


def _cut(raw: bytes) -> bytes:
    """Return id and L2 without the bytes that some publishers left behind them."""
    if len(raw) < SERIAL_BYTES + l2.EXTRA:
        raise RemoteProtocolError(f"an application frame of {len(raw)} bytes")
    end = SERIAL_BYTES + raw[SERIAL_BYTES + 2] + 7
    if raw[end - 2 : end] != l2.TAIL and raw[end : end + 2] == l2.TAIL:
        end += 2  # a QS1A, whose length byte is 2 short
    if len(raw) > end and len(raw) - end not in _BEHIND:
        raise RemoteProtocolError(f"{len(raw) - end} bytes behind the L2 frame")
    return raw[:end]


def _module(raw: bytes) -> Captured:
    if len(raw) < _MODULE_BYTES + SERIAL_BYTES + l2.EXTRA:
        raise RemoteProtocolError(f"a radio module's message of {len(raw)} bytes")
    fields: Fields = {"short_address": f"0x{raw[2:4].hex().upper()}", "rssi_lqi_bytes": raw[4:6].hex().upper()}
    return application(raw[_MODULE_BYTES:], fields)


def _burst(frames: list[Frame]) -> Captured:
    fields = burst_fields(frames)
    for frame in frames:
        if frame.command == Command.INCOMING:
            message = incoming_of(frame)
            if message.cluster == CLUSTER_IN:
                return application(message.data, fields, message.lqi)
            if message.cluster == CLUSTER_OUT:
                return Captured(kind="echo", fields={**fields, "note": "our own request: no unit is there"})
            return Captured(kind="pairing", serial=_serial(fields), fields=fields)
    asked = next((frame for frame in frames if frame.command == Command.DATA_REQUEST), None)
    if asked is not None:
        return application(request_of(asked).message.data, fields)
    if any(frame.command in _PAIRING for frame in frames):
        return Captured(kind="pairing", serial=_serial(fields), fields=fields)
    return Captured(kind="coordinator", fields=fields)


def _serial(fields: Fields) -> str | None:
    serial = fields.get("serial")
    return serial if isinstance(serial, str) else None


def link_fields(captured: Captured) -> Fields:
    """Return the strength of the link, where it is known."""
    if captured.lqi is None:
        return {}
    return {"lqi": captured.lqi, "signal_percent": round(signal_pct(captured.lqi), 1)}
