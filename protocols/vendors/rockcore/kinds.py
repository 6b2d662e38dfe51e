"""What a captured payload may be; its JSON text is given as bytes, its topic is not needed but for the serial."""

from collections.abc import Callable, Sequence

from protocols.decode import Decoded, Kind
from protocols.errors import RemoteProtocolError
from protocols.points import Value
from protocols.vendors.rockcore.codec import answer, values
from protocols.vendors.rockcore.keys import FLAGS, KEYS
from protocols.vendors.rockcore.message import Kind as Answered
from protocols.vendors.rockcore.message import Uplink, parse_answer, parse_uplink


def _one(frames: Sequence[bytes]) -> bytes:
    if len(frames) != 1:
        raise RemoteProtocolError(f"{len(frames)} payloads; a message is one")
    return frames[0]


def _report(expected: Answered) -> Callable[[Sequence[bytes], bytes | None], Decoded]:
    """Return a decoder of the reports that are answered in one way."""

    def decode(frames: Sequence[bytes], _: bytes | None) -> Decoded:
        uplink = parse_uplink(_one(frames))
        due = answer(uplink, 0)
        if due.kind is not expected:
            raise RemoteProtocolError(f"a report that is answered by {due.kind.value}")
        found = values(uplink.raw)
        believed = all(found[key.channel] is not None for name, key in KEYS.items() if name in uplink.raw)
        return Decoded(found, fields=_others(uplink) | {"answer": due.value}, plausible=believed)

    return decode


def _others(uplink: Uplink) -> dict[str, Value]:
    """Return the report's own time, and every key that is no quantity."""
    return {"t": uplink.t_ms} | {key: raw for key, raw in uplink.raw.items() if key not in KEYS and key not in FLAGS}


def _answer(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    said = parse_answer(_one(frames))
    times = {"tsend": said.sent_ms, "trecv": said.echoed_ms, "interval": said.interval_s}
    return Decoded(fields={"type": said.kind.value, "value": said.value, **times})


KINDS = (
    Kind("registration", _report(Answered.REGISTER)),
    Kind("faults", _report(Answered.ERR)),
    Kind("report", _report(Answered.SAVE)),
    Kind("answer", _answer),
)
