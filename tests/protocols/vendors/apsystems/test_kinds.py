"""Every vector is known by its bytes, and damage by its reason."""

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from opencombiner.cli import app
from opencombiner.exit_code import ExitCode
from protocols.decode import identify
from protocols.errors import RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message
from protocols.modems.znp.frame import encode
from protocols.modems.znp.network import CLUSTER_IN
from protocols.vendors.apsystems import ecu_tcp
from protocols.vendors.apsystems.kinds import KINDS
from tests.support.vectors import Vector, load, one

ALL = load("apsystems")
GOOD = [vector for vector in ALL if not vector.name.startswith("negative_")]
KIND_OF = {  # by the beginning of a vector's name; the longest that fits
    "znp_": "coordinator",
    "znp_no_command": "request",
    "znp_self_echo": "echo",
    "znp_poll_request": "request",
    "znp_query_request": "request",
    "znp_nonsense_frame": "request",
    "znp_set_power": "request",
    "znp_pair": "pairing",
    "poll_answer_yc600": "poll_yc600",
    "poll_answer_qs1_": "poll_qs1",
    "poll_answer_qs1a": "poll_qs1a",
    "poll_answer_ds3": "poll_ds3",
    "poll_answer_qt2": "poll_qt2",
    "query_de": "page_b",
    "protread_ds3_pageA": "page_a",
    "l2_": "request",
    "l2_ack": "ack",
    "modem_": "ecu_modem",
    "aes_": "aes",
    "ota_": "ota",
    "ema_": "ema",
    "tcp8899_q": "tcp8899_request",
    "tcp8899_r0001": "tcp8899_system",
    "tcp8899_r0002": "tcp8899_inverters",
    "tcp8899_r0030": "tcp8899_signal",
}
SAME = (  # what a vector names as we do
    *("cmd", "value", "lqi", "seconds", "hz", "op", "ecu_id", "power_w", "today_kwh", "lifetime_kwh", "version"),
    *("status", "count", "timestamp", "timezone", "mac_eth", "mac_wifi", "inverters", "online", "last_ema_bcd"),
    *("pan", "mac_dst", "mac_src", "nwk_dst", "nwk_src", "cluster", "profile", "asdu", "radius", "nwk_seq", "tail"),
    *("checksum_field", "correct_sum", "src", "srsp", "confirm", "device_state", "ieee_on_wire", "channel", "reason"),
    *("dst_bytes", "trans", "options", "ecu_rev", "short_id_bytes", "short", "data_first_two_bytes", "sub", "width"),
)

Answer8899 = ecu_tcp.System | ecu_tcp.Inverters | ecu_tcp.Signal
READ_8899: dict[str, Callable[[bytes], Answer8899]] = {
    "0001": ecu_tcp.system_of,
    "0002": ecu_tcp.inverters_of,
    "0030": ecu_tcp.signal_of,
}


def kind_of(name: str) -> str:
    return KIND_OF[max((start for start in KIND_OF if name.startswith(start)), key=len)]


@pytest.mark.parametrize("vector", GOOD, ids=lambda vector: vector.name)
def test_a_vector_is_known_by_its_bytes_alone(vector: Vector) -> None:
    verdict = identify(KINDS, [vector.raw])
    assert (verdict.kind, verdict.guessed, verdict.alternatives) == (kind_of(vector.name), False, ())


@pytest.mark.parametrize("vector", GOOD, ids=lambda vector: vector.name)
def test_fields_say_what_the_vector_says(vector: Vector) -> None:
    said, fields = vector.decoded, identify(KINDS, [vector.raw]).decoded.fields
    shared = [name for name in SAME if name in said and name in fields and isinstance(said[name], str | int | float)]
    for name in shared:
        wanted, found = said[name], fields[name]
        if isinstance(wanted, str):
            code = f"{found:02X}" if name in ("srsp", "confirm") else str(found)
            assert wanted.split(" ")[0].removeprefix("0x") in code, name
        elif isinstance(found, int | float):
            assert found == pytest.approx(wanted, abs=0.005), name


def test_parameters_are_in_their_units() -> None:
    asked = {name: identify(KINDS, [one("apsystems", name).raw]).decoded.fields for name in (v.name for v in GOOD)}
    assert asked["l2_maxpower_ds3_300w"]["watts_per_input"] == pytest.approx(300, abs=0.1)
    assert asked["l2_maxpower_qs1_400w"]["watts_per_input"] == pytest.approx(400, abs=0.1)
    assert asked["l2_ds3_of_watt_low_50.3"]["hz"] == pytest.approx(50.3)
    assert asked["l2_qs1_of_watt_low_50.3"]["hz"] == pytest.approx(50.3, abs=0.001)
    assert asked["l2_ds3_ov_fast_264v"]["volts"] == pytest.approx(264, abs=0.1)
    assert asked["query_de_yc600_B"]["max_power_w_per_input"] == pytest.approx(300, abs=0.1)
    assert asked["query_de_yc600_A"]["reconnect_of_hz"] == 50.2


@pytest.mark.parametrize("name", ["aes_l1_known_answer", "ema_aps18_constructed"])
def test_what_is_not_supported_says_so(name: str) -> None:
    assert identify(KINDS, [one("apsystems", name).raw]).decoded.fields["supported"] == "no"


def test_a_server_s_push_is_read_by_the_layout_of_2017() -> None:
    vector = one("apsystems", "ema_aps18_constructed")
    fields = identify(KINDS, [vector.raw]).decoded.fields
    for number, record in enumerate(vector.decoded["records"], start=1):
        assert fields[f"inverter_{number}_uid"] == record["uid"]
        assert [fields[f"inverter_{number}_{key}"] for key in ("grid_v", "hz", "temp_c")] == [
            record[key] for key in ("grid_v", "hz", "temp_c")
        ]
        assert [fields[f"inverter_{number}_p_w_{port}"] for port in (1, 2)] == record["p_w"]
        assert [fields[f"inverter_{number}_dc_v_{port}"] for port in (1, 2)] == record["dc_v"]


def _changed(name: str, at: int, byte: int) -> str:
    raw = bytearray(one("apsystems", name).raw)
    raw[at] = byte
    return raw.hex()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (one("apsystems", "negative_ds3_bad_l2_checksum").raw.hex(), "bad L2 checksum: 3896, the sum is 3A78"),
        (_changed("poll_answer_ds3_E", 20, 0x55), "bad L2 checksum"),
        (_changed("poll_answer_yc600_B", 30, 0x55), "bad FCS of a ZNP frame"),
        (one("apsystems", "poll_answer_yc600_B").raw[:-4].hex(), "ends inside a ZNP frame"),
        (one("apsystems", "poll_answer_ds3_E").raw[:90].hex(), "without its end FE FE"),
        (one("apsystems", "poll_answer_ds3_E").raw.hex() + "00", "4 bytes behind|bytes behind the L2 frame"),
        (one("apsystems", "protread_ds3_pageA").raw[1:].hex(), "no APsystems message"),
        (_changed("poll_answer_ds3_E", 0, 0xAF), "no serial number"),
        (_changed("modem_bind", 12, 0x55), "bad checksum of a radio module's request"),
        (one("apsystems", "modem_get_short_addr").raw[:-1].hex(), "radio module's request of 20 bytes"),
        (one("apsystems", "tcp8899_r0002_ds3").raw[:-2].hex(), "whose length says 51"),
        (_changed("tcp8899_r0002_ds3", -2, 0x45), "without END"),
        (_changed("tcp8899_r0002_ds3", 18, 2), "1 units where 2 are announced"),
        ("", "no APsystems message"),
    ],
    ids=[
        "the vector",
        "a changed byte in an application frame",
        "a changed byte in a coordinator's frame",
        "a coordinator's frame cut short",
        "an application frame cut short",
        "bytes behind",
        "bytes lost before",
        "a serial with a letter",
        "the module's checksum",
        "the module's length",
        "the length of an answer on 8899",
        "the end of an answer on 8899",
        "the count of units",
        "nothing",
    ],
)
def test_damage_has_one_reason(raw: str, words: str) -> None:
    if raw.startswith("703000017664") and raw.endswith("003c00"):
        raw += "0000"  # more than any publisher leaves behind
    with pytest.raises(RemoteProtocolError, match=words) as caught:
        identify(KINDS, [bytes.fromhex(raw)])
    assert ";" not in str(caught.value)


def test_an_answer_without_a_serial_is_told_by_its_uptime() -> None:
    for name in ("poll_answer_yc600_A", "poll_answer_qs1_A"):
        raw = one("apsystems", name).raw
        bare = raw[raw.index(b"\xfb\xfb") : raw.index(b"\xfb\xfb") + 88]
        verdict = identify(KINDS, [bare])
        assert verdict.kind == kind_of(name)
        assert verdict.guessed


@pytest.mark.parametrize(
    ("answer", "request_", "words"),
    [
        ("poll_answer_yc600_A", "znp_poll_request", None),
        ("query_de_yc600_A", "znp_query_request", None),
        ("protread_ds3_pageA", "l2_page_dd", None),
        ("l2_ack_success", "l2_maxpower_ds3_300w", None),
        ("tcp8899_r0002_ds3", "tcp8899_q0002", None),
        ("poll_answer_yc600_A", "znp_query_request", "the request asks for page_b, this is poll_yc600"),
        ("poll_answer_yc600_A", "znp_ping", "the request is no request: it is coordinator"),
        ("tcp8899_r0001_qt2", "tcp8899_q0002", "the request asks for tcp8899_inverters, this is tcp8899_system"),
        ("tcp8899_r0001_qt2", "znp_ping", "no request to a gateway's TCP port 8899"),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value else "",
)
def test_the_request_must_fit(answer: str, request_: str, words: str | None) -> None:
    frames, request = [one("apsystems", answer).raw], one("apsystems", request_).raw
    if words is None:
        assert identify(KINDS, frames, request=request).kind == kind_of(answer)
    else:
        with pytest.raises(RemoteProtocolError, match=words):
            identify(KINDS, frames, request=request)


def test_a_burst_may_be_given_frame_by_frame() -> None:
    raw = one("apsystems", "poll_answer_yc600_A").raw
    assert identify(KINDS, [raw[:6], raw[6:14], raw[14:]]).kind == "poll_yc600"


def test_another_kind_says_what_it_is() -> None:
    with pytest.raises(RemoteProtocolError, match="it is poll_yc600"):
        identify(KINDS, [one("apsystems", "poll_answer_yc600_A").raw], wanted="poll_ds3")


def test_the_command_line_decodes_a_ground_fault_in_json() -> None:
    raw = bytearray(one("apsystems", "poll_answer_qs1a_fc").raw)
    raw[12 + 4 + 0x17] |= 0x02
    result = CliRunner().invoke(app, ["decode", "apsystems", raw.hex()])
    said = json.loads(result.stdout)
    assert (result.exit_code, said["kind"], said["events"][0]["alarm_code"]) == (ExitCode.OK, "poll_qs1a", 9)


@pytest.mark.parametrize("vector", [v for v in GOOD if v.name.startswith("tcp8899_r")], ids=lambda vector: vector.name)
def test_answers_on_8899_are_built_as_captured(vector: Vector) -> None:
    assert READ_8899[vector.decoded["cmd"]](vector.raw).encode() == vector.raw


@pytest.mark.parametrize(
    ("request_", "raw"),
    [
        (ecu_tcp.Request("0001"), b"APS1100160001END"),
        (ecu_tcp.Request("0002", "216000120830"), one("apsystems", "tcp8899_q0002").raw.removesuffix(b"\n")),
        (ecu_tcp.Request("0003", "216000120830", "20240913"), b"APS1100390003216000120830END20240913END"),
    ],
    ids=["system", "inverters", "power of a day"],
)
def test_requests_on_8899_are_built_as_captured(request_: ecu_tcp.Request, raw: bytes) -> None:
    assert request_.encode() == raw
    assert ecu_tcp.request_of(raw + b"\n") == request_


@pytest.mark.parametrize("vector", [v for v in GOOD if v.name.startswith("tcp8899_r0002")], ids=lambda v: v.name)
def test_units_on_8899_are_those_of_the_vector(vector: Vector) -> None:
    said = ecu_tcp.inverters_of(vector.raw)
    wanted = vector.decoded.get("inverters", [])
    assert [(r.serial, int(r.online), r.type) for r in said.records] == [
        (each["uid"], each["online"], each["type"]) for each in wanted
    ]
    assert [list(r.watts) for r in said.records if r.watts] == [each["p_w"] for each in wanted if "p_w" in each]
    assert [r.hz for r in said.records if r.watts] == [each["freq_hz"] for each in wanted if "freq_hz" in each]


@given(data=st.data())
def test_damage_is_told_or_decoded_and_never_a_crash(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(ALL)).raw)
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[data.draw(st.integers(0, 3)) : len(raw) - data.draw(st.integers(0, 3))])
    with suppress(RemoteProtocolError):
        assert identify(KINDS, [cut]).kind in {kind.name for kind in KINDS}


def heard(serial: str, said: bytes) -> bytes:
    """Return the coordinator's frame of what a unit says."""
    return encode(c.incoming(Message(0x103A, CLUSTER_IN, bytes.fromhex(serial) + said)))


def said_by(name: str) -> bytes:
    raw = one("apsystems", name).raw
    return raw[raw.rindex(b"\xfb\xfb") : raw.rindex(b"\xfe\xfe") + 2]


@pytest.mark.parametrize(("serial", "model"), [("502000031157", "YC1000"), ("404000031157", "YC500")])
def test_units_whose_answers_nobody_has_captured_are_refused_by_name(serial: str, model: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"an answer B1 of a {model}, which is not supported"):
        identify(KINDS, [heard(serial, said_by("poll_answer_yc600_A"))])


@pytest.mark.parametrize(
    ("raw", "serial"),
    [
        pytest.param(heard("725000000001", bytes(range(6)) + bytes(112)), "725000000001", id="by a coordinator"),
        pytest.param(bytes.fromhex("725000000001") + bytes(range(6)) + bytes(112), "725000000001", id="on the air"),
        pytest.param(
            bytes.fromhex("725000000001A0") + bytes(range(6)) + bytes(112), "725000000001", id="with a mark before it"
        ),
        pytest.param(bytes(range(6)) + bytes(112), None, id="without a serial"),
    ],
)
def test_an_encrypted_message_is_named_with_its_unit(raw: bytes, serial: str | None) -> None:
    verdict = identify(KINDS, [raw])
    assert (verdict.kind, verdict.decoded.serial, verdict.decoded.fields["supported"]) == ("aes", serial, "no")


def test_an_answer_to_pairing_with_letters_for_a_serial_names_none() -> None:
    raw = encode(c.incoming(Message(0x103A, 0x0101, bytes.fromhex("FFFF0015821FBFB0"))))
    assert identify(KINDS, [raw]).decoded.serial is None


@pytest.mark.parametrize("vector", [v for v in GOOD if v.name.startswith("poll_answer")], ids=lambda v: v.name)
def test_a_serial_that_is_known_decides_where_the_bytes_have_none(vector: Vector) -> None:
    verdict = identify(KINDS, [said_by(vector.name)], serial=vector.decoded["serial"])
    assert verdict.kind == kind_of(vector.name)
    assert not verdict.guessed or vector.decoded["serial"].startswith("9999")  # which its publisher made up
