"""Messages of a stock gateway to its clients and to the vendor's server, as kinds."""

from collections.abc import Callable, Sequence

from protocols.decode import Decoded
from protocols.errors import RemoteProtocolError
from protocols.points import Value
from protocols.vendors.apsystems import ecu_tcp as t

PREFIX = "tcp8899_"
Read = Callable[[bytes], Decoded | None]
_COMMANDS = {t.SYSTEM: "system", t.INVERTERS: "inverters", t.SIGNAL: "signal"}
_MEANINGS = {
    t.SYSTEM: "system information",
    t.INVERTERS: "inverter data",
    t.SIGNAL: "signal",
    "0003": "power of a day",
    "0004": "energy",
}
_RECORD_HEAD, _INPUT_CHARS, _INPUTS_AT = 3, 20, 48
_EMA = (b"APS18", b"APS15", b"APS13")


def match(name: str, request: bytes) -> None:
    """Compare an answer with the request that it is said to answer. Raises RemoteProtocolError."""
    asked = t.request_of(request)
    if asked is None:
        raise RemoteProtocolError("the request is no request to a gateway's TCP port 8899")
    wanted = PREFIX + _COMMANDS.get(asked.command, "answer")
    if name != wanted:
        raise RemoteProtocolError(f"the request asks for {wanted}, this is {name}")


def _request(raw: bytes) -> Decoded | None:
    asked = t.request_of(raw)
    if asked is None:
        return None
    fields: dict[str, Value] = {
        "ascii": raw.decode("ascii").rstrip(),
        "cmd": asked.command,
        "meaning": _MEANINGS.get(asked.command, "not known"),
        "ecu_id": asked.ecu_id or None,
        "arguments": asked.arguments or None,
    }
    return Decoded(fields=fields)


def _is(raw: bytes, command: str) -> bool:
    return raw.startswith((b"APS11", b"APS12")) and t.answer_of(raw)[1] == command


def _system(raw: bytes) -> Decoded | None:
    if not _is(raw, t.SYSTEM):
        return None
    said = t.system_of(raw)
    return Decoded(
        fields={
            "group": said.group,
            "cmd": t.SYSTEM,
            "ecu_id": said.ecu_id,
            "model": said.model,
            "lifetime_kwh": said.lifetime_kwh,
            "power_w": said.power_w,
            "today_kwh": said.today_kwh,
            "last_ema_bcd": said.last_ema,
            "inverters": said.inverters,
            "online": said.online,
            "channel": said.channel,
            "version": said.version,
            "timezone": said.zone,
            "mac_eth": said.mac_eth,
            "mac_wifi": said.mac_wifi,
            "tail": said.tail,
        }
    )


def _inverters(raw: bytes) -> Decoded | None:
    if not _is(raw, t.INVERTERS):
        return None
    said = t.inverters_of(raw)
    fields: dict[str, Value] = {"group": said.group, "cmd": t.INVERTERS, "status": said.status}
    if said.status == t.OK:
        fields |= {"timestamp": _time(said.time), "count": len(said.records)}
    for number, record in enumerate(said.records, start=1):
        fields |= {f"inverter_{number}_{name}": value for name, value in _record(record).items()}
    return Decoded(fields=fields)


def _record(record: t.Record) -> dict[str, Value]:
    fields: dict[str, Value] = {"uid": record.serial, "online": int(record.online), "type": record.type}
    if record.watts:
        fields |= {"freq_hz": record.hz, "temp_c": record.temperature_c}
    fields |= {f"p_w_{number}": watt for number, watt in enumerate(record.watts, start=1)}
    return fields | {f"v_v_{number}": volt for number, volt in enumerate(record.volts, start=1)}


def _time(bcd: str) -> str:
    return f"{bcd[:4]}-{bcd[4:6]}-{bcd[6:8]} {bcd[8:10]}:{bcd[10:12]}:{bcd[12:14]}"


def _signal(raw: bytes) -> Decoded | None:
    if not _is(raw, t.SIGNAL):
        return None
    said = t.signal_of(raw)
    return Decoded(
        fields={"group": said.group, "cmd": t.SIGNAL, **{f"level_{uid}": level for uid, level in said.levels}}
    )


def _other(raw: bytes) -> Decoded | None:
    if not raw.startswith((b"APS11", b"APS12")):
        return None
    group, command, body = t.answer_of(raw)
    meaning = _MEANINGS.get(command, "not known")
    return Decoded(fields={"group": group, "cmd": command, "meaning": meaning, "data": body.hex().upper()})


def _ema(raw: bytes) -> Decoded | None:
    """Return what a push to the vendor's server says, by the layout of 2017; newer ones move some borders."""
    if not raw.startswith(_EMA):
        return None
    text = raw.decode("ascii", "replace").rstrip("\n")
    fields: dict[str, Value] = {"message": text[:5], "supported": "no", "layout": "2017, field borders uncertain"}
    if not text.startswith("APS18"):
        return Decoded(fields=fields | {"ascii": text})
    if len(text) < 86 or not (text[7:10].isdigit() and int(text[7:10]) == len(raw) - 1):
        raise RemoteProtocolError(f"an EMA message of {len(raw)} bytes whose length says {text[5:10]}")
    head, *records = text.split("END")
    fields |= {"ecu_id": head[18:30], "timestamp": head[60:74], "online": _number(head[74:77])}
    for number, record in enumerate((each for each in records if each), start=1):
        fields |= {f"inverter_{number}_{name}": value for name, value in _ema_record(record).items()}
    return Decoded(fields=fields)


def _ema_record(record: str) -> dict[str, Value]:
    at = _RECORD_HEAD  # places are counted from the END before the record
    fields: dict[str, Value] = {
        "uid": record[:12],
        "type": record[12:14],
        "grid_v": _number(record[17 - at : 20 - at]),
        "hz": _number(record[20 - at : 25 - at]) / 10,
        "temp_c": _number(record[25 - at : 28 - at]) - 100,
    }
    inputs: Sequence[str] = [
        record[start : start + _INPUT_CHARS] for start in range(_INPUTS_AT - at, len(record), _INPUT_CHARS)
    ]
    for number, part in enumerate(inputs, start=1):
        fields |= {
            f"dc_v_{number}": _number(part[1:6]) / 10,
            f"dc_a_{number}": _number(part[6:9]) / 10,
            f"p_w_{number}": _number(part[15:20]) / 100,
        }
    return fields


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise RemoteProtocolError(f"no number in an EMA message: {text!r}")
    return int(text)


READERS: tuple[tuple[str, Read], ...] = (
    (PREFIX + "request", _request),
    (PREFIX + "system", _system),
    (PREFIX + "inverters", _inverters),
    (PREFIX + "signal", _signal),
    (PREFIX + "answer", _other),
    ("ema", _ema),
)
