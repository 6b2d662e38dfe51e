"""What the answer to a request for information may be; the most telling kinds first."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from protocols.decode import Decoded, Kind
from protocols.errors import RemoteProtocolError
from protocols.layout import Layout
from protocols.modems.radio_frame import FRAGMENT_BYTES
from protocols.points import (
    DCA,
    DCV,
    DCW,
    GRID_PROFILE,
    HZ,
    INV_ST,
    LNV,
    PF,
    TMP_CAB,
    W_MAX_LIM_PCT,
    W_RTG,
    Channel,
    Point,
    Value,
)
from protocols.vendors.hoymiles import alarm_log, codec, grid_settings, realtime
from protocols.vendors.hoymiles import layout as y
from protocols.vendors.hoymiles.events import EVENTS, THREE_PHASE, event
from protocols.vendors.hoymiles.models import RATED_W, rated_w
from protocols.vendors.hoymiles.requests import NAMES, DataType
from protocols.vendors.hoymiles.serials import FAMILIES, Radio, family
from protocols.vendors.hoymiles.wrapping import Answer, answer

Values = Mapping[Channel, Value]
_LIVE = (DataType.REALTIME, DataType.REALTIME_REALITY)
_RANGES = {  # what a living unit can measure; wider than any grid code and any module
    HZ: (40, 70),
    LNV: (0, 500),
    DCV: (0, 120),
    DCA: (0, 40),
    TMP_CAB: (-60, 150),
    PF: (0, 1.05),
}
_NO_VOLTAGE, _NO_CURRENT = 5.0, 0.03  # V and A: below is noise of an input without a module
_SLACK_W, _SLACK = 1.0, 0.1  # of a power that is measured at another instant than voltage and current


def _heard(
    kinds: Iterable[int], read: Callable[[Answer], Decoded], frames: Sequence[bytes], request: bytes | None
) -> Decoded:
    """Read an answer; where the bytes make no sense without a checksum either, it is the checksum that is wrong."""
    heard = answer(frames, request, kinds)
    if not heard.unchecked:
        return read(heard)
    try:
        said = read(heard)
    except RemoteProtocolError as error:
        raise RemoteProtocolError(_NO_CHECKSUM) from error
    if not said.plausible:
        raise RemoteProtocolError(_NO_CHECKSUM)
    return said


_NO_CHECKSUM = "wrong CRC-16, and no payload without one"


def _live(layout: Layout, heard: Answer) -> Decoded:
    if not heard.repeats_inverter and layout not in _NAMING:
        raise RemoteProtocolError("the answer names a DTU: that is another family")
    if not heard.whole:
        return _part(layout, heard)
    values = realtime.from_payload(layout, heard.payload)
    return _decoded(values, heard, plausible=_is_plausible(values))


_NAMING = frozenset(each.layout for each in FAMILIES.values() if each.radio is Radio.CMT)


def _part(layout: Layout, heard: Answer) -> Decoded:
    """Return what single fragments of a live answer tell."""
    payload, within = bytearray(layout.size), set[Channel]()
    for at, data in heard.parts:
        if at >= layout.size + 2:
            raise RemoteProtocolError(f"{layout.name} has no such fragment")
        payload[at : at + len(data)] = data
        within.update(layout.channels_within(at, at + len(data)))
    everything = layout.unpack(bytes(payload[: layout.size]))
    values = {
        channel: value for channel, value in everything.items() if channel in within and channel.point is not y.WORD
    }
    if not _is_plausible(values):
        raise RemoteProtocolError(f"no part of {layout.name}")
    return _decoded(realtime.complete(values), heard, plausible=False)


def _is_plausible(values: Values) -> bool:
    ranged = all(_within(value, *_RANGES[c.point]) for c, value in values.items() if c.point in _RANGES)
    return ranged and all(_is_power(values, c.port) for c in values if c.point is DCW)


def _within(value: Value, least: float, most: float) -> bool:
    return not isinstance(value, int | float) or value == 0 or least <= value <= most


def _is_power(values: Values, port: int) -> bool:
    """Tell whether power is the product of voltage and current, as well as their steps allow."""
    watt, volt, amps = (values.get(Channel(point, port)) for point in (DCW, DCV, DCA))
    if not isinstance(watt, int | float) or not isinstance(volt, int | float) or not isinstance(amps, int | float):
        return True
    if volt < _NO_VOLTAGE and amps >= _NO_CURRENT:
        return False
    return abs(volt * amps - watt) <= _SLACK_W + _SLACK * max(watt, volt * amps)


def _decoded(
    values: Values, heard: Answer, *, plausible: bool = True, fields: Mapping[str, Value] | None = None
) -> Decoded:
    measured = {channel: value for channel, value in values.items() if channel.point.unit is not None}
    named = {_NAMES.get(c.point, c.point.name): v for c, v in values.items() if c.point.unit is None}
    return Decoded(measured, fields={**heard.fields, **named, **(fields or {})}, plausible=plausible)


_NAMES: Mapping[Point, str] = {y.EVT_CNT: "event_count", y.WORD: "word0", y.BOOTLOADER: "bootloader", INV_ST: "InvSt"}


def _dev_info_all(heard: Answer) -> Decoded:
    raw = _integers(y.DEV_INFO_ALL.unpack(heard.payload))
    month, day = divmod(raw[y.BUILT_DAY], 100)
    hour, minute = divmod(raw[y.BUILT_AT], 100)
    year = raw[y.BUILT_YEAR]
    fields: dict[str, Value] = {
        "fw_version": codec.version_text(raw[y.FW]),
        "fw_build": f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}",
        "bootloader": raw[y.BOOTLOADER],
        "tail_hex": heard.payload[10:].hex(),
    }
    real = 2010 <= year <= 2060 and 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60
    return Decoded(fields={**heard.fields, **fields}, plausible=real)


def _dev_info_simple(heard: Answer) -> Decoded:
    raw = _integers(codec.hardware_from(heard.payload))
    part, watt = raw[y.HW_PART], rated_w(raw[y.HW_PART])
    fields = {
        "fw_version": codec.version_text(raw[y.FW]),
        "hw_part": f"{part:08x}",
        "hw_version": f"{raw[y.HW_VR] >> 8:02}.{raw[y.HW_VR] & 0xFF:02}",
        "grid_profile_id": f"{raw[y.PROFILE_ID]:04x}",
        "grid_profile_version": f"{raw[y.PROFILE_VR]:04x}",
        "grid_profile": grid_settings.profile_name(raw[y.PROFILE_ID]),
        "tail_hex": heard.payload[12:].hex(),
    }
    values: dict[Channel, Value] = {} if watt is None else {Channel(W_RTG): watt}
    real = part >> 16 in _PART_SERIES and raw[y.FW] > 0
    return Decoded(values, fields={**heard.fields, **fields}, plausible=real)


_PART_SERIES = frozenset(part >> 8 for part in RATED_W)  # all known parts begin like one of these


def _integers(values: Values) -> dict[Point, int]:
    return {channel.point: value for channel, value in values.items() if isinstance(value, int)}


_CONFIG_BYTES = (y.CONFIG.size, 38)  # an MIT sends more, which no source explains


def _config(heard: Answer) -> Decoded:
    if len(heard.payload) not in _CONFIG_BYTES:
        raise RemoteProtocolError(f"a configuration of {len(heard.payload)} bytes")
    values = y.CONFIG.unpack(heard.payload[: y.CONFIG.size])
    limit, pf = values[Channel(W_MAX_LIM_PCT)], values[Channel(y.PF_SET)]
    real = _within(limit, 0, 200) and _within(values[Channel(y.VAR_LIM_PCT)], 0, 200) and _within(pf, 0, 1.05)
    fields = {"rest_hex": heard.payload[8:].hex()}
    return _decoded(values, heard, plausible=real and values[Channel(y.WORD)] in (0, 1, 2, 3), fields=fields)


def _alarms_three_phase(heard: Answer) -> Decoded:
    """Return an alarm log whose codes mean something else on three phases."""
    if all(event(entry.code) == event(entry.code, phases=3) for entry in alarm_log.unpack(heard.payload)):
        raise RemoteProtocolError("nothing in the log depends on the phases")
    return _alarms(heard, phases=3)


def _alarms(heard: Answer, phases: int = 1) -> Decoded:
    entries = alarm_log.unpack(heard.payload)
    fields = {name: value for n, entry in enumerate(entries, 1) for name, value in _entry(entry, f"_{n}").items()}
    known = all(entry.number and (entry.code in EVENTS or entry.code in THREE_PHASE) for entry in entries)
    events = frozenset(event(entry.code, phases) for entry in entries)
    return Decoded(events=events, fields={**heard.fields, "entries": len(entries), **fields}, plausible=known)


def _entry(entry: alarm_log.AlarmEntry, suffix: str = "") -> dict[str, Value]:
    fields: dict[str, Value] = {
        "wcode": f"0x{entry.word:04X}",
        "code": entry.code,
        "number": entry.number,
        "start_s": entry.start_s,
        "end_s": entry.end_s,
        "data1": entry.data1,
        "data2": entry.data2,
        "standing": int(entry.standing),
    }
    if entry.code == alarm_log.CLOCK_SET:
        fields["clock_moved_s"] = alarm_log.clock_moved_s(entry)
    return {name + suffix: value for name, value in fields.items()}


def alarm_record(frames: Sequence[bytes], _: bytes | None) -> Decoded:
    """Return a single record of an alarm log, which has no checksum of its own."""
    if len(frames) != 1:
        raise RemoteProtocolError("more than one alarm record")
    entry = alarm_log.unpack_entry(frames[0])
    if entry.code not in EVENTS and entry.code not in THREE_PHASE:
        raise RemoteProtocolError(f"no alarm record: code {entry.code}")
    return Decoded(events=frozenset((event(entry.code),)), fields=_entry(entry))


def _grid_profile(heard: Answer) -> Decoded:
    found = grid_settings.unpack(heard.payload)
    fields: dict[str, Value] = {
        "profile_id": f"{found.id:04x}",
        "profile_version": grid_settings.version_text(found.version),
        GRID_PROFILE.name: grid_settings.profile_name(found.id),
        "sections": " ".join(f"{each.id:02x}.{each.version:02x}" for each in found.sections),
    }
    return Decoded(fields={**heard.fields, **fields, **found.values()})


def _loss_rate(heard: Answer) -> Decoded:
    if heard.unchecked:
        raise RemoteProtocolError("four bytes of anything")
    return _decoded(y.LOSS_RATE.unpack(heard.payload), heard)


def _fragment(heard: Answer) -> Decoded:
    if heard.whole or heard.frame is None:
        raise RemoteProtocolError("no single fragment")
    fields: dict[str, Value] = {
        "fragment": " ".join(str(at // FRAGMENT_BYTES + 1) for at, _ in heard.parts),
        "last": int(heard.ended),
        "data_hex": b"".join(data for _, data in heard.parts).hex(),
    }
    return Decoded(fields={**heard.fields, **fields}, plausible=False)


def _whole(read: Callable[[Answer], Decoded], heard: Answer) -> Decoded:
    if not heard.whole:
        raise RemoteProtocolError("fragments are missing")
    return read(heard)


def _kind(
    name: str, kinds: Iterable[int], read: Callable[[Answer], Decoded], suits: Callable[[str], bool] | None = None
) -> Kind:
    return Kind(name, partial(_heard, kinds, read), suits)


def _suits(layout: Layout, serial: str) -> bool:
    found = family(serial)
    return found is None or found.layout is layout


def _is_three_phase(serial: str) -> bool:
    found = family(serial)
    return found is None or found.phases > 1


_LOG = (DataType.ALARM_DATA, DataType.ALARM_UPDATE)
_READERS = (
    ("dev_info_all", (DataType.DEV_INFO_ALL,), _dev_info_all),
    ("dev_info_simple", (DataType.DEV_INFO_SIMPLE,), _dev_info_simple),
    ("config", (DataType.CONFIG,), _config),
    ("alarm_data", _LOG, _alarms),
    ("grid_profile", (DataType.GRID_PROFILE,), _grid_profile),
    ("loss_rate", (DataType.LOSS_RATE,), _loss_rate),
)
ANSWERS = (
    _kind("fragment", NAMES, _fragment),
    *(
        _kind(each.name.removeprefix("hoymiles."), _LIVE, partial(_live, each), partial(_suits, each))
        for each in y.REALTIME
    ),
    *(_kind(name, kinds, partial(_whole, read)) for name, kinds, read in _READERS),
    _kind("alarm_data_three_phase", _LOG, partial(_whole, _alarms_three_phase), _is_three_phase),
)
