"""What captured bytes may be; `recognise` tells it from the bytes, a kind is one of its answers."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

from protocols.decode import Decoded, Fields, Kind
from protocols.errors import RemoteProtocolError
from protocols.points import ALRM, SIGNAL, Channel, Value
from protocols.vendors.apsystems import ecu_kinds, foreign
from protocols.vendors.apsystems.captured import Captured, link_fields, unwrap
from protocols.vendors.apsystems.codec import ACK_BODY, REFUSED, SUCCEEDED, signal_pct
from protocols.vendors.apsystems.events import named_events
from protocols.vendors.apsystems.family import MODEL_BYTES, PREFIXES, Family, family, may_encrypt
from protocols.vendors.apsystems.identity import identity_of
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.layout import BODIES, SLOTS
from protocols.vendors.apsystems.pages import page_fields
from protocols.vendors.apsystems.requests import request_fields
from protocols.vendors.apsystems.telemetry import (
    ANSWER_B1,
    ANSWER_BB,
    UNKNOWN_BODIES,
    body_family,
    common,
    implausible,
    reading,
)

Found = Mapping[str, Decoded]
POLLS = {kind: f"poll_{kind.value.lower()}" for kind in BODIES}
_ALIKE = (Family.QS1, Family.YC600)
_TOLD_BY_SERIAL = frozenset({Family.YC600, Family.QS1, Family.QS1A}) | UNKNOWN_BODIES
_MOST_BYTES = 64 * 1024
_ANSWERS: Mapping[str, frozenset[str]] = {  # kinds that may answer a request, by its command
    "0xBB": frozenset(POLLS.values()),
    "0xDC": frozenset({"info"}),
    "0xDD": frozenset({"page_a"}),
    "0xDE": frozenset({"page_b"}),
    "0xD9": frozenset({"page_c"}),
}


_READERS: tuple[tuple[str, ecu_kinds.Read], ...] = (
    ("ecu_modem", foreign.ecu_modem),
    *ecu_kinds.READERS,
    ("ota", foreign.ota),
    ("aes", foreign.aes),
)


@lru_cache(maxsize=16)
def recognise(raw: bytes) -> Found:
    """Return what a message may be, by kind. Raises RemoteProtocolError with the reason when it is damaged."""
    captured = unwrap(raw)
    if captured is not None:
        return _within(captured)
    for name, read in _READERS:
        decoded = read(raw)
        if decoded is not None:
            return {name: decoded}
    raise RemoteProtocolError("no APsystems message: neither FE, FB FB nor FC FC begins it, nor APS")


def _within(captured: Captured) -> Found:
    if captured.kind is not None or captured.frame is None:
        return {captured.kind or "coordinator": Decoded(fields=captured.fields, serial=captured.serial)}
    if not captured.is_answer:
        asked = request_fields(captured.frame)
        return {"request": Decoded(fields={"cmd": asked["l2_cmd"], **captured.fields, **asked})}
    return _answer(captured, captured.frame)


def _answer(captured: Captured, frame: L2) -> Found:
    said = _serial_fields(captured, frame)
    if frame.command in (ANSWER_B1, ANSWER_BB):
        return {POLLS[kind]: _poll(captured, frame, kind, said) for kind in _families(captured, frame)}
    info, page = identity_of(frame), page_fields(frame)
    if info is not None:
        model = MODEL_BYTES.get(info.model)
        told: dict[str, Value] = {
            "model_byte": f"0x{info.model:02X}",
            "model": model.value if model else None,
            "firmware": info.firmware,
            "version": _version_number(info.version),
        }
        return {"info": Decoded(fields=said | told, serial=captured.serial)}
    if page is not None:
        name, known = page
        return {name: Decoded(fields=said | known, serial=captured.serial)}
    if frame.command in (SUCCEEDED, REFUSED) and len(frame.body) == ACK_BODY:
        word = "success" if frame.command == SUCCEEDED else "failure"
        return {"ack": Decoded(fields=said | {"ack": word}, serial=captured.serial)}
    raise RemoteProtocolError(f"an answer {frame.command:02X} of {len(frame.body)} bytes: not known")


def _version_number(parts: tuple[int, ...]) -> int:
    number = 0
    for part in parts:
        number = 1000 * number + part
    return number


def _serial_fields(captured: Captured, frame: L2) -> dict[str, Value]:
    fields: dict[str, Value] = dict(captured.fields)
    fields |= link_fields(captured)
    fields |= {
        "reply_cmd": f"{frame.command:02X}",
        "l2_len": len(frame.body) + 8,
        "l2_checksum": "match" if frame.check is None else "zero (not used)",
    }
    if captured.serial is not None and may_encrypt(captured.serial):
        fields["aes"] = "a unit of this series may encrypt; this answer is plain"
    return fields


def _families(captured: Captured, frame: L2) -> tuple[Family, ...]:
    """Return the families that may have built an answer: one, unless a QS1's and a YC600's look alike."""
    kind = body_family(frame, _known(captured))
    return _ALIKE if kind in _ALIKE and _known(captured) is None else (kind,)


def _known(captured: Captured) -> Family | None:
    """Return the family that the serial number tells, if it decides how an answer is read."""
    kind = None if captured.serial is None else family(captured.serial)
    return kind if kind in _TOLD_BY_SERIAL else None


def _poll(captured: Captured, frame: L2, kind: Family, said: Fields) -> Decoded:
    values = reading(kind, frame.body)
    shown = common(values)
    word = shown.pop(Channel(ALRM))
    own = {channel.point.name: value for channel, value in values.items() if channel not in shown}
    if captured.lqi is not None:
        shown[Channel(SIGNAL)] = signal_pct(captured.lqi)
    codes = {c.point.name: v for c, v in shown.items() if c.point.unit is None}
    fields: dict[str, Value] = {
        "family": kind.value,
        **said,
        **own,
        **codes,
        **{f"slot_{port}": slot for port, slot in enumerate(SLOTS[kind], start=1)},
        **_raw_status(kind, frame.body),
    }
    measured = {channel: value for channel, value in shown.items() if channel.point.unit is not None}
    events = named_events(word) if isinstance(word, int) else frozenset()
    doubtful = implausible(kind, values) or _doubt(kind, captured, frame.body)
    return Decoded(measured, events, fields, captured.serial, plausible=doubtful is None)


def _raw_status(kind: Family, body: bytes) -> dict[str, Value]:
    if BODIES[kind].size == 91:
        return {"status_0x0b_0x0f": body[0x0B:0x10].hex().upper()}
    opened = "".join(slot for bit, slot in enumerate("AB") if body[0x39] >> bit & 1)
    return {"status_0x17_0x1a": body[0x17:0x1B].hex().upper(), "open_inputs": opened}


def _doubt(kind: Family, captured: Captured, body: bytes) -> str | None:
    """Return what speaks against a family where the serial number is not known: a YC600 has no uptime at byte 14."""
    if kind not in _ALIKE or _known(captured) is not None:
        return None
    like_yc600 = not any(body[0x14:0x16])
    return None if like_yc600 == (kind is Family.YC600) else "the uptime stands elsewhere"


def _decode(name: str, frames: Sequence[bytes], request: bytes | None) -> Decoded:
    raw = b"".join(frames)
    if len(raw) > _MOST_BYTES:
        raise RemoteProtocolError(f"{len(raw)} bytes: longer than any message")
    found = recognise(raw)
    if name not in found:
        raise RemoteProtocolError(f"it is {' or '.join(found)}")
    if request is not None:
        _match(name, request)
    return found[name]


def _match(name: str, request: bytes) -> None:
    """Compare a kind with the request that it is said to answer. Raises RemoteProtocolError."""
    asked = recognise(request)
    if name.startswith(ecu_kinds.PREFIX):
        ecu_kinds.match(name, request)
    elif "request" not in asked:
        raise RemoteProtocolError(f"the request is no request: it is {' or '.join(asked)}")
    elif name not in (wanted := _ANSWERS.get(str(asked["request"].fields["l2_cmd"]), frozenset({"ack"}))) | {"ack"}:
        raise RemoteProtocolError(f"the request asks for {' or '.join(sorted(wanted))}, this is {name}")


_NAMES = (
    *POLLS.values(),
    *("info", "page_a", "page_b", "page_c", "ack", "request", "pairing", "echo", "coordinator"),
    *(name for name, _ in _READERS),
)
_FAMILY_OF = {name: kind for kind, name in POLLS.items()}
_MIXED = frozenset({Family.QS1, Family.QS1A})  # one prefix has both


def _suits(kind: Family, serial: str) -> bool:
    told = PREFIXES.get(serial[:3])
    return told is None or told is kind or {told, kind} == _MIXED


KINDS = tuple(
    Kind(name, partial(_decode, name), partial(_suits, _FAMILY_OF[name]) if name in _FAMILY_OF else None)
    for name in _NAMES
)
