"""The command `decode`: captured bytes as one JSON object."""

from collections.abc import Sequence
from typing import Any

from protocols.decode import Verdict, identify
from protocols.errors import OpenCombinerError, RemoteProtocolError
from protocols.events import Event
from protocols.points import Channel, Value
from protocols.registry import vendor

MAX_HEX = 64 * 1024  # characters of one argument: the longest message of any vendor is far shorter


class DecodeError(OpenCombinerError):
    """The bytes are not what they were said to be."""


def decode(vendor_name: str, frames: Sequence[str], kind: str | None, request: str | None, serial: str | None) -> Any:
    """Return what a message says, ready for JSON. Raises DecodeError, ConfigError for an unknown vendor."""
    profile = vendor(vendor_name)
    raw = [_bytes(text, f"frame {number}") for number, text in enumerate(frames, start=1)]
    asked = None if request is None else _bytes(request, "request")
    try:
        verdict = identify(profile.kinds, raw, wanted=kind, request=asked, serial=serial)
    except (RemoteProtocolError, LookupError) as error:
        raise DecodeError(str(error)) from None
    return _json(vendor_name, verdict, serial)


def _bytes(text: str, what: str) -> bytes:
    if len(text) > MAX_HEX:
        raise DecodeError(f"{what}: longer than {MAX_HEX} characters")
    try:
        return bytes.fromhex(text.replace(":", " "))
    except ValueError as error:
        raise DecodeError(f"{what}: no hex: {error}") from None


def _json(vendor_name: str, verdict: Verdict, serial: str | None) -> dict[str, Any]:
    said = verdict.decoded
    return {
        "vendor": vendor_name,
        "kind": verdict.kind,
        "serial": said.serial or serial,
        "guessed": verdict.guessed,
        "alternatives": list(verdict.alternatives),
        "values": [_value(channel, value) for channel, value in said.values.items()],
        "events": [_event(event) for event in sorted(said.events, key=lambda event: event.code)],
        "fields": dict(said.fields),
    }


def _value(channel: Channel, value: Value) -> dict[str, Any]:
    return {"point": channel.point.name, "port": channel.port, "value": value, "unit": channel.point.unit}


def _event(event: Event) -> dict[str, Any]:
    return {
        "code": event.code,
        "kind": event.kind.name,
        "text": event.text,
        "alarm_code": event.alarm_code,
        "port": event.port,
    }
