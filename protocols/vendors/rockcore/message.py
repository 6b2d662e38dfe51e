"""The two messages, JSON both ways.

    up    {"meta": {"t": 1782000000123}, "data": [{"k": "pa1", "v": 312}, {"k": "pa2", "v": 72}, …]}
    down  {"type": "save", "value": "0", "tsend": 1782000000140, "trecv": 1782000000123, "interval": 30}

Times are ms since 1970; `trecv` repeats the `t` that is answered. Who speaks stands in the topic alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import Any, NoReturn, TypeAlias

from protocols.errors import RemoteProtocolError

MAX_BYTES = 8192  # a report of four inputs takes 600
MAX_KEYS = 256  # no report has 40
MAX_TEXT = 64  # characters of a key or of a value that is a text
MAX_MS = 1 << 53  # what every JSON reader keeps exactly

Raw: TypeAlias = int | float | str


@dataclass(frozen=True, slots=True)
class Uplink:
    """What a unit reports: its own time, and raw values by key."""

    t_ms: int
    raw: Mapping[str, Raw]


class Kind(Enum):
    """What an answer says was done with the report."""

    REGISTER = "register"
    ERR = "err"
    SAVE = "save"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a unit is told for a report; `interval_s` is when it should report next."""

    kind: Kind
    value: str
    sent_ms: int
    echoed_ms: int
    interval_s: int


def parse_uplink(payload: bytes) -> Uplink:
    """Return a report. Raises RemoteProtocolError for whatever else it is."""
    match _json(payload):
        case {"meta": {"t": t}, "data": list(rows)}:
            if len(rows) > MAX_KEYS:
                raise RemoteProtocolError(f"{len(rows)} keys, more than {MAX_KEYS}")
            return Uplink(_ms(t), dict(map(_row, rows)))
        case _:
            raise RemoteProtocolError("no report: meta.t or data is missing")


def encode_uplink(t_ms: int, raw: Mapping[str, Raw]) -> bytes:
    """Return the payload of a report."""
    return _encode({"meta": {"t": t_ms}, "data": [{"k": key, "v": value} for key, value in raw.items()]})


def parse_answer(payload: bytes) -> Answer:
    """Return an answer. Raises RemoteProtocolError for whatever else it is."""
    match _json(payload):
        case {"type": str(kind), "value": str(value), "tsend": sent, "trecv": echoed, "interval": int(interval_s)}:
            if kind not in _KINDS or len(value) > MAX_TEXT or not 0 < interval_s <= 86_400:
                raise RemoteProtocolError("no answer: an impossible type, value or interval")
            return Answer(_KINDS[kind], value, _ms(sent), _ms(echoed), interval_s)
        case _:
            raise RemoteProtocolError("no answer: a field is missing")


def encode_answer(answer: Answer) -> bytes:
    """Return the payload of an answer."""
    return _encode(
        {
            "type": answer.kind.value,
            "value": answer.value,
            "tsend": answer.sent_ms,
            "trecv": answer.echoed_ms,
            "interval": answer.interval_s,
        }
    )


def _json(payload: bytes) -> Any:
    if len(payload) > MAX_BYTES:
        raise RemoteProtocolError(f"{len(payload)} bytes, more than {MAX_BYTES}")
    try:
        return json.loads(payload, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, a number of 5000 digits; brackets without end
        raise RemoteProtocolError(f"no JSON: {error}") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _encode(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _ms(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_MS:
        raise RemoteProtocolError("a time that cannot be")
    return value


def _row(row: object) -> tuple[str, Raw]:
    match row:
        case {"k": str(key), "v": int() | float() | str() as value} if not isinstance(value, bool):
            if key and _fits(key) and _fits(value):
                return key, value
    raise RemoteProtocolError("a row that is no key with a number or a short text")


def _fits(value: Raw) -> bool:
    match value:
        case str():
            return len(value) <= MAX_TEXT and value.isprintable()  # half a surrogate pair is not, and has no UTF-8
        case int():
            return abs(value) <= MAX_MS
        case float():
            return isfinite(value)  # 1e999 is


_KINDS = {kind.value: kind for kind in Kind}
