"""What captured bytes may be: radio frames however wrapped, payloads, and what a DTU says northbound."""

from collections.abc import Sequence

from protocols.decode import Decoded, Kind
from protocols.errors import RemoteProtocolError
from protocols.framing import hamming
from protocols.framing.crc import crc16_modbus
from protocols.modems.radio_frame import ANSWER, OWN_MODULE, Main, RadioFrame, channel_of, region_of
from protocols.points import Value
from protocols.vendors.hoymiles import control, northbound
from protocols.vendors.hoymiles.answers import ANSWERS, alarm_record
from protocols.vendors.hoymiles.mi import data_frame, search_reply
from protocols.vendors.hoymiles.requests import NAMES, Information, repeated
from protocols.vendors.hoymiles.wrapping import MAX_FRAMES, apart, head, one, unwrapped

FIRMWARE = 0x0E
_CODED_HEAD = 10  # bytes of a coded packet that tell whose it is: length and the head of the frame


def _request(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    frame = one(frames)
    asked = Information(frame)
    fields: dict[str, Value] = {
        "data_type": asked.kind,
        "data_type_name": NAMES.get(asked.kind),
        "unix_time": asked.utc,
        "gap": asked.gap,
        "alarm_id": asked.sequence,
        "password": f"{asked.password:08x}",
    }
    return Decoded(fields={**head(frame), **fields})


def _fragment_request(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    frame = one(frames)
    number = repeated(frame)
    if number is None:
        raise RemoteProtocolError("no request for a fragment")
    return Decoded(fields={**head(frame), "requested_fragment": number})


def _command(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    frame = one(frames)
    order = control.order_of(frame)
    fields: dict[str, Value] = {"sub_cmd": int(order.action), "action": order.action.name.lower()}
    if order.value is not None:
        raw, code = (int.from_bytes(frame.payload[at : at + 2], "big") for at in (2, 4))
        fields |= {"value_raw": raw, "value_scaled": order.value, "limit_type": f"0x{code:04X}"}
        fields |= {"relative": int(order.relative), "persistent": int(order.persistent)}
    return Decoded(fields={**head(frame), **fields})


def _command_answer(frames: Sequence[bytes], request: bytes | None) -> Decoded:
    frame = one(frames)
    said = control.verdict(frame)
    if request is not None:
        asked = unwrapped(request)
        if control.order_of(asked).action != said.action or asked.inverter != frame.inverter:
            raise RemoteProtocolError("the request is another command")
    accepted = int(said.status == control.ACCEPTED)
    return Decoded(
        fields={**head(frame), "status": f"0x{said.status:04X}", "accepted": accepted, "sub_cmd": said.action}
    )


def _channel_change(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    frame = one(frames)
    channel, region = channel_of(frame), region_of(frame)
    fields: dict[str, Value] = {
        "target": "own RF module" if frame.index == OWN_MODULE else "inverter",
        "region": region.name,
        "channel": channel,
        "frequency_MHz": region.mhz(channel),
        "crc16": "present" if len(frame.payload) > 4 else "none",
    }
    return Decoded(fields={**head(frame), **fields})


class _Body:
    """Decodes frames of one main command whose body no source explains."""

    def __init__(self, main: int, sizes: range) -> None:
        self._main = main
        self._sizes = sizes

    def __call__(self, frames: Sequence[bytes], _: bytes | None) -> Decoded:
        frame = one(frames)
        if frame.main != self._main or len(frame.payload) not in self._sizes:
            raise RemoteProtocolError("another kind of frame")
        return Decoded(fields={**head(frame), "body_hex": frame.payload.hex()})


def _firmware_record(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return a record of a firmware download: length 1, address 2, type 1, data, CRC-16."""
    heard = [unwrapped(frame) for frame in apart(frames)[:MAX_FRAMES]]
    numbers = [frame.number for frame in heard]
    if not heard or numbers != [*range(1, len(heard) + 1)] or any(frame.main != FIRMWARE for frame in heard):
        raise RemoteProtocolError("no record of a firmware download")
    record = b"".join(frame.payload for frame in heard)
    if not heard[-1].last or len(record) < 6 or len(record) != record[0] + 6:
        raise RemoteProtocolError("a firmware record is cut off")
    if crc16_modbus(record[:-2]) != int.from_bytes(record[-2:], "big"):
        raise RemoteProtocolError("wrong CRC-16 in a firmware record")
    fields: dict[str, Value] = {
        "record_len": record[0],
        "address": int.from_bytes(record[1:3], "big"),
        "record_type": record[3],
        "data_hex": record[4:-2].hex(),
    }
    return Decoded(fields={**head(heard[0]), **fields})


def _coded_head(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return what the beginning of a coded sub-GHz packet tells, without any wrong bit."""
    if len(frames) != 1:
        raise RemoteProtocolError("more than one packet")
    data, mended = hamming.decode(frames[0])
    if mended or len(data) <= _CODED_HEAD or not 11 <= data[0] <= 32 or len(data) >= data[0] + 3:
        raise RemoteProtocolError("no beginning of a coded packet")
    frame = RadioFrame(data[1], int.from_bytes(data[2:6], "big"), int.from_bytes(data[6:10], "big"), data[10])
    fields: dict[str, Value] = {**head(frame), "length": data[0], "decoded_hex": data.hex()}
    if frame.main == Main.INFORMATION and len(data) > _CODED_HEAD + 1:
        fields["data_type"] = data[_CODED_HEAD + 1]
    return Decoded(fields=fields, plausible=False)


KINDS = (
    Kind("request", _request),
    Kind("fragment_request", _fragment_request),
    *ANSWERS,
    Kind("command", _command),
    Kind("command_answer", _command_answer),
    Kind("channel_change", _channel_change),
    Kind("channel_answer", _Body(Main.CHANNEL | ANSWER, range(3, 6))),
    Kind("module_query", _Body(Main.MODULE, range(1))),
    Kind("module_answer", _Body(Main.MODULE | ANSWER, range(22))),
    Kind("firmware_record", _firmware_record),
    Kind("search_reply", search_reply),
    Kind("mi_data", data_frame),
    Kind("alarm_record", alarm_record),
    Kind("coded_head", _coded_head),
    Kind("tcp", northbound.tcp),
    Kind("modbus_port_record", northbound.port_record),
    Kind("modbus_dtu_serial", northbound.dtu_serial),
)
