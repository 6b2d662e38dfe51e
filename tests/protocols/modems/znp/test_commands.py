"""What is built for either side is what was captured."""

import pytest

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message, Scope
from protocols.modems.znp.frame import Frame, decode_all, encode
from protocols.modems.znp.network import network
from protocols.modems.znp.status import State, Status, state_text, status_text
from tests.support.vectors import load, one

NET = network("")
DATA = {
    vector.name: vector.raw
    for vector in load("apsystems")
    if vector.raw[:1] == b"\xfe" and len(decode_all(vector.raw)) == 1
}


def captured(name: str) -> bytes:
    return one("apsystems", name).raw


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("znp_init_1_startup_option", c.write_configuration(c.Setting.STARTUP_OPTION, b"\x03")),
        ("znp_init_1_rsp", c.answer(c.write_configuration(c.Setting.STARTUP_OPTION, b"\x03"))),
        ("znp_init_2_reset", c.reset()),
        ("znp_init_2_reset_ind", c.reset_indication()),
        ("znp_init_3_extaddr", c.write_configuration(c.Setting.EXTENDED_ADDRESS, NET.address)),
        ("znp_init_4_logical_type", c.write_configuration(c.Setting.LOGICAL_TYPE, b"\0")),
        ("znp_init_5_panid", c.write_configuration(c.Setting.PAN_ID, NET.pan.to_bytes(2, "little"))),
        ("znp_init_7_af_register", c.register()),
        ("znp_init_7_rsp", c.answer(c.register())),
        ("znp_init_8_start", c.start()),
        ("znp_init_8_rsp", c.answer(c.start())),
        ("znp_state_starting", c.state_change(State.STARTING)),
        ("znp_state_started", c.state_change(State.STARTED)),
        ("znp_devinfo_req", c.device_info()),
        ("znp_devinfo_rsp_ok", c.device_info_answer(c.DeviceInfo(0, NET.address, 0, State.STARTED))),
        ("znp_ping", c.ping()),
        ("znp_ping_rsp", c.ping_answer()),
        ("znp_no_command", c.data_request(NET.hello, trans=1)),
        ("znp_srsp_nwk_invalid_request", c.answer(c.data_request(NET.hello, trans=1), Status.NWK_INVALID_REQUEST)),
        ("znp_route_one_relay", c.source_route(0x12E9, (0xFC78,))),
        ("znp_route_two_relays", c.source_route(0xE477, (0xE1ED, 0xB5AF))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_frame_is_built_as_captured(name: str, frame: Frame) -> None:
    assert encode(frame) == captured(name)


def test_a_confirmation_is_built_as_captured() -> None:
    accepted = c.answer(c.data_request(NET.hello, trans=1))
    frames = [accepted, c.confirm(Status.MAC_NO_ACK, trans=1)]
    assert b"".join(encode(frame) for frame in frames) == captured("znp_confirm_mac_no_ack")
    assert c.confirm_of(frames[1]) == c.Confirm(Status.MAC_NO_ACK, trans=1)


REQUESTS = [name for name, raw in DATA.items() if decode_all(raw)[0].command in (0x2401, 0x2402)]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_read_and_built_again(name: str) -> None:
    (frame,) = decode_all(DATA[name])
    asked = c.request_of(frame)
    assert c.data_request(asked.message, asked.trans, options=asked.options) == frame


def test_there_are_requests_of_both_sorts() -> None:
    assert {decode_all(DATA[name])[0].command for name in REQUESTS} == {0x2401, 0x2402}


@pytest.mark.parametrize("name", ["poll_answer_yc600_B", "poll_answer_yc600_D"])
def test_a_message_is_read_and_built_again(name: str) -> None:
    (frame,) = decode_all(captured(name))
    message = c.incoming_of(frame)
    assert (message.node, message.cluster, message.lqi) == (0x103A, 0x0106, one("apsystems", name).decoded["lqi"])
    time = int.from_bytes(frame.data[11:15], "little")
    assert c.incoming(message, time=time, counter=frame.data[15]) == frame


def test_a_route_names_its_relays() -> None:
    (frame,) = decode_all(captured("znp_route_two_relays"))
    assert c.route_of(frame) == (0xE477, (0xE1ED, 0xB5AF))


def test_device_info_tells_the_state() -> None:
    (frame,) = decode_all(captured("znp_devinfo_rsp_not_started"))
    assert c.device_info_of(frame).state == State.STARTING


@pytest.mark.parametrize(
    ("read", "data", "words"),
    [
        pytest.param(c.incoming_of, "0000", "data bytes", id="a message without its head"),
        pytest.param(c.incoming_of, "00" * 16 + "05" + "AA", "says 5", id="a message that is too short"),
        pytest.param(c.confirm_of, "00", "confirmation of 1", id="a confirmation"),
        pytest.param(c.route_of, "E91203AA", "route of 4", id="a route"),
        pytest.param(c.status_of, "", "no status", id="a status"),
        pytest.param(c.request_of, "", "no data request", id="no request at all"),
    ],
)
def test_what_is_cut_short_says_so(read, data: str, words: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - one of several readers
    with pytest.raises(RemoteProtocolError, match=words):
        read(Frame(0x4481, bytes.fromhex(data)))


def test_only_a_broadcast_goes_everywhere() -> None:
    with pytest.raises(LocalProtocolError, match="only a broadcast"):
        c.data_request(Message(0x1234, 0x020C, b"", scope=Scope.ANY_PAN), trans=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (status_text(0xCD), "NWK_NO_ROUTE (CD): dark, out of range, or its short address is out of date"),
        (status_text(0x77), "status (77): not known"),
        (state_text(9), "started as coordinator (09)"),
        (state_text(3), "not a coordinator (03)"),
    ],
    ids=["a known status", "an unknown status", "started", "a router"],
)
def test_codes_have_words(text: str, said: str) -> None:
    assert text == said
