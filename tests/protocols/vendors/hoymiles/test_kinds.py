"""Every captured message is recognised and says what its source says."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.decode import Verdict, identify
from protocols.errors import RemoteProtocolError
from protocols.modems import radio_bridge
from protocols.points import Channel
from protocols.vendors.hoymiles.kinds import KINDS
from tests.support.vectors import Vector, load, one

VECTORS = [vector for vector in load("hoymiles") if "layout" not in vector.decoded]
UNREACHED = {"nrf_address", "modbus_wrong_byte_count"}  # an address alone; a PDU that only a client must bear
KIND_OF = {
    "radio_request": "request",
    "radio_retransmit": "fragment_request",
    "radio_fragment": "fragment",
    "radio_devcontrol": "command",
    "radio_devcontrol_reply": "command_answer",
    "radio_channel_change": "channel_change",
    "radio_discovery_reply": "search_reply",
    "alarm_record": "alarm_record",
    "uart_firmware_record": "firmware_record",
    "cmt_air_fec": "coded_head",
    "tcp10081": "tcp",
    "tcp10081_extended": "tcp",
    "modbus_record": "modbus_port_record",
    "modbus_fc3_body": "modbus_dtu_serial",
}
UART = {"0x07": "module_query", "0x56": "channel_change", "0xD6": "channel_answer"}
AIR = {"cmt_air_decoded_request": "request", "cmt_air_decoded_reply_83": "fragment"}
DATA = {
    "DevInfoAll": "dev_info_all",
    "DevInfoSimple": "dev_info_simple",
    "SystemConfigPara": "config",
    "AlarmData": "alarm_data",
    "GridProfile": "grid_profile",
}
LIVE = {
    "HM-1T": "realtime_1t",
    "HMS-1T": "realtime_1t",
    "HM-2T": "realtime_hm_2t",
    "HMS-2T": "realtime_hms_2t",
    "HMS-1Tv2": "realtime_hms_1t_v2",
    "HM-4T": "realtime_hm_4t",
    "HMS-4T": "realtime_hms_4t",
}
SERIALS = {"HMS-1Tv2": "112500000001"}  # where the bytes alone do not tell the family
PLAIN = (  # keys of a vector that stand in the fields under the same name
    "frame_idx", "data_type", "data_type_name", "unix_time", "gap", "alarm_id", "password", "requested_fragment",
    "sub_cmd", "value_raw", "value_scaled", "limit_type", "status", "channel", "frequency_MHz", "target",
    "serial_prefix", "record_len", "address", "record_type", "data_hex", "decoded_hex", "length", "cmd", "seq",
    "payload_hex", "zero", "number", "fw_version", "fw_build", "bootloader", "hw_part", "hw_version",
    "grid_profile_id", "grid_profile_version", "tail_hex", "rest_hex", "word0", "profile_id", "profile_version",
    "dtu_serial", "byte_count", "wcode", "code", "start_s", "end_s", "data1", "data2",
)  # fmt: skip


def kind(vector: Vector) -> str:
    told = vector.decoded
    if "data" in told:
        return LIVE[told["family"]] if told["data"] == "RealTimeRunData" else DATA[told["data"]]
    if told["kind"] == "uart_frame":
        return UART[told["main_cmd"]]
    return AIR.get(vector.name) or KIND_OF[told["kind"]]


def seen(vector: Vector) -> Verdict:
    return identify(KINDS, vector.frames, serial=SERIALS.get(vector.decoded.get("family", "")))


REACHED = [vector for vector in VECTORS if vector.name not in UNREACHED]
each = pytest.mark.parametrize("vector", REACHED, ids=lambda vector: vector.name)


def test_all_vectors_are_here() -> None:
    assert len(VECTORS) == 134
    assert {vector.name for vector in VECTORS} >= UNREACHED


@each
def test_a_captured_message_is_recognised(vector: Vector) -> None:
    assert seen(vector).kind == kind(vector)


@each
def test_its_fields_say_what_the_source_says(vector: Vector) -> None:
    fields = seen(vector).decoded.fields
    for name in PLAIN:
        if name in vector.decoded and name in fields:
            assert fields[name] == vector.decoded[name], name
    for ours, theirs in (("inverter", "inverter_field"), ("dtu", "dtu_field"), ("inverter", "addr1"), ("dtu", "addr2")):
        told = vector.decoded.get(theirs, vector.decoded.get(ours))
        if told is not None and ours in fields:
            assert fields[ours] == told


FIELDS = {  # what a kind must name, of the vectors' keys
    "radio_request": {"data_type", "data_type_name", "unix_time", "gap", "alarm_id", "password", "inverter", "dtu"},
    "radio_retransmit": {"requested_fragment", "inverter", "dtu"},
    "radio_fragment": {"data_hex", "inverter", "dtu"},
    "radio_devcontrol": {"sub_cmd", "inverter", "dtu"},
    "radio_devcontrol_reply": {"status", "sub_cmd", "inverter", "dtu"},
    "radio_channel_change": {"channel", "frequency_MHz"},
    "uart_firmware_record": {"record_len", "address", "record_type", "data_hex"},
    "cmt_air_fec": {"decoded_hex", "length", "inverter", "dtu", "data_type"},
    "tcp10081": {"cmd", "seq", "length", "payload_hex"},
    "tcp10081_extended": {"cmd", "seq", "length", "serial", "zero", "number"},
    "alarm_record": {"wcode", "code", "number", "start_s", "end_s", "data1", "data2"},
}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_a_kind_names_its_fields(name: str) -> None:
    verdicts = [seen(vector) for vector in VECTORS if vector.decoded["kind"] == name]
    assert verdicts
    assert all(verdict.decoded.fields.keys() >= FIELDS[name] for verdict in verdicts)


def live(vector: Vector) -> dict[str, Any]:
    return {f"{channel.point.name}.{channel.port}": value for channel, value in seen(vector).decoded.values.items()}


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v.decoded.get("data") == "RealTimeRunData"], ids=lambda vector: vector.name
)
def test_live_values_are_those_of_the_source(vector: Vector) -> None:
    values, told = live(vector), vector.decoded
    inputs = {
        f"{point}.{each['ch']}": each[key]
        for each in told["dc"]
        for point, key in (
            ("DCV", "voltage_V"),
            ("DCA", "current_A"),
            ("DCW", "power_W"),
            ("DCWhInj", "energy_total_Wh"),
            ("DCWhDay", "energy_day_Wh"),
        )
    }
    ac = told["ac"]
    mains = {
        "LNV.0": "voltage_V",
        "Hz.0": "frequency_Hz",
        "W.0": "power_W",
        "Var.0": "reactive_var",
        "A.0": "current_A",
    }
    expected = inputs | {point: ac[key] for point, key in mains.items()}
    expected |= {"PF.0": ac["power_factor"], "TmpCab.0": told["temperature_C"]}
    assert values == pytest.approx(expected)
    assert seen(vector).decoded.fields["event_count"] == told["event_count"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if "entries" in v.decoded], ids=lambda vector: vector.name)
def test_alarm_logs_are_those_of_the_source(vector: Vector) -> None:
    decoded = seen(vector).decoded
    for number, entry in enumerate(vector.decoded["entries"], start=1):
        for name in ("wcode", "code", "number", "start_s", "end_s", "data1", "data2"):
            assert decoded.fields[f"{name}_{number}"] == entry[name]
    assert {event.code for event in decoded.events} == {entry["code"] for entry in vector.decoded["entries"]}


@pytest.mark.parametrize(
    ("serial", "kind", "text"),
    [
        ("138283063371", "alarm_data_three_phase", "DC voltage of tracker C too high"),
        ("116183063371", "alarm_data", "DC voltage too high"),
        (None, "alarm_data", "DC voltage too high"),
    ],
)
def test_the_serial_tells_what_a_code_means(serial: str | None, kind: str, text: str) -> None:
    log = bytes.fromhex("0001 00d7 0001 3aa5 0000 0000 0000")
    verdict = identify(KINDS, [log], serial=serial)
    assert (verdict.kind, [event.text for event in verdict.decoded.events]) == (kind, [text])


def test_the_clock_s_jump_is_told() -> None:
    assert seen(one("hoymiles", "sim_alarm_2")).decoded.fields["clock_moved_s_2"] == 0x653E_4721


@pytest.mark.parametrize(
    ("name", "serial", "port", "told"),
    [
        ("hm400_rt_fragment_1", "112100000001", 1, {"DCV": 41.0, "DCA": 0.7, "DCW": 28.9, "DCWhInj": 64230}),
        ("hm400_rt_fragment_2", "112100000001", 0, {"Hz": 50.02, "W": 28.4, "A": 0.12, "PF": 1.0, "TmpCab": 10.1}),
        ("mit_fragment_3", "1520A023E19A", 3, {"DCWhDay": 2349, "DCWhInj": 244067}),
        ("mit_fragment_3", "1520A023E19A", 4, {"DCV": 82.7, "DCA": 0.3, "DCW": 25.4, "DCWhInj": 301755}),
        ("hms2000_rt_fragment_4", "116491433252", 0, {"LNV": 233.0, "Hz": 50.02, "W": 86.1, "A": 0.36, "PF": 1.0}),
    ],
)
def test_a_single_fragment_tells_what_it_holds(name: str, serial: str, port: int, told: dict[str, float]) -> None:
    verdict = identify(KINDS, one("hoymiles", name).frames, serial=serial)
    values = {channel.point.name: value for channel, value in verdict.decoded.values.items() if channel.port == port}
    assert verdict.guessed
    assert {name: values.get(name) for name in told} == pytest.approx(told)


REQUEST = one("hoymiles", "hms400_sysconf_request").raw
ANSWER = one("hoymiles", "hms400_sysconf").frames


def test_the_request_settles_what_the_answer_is() -> None:
    verdict = identify(KINDS, ANSWER, request=REQUEST)
    assert (verdict.kind, verdict.guessed, verdict.alternatives) == ("config", False, ())


@pytest.mark.parametrize(
    ("request_name", "match"),
    [
        ("hms400_rt_request_b", "asks for something else"),
        ("hms1600_sysconf_request", "another inverter answers"),
    ],
)
def test_an_answer_to_another_request_is_refused(request_name: str, match: str) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        identify(KINDS, ANSWER, wanted="config", request=one("hoymiles", request_name).raw)


RADIO = [v for v in VECTORS if v.decoded["kind"].startswith("radio_") or v.decoded["kind"] == "uart_frame"]


@pytest.mark.parametrize("vector", RADIO, ids=lambda vector: vector.name)
def test_a_damaged_frame_is_nothing(vector: Vector) -> None:
    damaged = bytearray(vector.frames[-1])
    damaged[-2] ^= 0x40
    with pytest.raises(RemoteProtocolError, match="CRC-8"):
        identify(KINDS, [*vector.frames[:-1], bytes(damaged)])


def test_fragments_in_any_order_and_doubled_are_one_answer() -> None:
    first, second, third = one("hoymiles", "hms2t_rt_a").frames
    verdict = identify(KINDS, [third, first, third, second])
    assert (
        verdict.decoded.values[Channel(next(c.point for c in verdict.decoded.values if c.point.name == "W"))] == 106.8
    )


def test_an_answer_that_misses_a_fragment_is_not_taken_for_whole() -> None:
    first, _, third = one("hoymiles", "hms2t_rt_a").frames
    verdict = identify(KINDS, [first, third])
    assert (verdict.kind, verdict.decoded.fields["fragment"], verdict.guessed) == ("fragment", "1 3", True)


def test_a_frame_on_the_uart_with_stuffed_bytes_is_read() -> None:
    frame = bytes.fromhex("15 7e7d7f01 00000000 81")
    crc = 0
    for byte in frame:
        crc ^= byte
    stuffed = bytes.fromhex("7e 15 7d5e 7d5d 7d5f 01 00000000 81") + bytes((crc, 0x7F))
    assert identify(KINDS, [stuffed]).decoded.fields["inverter"] == "7e7d7f01"


ANSWERED = [v for v in VECTORS if v.decoded["kind"] == "radio_response" and len(v.frames) > 1]


@pytest.mark.parametrize("vector", ANSWERED, ids=lambda vector: vector.name)
@pytest.mark.parametrize(
    "captured",
    [
        pytest.param(lambda frame: frame, id="bare"),
        pytest.param(lambda frame: radio_bridge.encode(frame, stuffed=True), id="stuffed"),
        pytest.param(lambda frame: radio_bridge.encode(frame, stuffed=False), id="between marks"),
    ],
)
def test_frames_captured_in_one_piece_are_cut_apart(vector: Vector, captured: Callable[[bytes], bytes]) -> None:
    piece = b"".join(captured(frame) for frame in vector.frames)
    assert identify(KINDS, [piece]) == identify(KINDS, vector.frames)


@pytest.mark.parametrize("name", ["fw_record_data_fec0", "fw_record_data_fed0"])
def test_a_firmware_record_captured_in_one_piece_is_cut_apart(name: str) -> None:
    frames = one("hoymiles", name).frames
    assert identify(KINDS, [b"".join(frames)]) == identify(KINDS, frames)


WITH_CRC_16 = [v for v in VECTORS if v.decoded["kind"] == "payload_with_crc16"]


@pytest.mark.parametrize("vector", WITH_CRC_16, ids=lambda vector: vector.name)
@pytest.mark.parametrize("named", [False, True], ids=["by the bytes alone", "by the kind's name"])
def test_a_damaged_payload_is_refused_for_its_checksum(vector: Vector, named: bool) -> None:  # noqa: FBT001 - a column
    damaged = bytearray(vector.raw)
    damaged[5] ^= 0x10
    with pytest.raises(RemoteProtocolError, match="wrong CRC-16"):
        identify(KINDS, [bytes(damaged)], wanted=kind(vector) if named else None)


@pytest.mark.parametrize("cut", [1, 2, 3, 9])
@pytest.mark.parametrize("vector", RADIO, ids=lambda vector: vector.name)
def test_a_frame_that_is_cut_off_is_no_payload(vector: Vector, cut: int) -> None:
    with pytest.raises(RemoteProtocolError, match=r"CRC-|a radio frame of"):
        identify(KINDS, [*vector.frames[:-1], vector.frames[-1][:-cut]])
