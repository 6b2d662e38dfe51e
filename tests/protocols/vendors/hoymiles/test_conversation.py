"""Fragments, repeats and refusals of a DTU's conversations, on captured frames."""

import pytest

from protocols.commands import Conn, Restart, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.exchange import Cause, Done, Failed, Send, Step, Wait
from protocols.modems.radio_frame import RadioFrame, decode
from protocols.points import W_MAX_LIM_PCT, Channel, Value, W
from protocols.profile import Station
from protocols.vendors.hoymiles import codec
from protocols.vendors.hoymiles.control import Codes
from protocols.vendors.hoymiles.conversation import AGAIN_CMT, AGAIN_NRF, TRIES, frame_sizes
from protocols.vendors.hoymiles.requests import sealed
from protocols.vendors.hoymiles.serials import inverter_address
from tests.support.vectors import one

HM_SERIAL, HM_DTU = "116183063371", "199980167388"
HMS_SERIAL, HMS_DTU = "114483761097", "199980102680"
HM, HMS = (Station(s, inverter_address(s), host) for s, host in ((HM_SERIAL, HM_DTU), (HMS_SERIAL, HMS_DTU)))
HM_ANSWER = one("hoymiles", "hm1500_rt_response").frames
HMS_ANSWER = one("hoymiles", "hms2t_rt_a").frames
UTC = 1712644239.0


def request(step: Step[object]) -> str:
    assert isinstance(step, Send)
    return step.datagram.hex()


def watt(step: Step[dict[Channel, Value]]) -> Value:
    assert isinstance(step, Done)
    return step.value[Channel(W)]


def test_a_whole_answer_is_two_captured_frames_and_a_value() -> None:
    ask = codec.read_live(HM, UTC)
    step = ask.start()
    assert step == Send(one("hoymiles", "hm1500_rt_request").raw, 4 * 27, 0.135, 4)
    assert [ask.received(frame) for frame in HM_ANSWER[:3]] == [Wait()] * 3
    done = ask.received(HM_ANSWER[3])
    assert isinstance(done, Done)
    assert done.value[Channel(W)] == 293.5


def test_a_missing_last_fragment_is_asked_for_as_the_dtu_of_the_capture_did() -> None:
    ask = codec.read_live(HM, UTC)
    ask.start()
    for frame in HM_ANSWER[:3]:
        assert ask.received(frame) == Wait()
    assert request(ask.timed_out()) == one("hoymiles", "hm1500_retransmit_4").raw.hex()
    assert isinstance(ask.received(HM_ANSWER[3]), Done)


def test_a_gap_is_asked_for_at_once_when_the_last_fragment_was_heard() -> None:
    ask = codec.read_live(HM, UTC)
    ask.start()
    ask.received(HM_ANSWER[0])
    ask.received(HM_ANSWER[2])
    assert request(ask.received(HM_ANSWER[3]))[18:20] == "82"
    assert isinstance(ask.received(HM_ANSWER[1]), Done)


def test_firmware_that_delivers_every_third_fragment_is_asked_for_all_others() -> None:
    station = Station("116491433252", 0x91433252, "199980183816")
    frames = [
        RadioFrame(0x95, station.node, 0x80183816, f.index, f.payload).encode()
        for f in map(decode, one("hoymiles", "hms4t_rt_3034").frames)
    ]
    ask = codec.read_live(station, UTC)
    ask.start()
    ask.received(frames[0])
    ask.received(frames[3])
    asked = [request(step := ask.timed_out())[18:20]]
    for number in (2, 3):
        step = ask.received(frames[number - 1])
        asked.append(request(step)[18:20])
    assert asked == ["82", "83", "85"]
    assert isinstance(ask.received(frames[4]), Done)


@pytest.mark.parametrize(("station", "answer", "most"), [(HM, HM_ANSWER, AGAIN_NRF), (HMS, HMS_ANSWER, AGAIN_CMT)])
def test_single_fragments_are_asked_for_so_often_and_no_more(
    station: Station, answer: tuple[bytes, ...], most: int
) -> None:
    ask = codec.read_live(station, UTC)
    ask.start()
    ask.received(answer[0])
    for _ in range(most):
        assert isinstance(ask.timed_out(), Send)
    assert ask.timed_out() == Failed(Cause.INCOMPLETE, "fragment 2 is missing")


def test_silence_is_asked_again_four_times() -> None:
    ask = codec.read_live(HM, UTC)
    steps = [ask.start(), *(ask.timed_out() for _ in range(TRIES))]
    assert [isinstance(step, Send) for step in steps] == [True] * 5 + [False]
    assert steps[-1] == Failed(Cause.NO_ANSWER)


def test_noise_is_not_silence() -> None:
    ask = codec.read_live(HM, UTC)
    ask.start()
    assert ask.received(b"\x95" + HM_ANSWER[0][2:]) == Wait()
    ends = [ask.timed_out() for _ in range(TRIES)]
    assert ends[-1] == Failed(Cause.DAMAGED)


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(HMS_ANSWER[0], id="another inverter"),
        pytest.param(RadioFrame(0x95, HM.node, 0x12345678, 1, bytes(16)).encode(), id="an answer to another DTU"),
        pytest.param(RadioFrame(0xD1, HM.node, HM.node, 0x81, bytes(6)).encode(), id="an answer to a command"),
        pytest.param(RadioFrame(0x95, HM.node, HM.node, 0x0D, bytes(16)).encode(), id="a fragment that cannot be"),
    ],
)
def test_what_is_not_for_us_is_waited_past(foreign: bytes) -> None:
    ask = codec.read_live(HM, UTC)
    ask.start()
    assert ask.received(foreign) == Wait()


def test_doubled_fragments_cost_nothing() -> None:
    ask = codec.read_live(HM, UTC)
    ask.start()
    steps = [ask.received(frame) for frame in (*HM_ANSWER[:3], *HM_ANSWER[:3])]
    assert steps == [Wait()] * 6
    assert isinstance(ask.received(HM_ANSWER[3]), Done)


def single(payload: bytes, dtu: int = HM.node) -> bytes:
    return RadioFrame(0x95, HM.node, dtu, 0x81, sealed(payload)).encode()


def test_a_truncated_answer_with_a_good_checksum_is_refused() -> None:
    ask = codec.read_live(HM, UTC)
    ask.start()
    steps = [ask.received(single(bytes(14))) for _ in range(TRIES)]
    assert [isinstance(step, Send) for step in steps] == [True] * 4 + [False]
    assert steps[-1] == Failed(Cause.DAMAGED, "hoymiles.realtime_hm_4t: 14 bytes instead of 62")


def test_a_mixture_of_two_answers_is_asked_for_again() -> None:
    ask = codec.read_live(HMS, UTC)
    ask.start()
    other = one("hoymiles", "hms2t_rt_b").frames
    ask.received(HMS_ANSWER[0])
    ask.received(other[1])
    assert isinstance(ask.received(HMS_ANSWER[2]), Send)
    ask.received(HMS_ANSWER[0])
    ask.received(HMS_ANSWER[1])
    assert watt(ask.received(HMS_ANSWER[2])) == 106.8  # type: ignore[arg-type] # values of a mapping


@pytest.mark.parametrize(
    ("payload_bytes", "sizes"), [(14, (27,)), (30, (27, 27)), (42, (27, 27, 23)), (66, (27, 27, 27, 27, 15))]
)
def test_the_lengths_of_an_answer_are_known(payload_bytes: int, sizes: tuple[int, ...]) -> None:
    assert frame_sizes(payload_bytes) == sizes


def test_garbage_in_place_of_the_part_number_is_asked_again() -> None:
    ask = codec.read_hardware(HM, UTC)
    ask.start()
    garbage = bytes.fromhex("2722 0001e4c1 0100 0a00 2001 0000")
    assert isinstance(ask.received(single(garbage)), Send)
    good = one("hoymiles", "hm1200_devinfosimple").decoded["payload_hex"]
    assert isinstance(ask.received(single(bytes.fromhex(good))), Done)


def test_a_limit_above_everything_is_everything() -> None:
    assert codec.config_from(bytes.fromhex("000104b0000003e8000000000000"))[Channel(W_MAX_LIM_PCT)] == 100.0


@pytest.mark.parametrize(
    ("firmware", "hidden"),
    [(10_018, False), (10_111, False), (10_112, True), (10_199, True), (20_003, False), (20_004, True)],
)
def test_newer_hms_firmware_has_other_numbers_and_does_not_tell_a_temporary_limit(firmware: int, hidden: bool) -> None:  # noqa: FBT001 - a row
    assert (codec.codes_of_hms(firmware) is Codes.HMS) is hidden


@pytest.mark.parametrize(
    ("command_name", "answer_name", "serial", "host"),
    [
        ("limit_20pct_temp", "limit_20pct_temp_reply", "114481313070", "199980174488"),
        ("hms1000_limit_40pct", None, "1410A01121AE", "000000000000"),
    ],
)
def test_a_limit_is_the_captured_command(command_name: str, answer_name: str | None, serial: str, host: str) -> None:
    vector = one("hoymiles", command_name)
    station = Station(serial, inverter_address(serial), host)
    tell = codec.command(station, WMaxLimPct(vector.decoded["value_scaled"]), UTC)
    step = tell.start()
    assert step == Send(vector.raw, 17, 2.0)
    if answer_name:
        done = tell.received(one("hoymiles", answer_name).raw)
        assert done == Done({Channel(W_MAX_LIM_PCT): vector.decoded["value_scaled"]})


def test_a_refused_command_says_its_status() -> None:
    tell = codec.command(HM, Conn(on=True), UTC)
    tell.start()
    answer = RadioFrame(0xD1, HM.node, HM.node, 0x81, sealed(bytes.fromhex("00070000"))).encode()
    assert tell.received(answer) == Failed(Cause.REFUSED, "status 0007")


def test_the_answer_to_another_command_is_waited_past() -> None:
    tell = codec.command(HM, Conn(on=False), UTC)
    tell.start()
    answer = RadioFrame(0xD1, HM.node, HM.node, 0x81, sealed(bytes.fromhex("00000b00"))).encode()
    assert tell.received(answer) == Wait()


def test_a_restart_is_not_sent_twice_a_limit_is() -> None:
    sends = {}
    for command in (Restart(), WMaxLimPct(50.0)):
        tell = codec.command(HM, command, UTC)
        step, count = tell.start(), 0
        while isinstance(step, Send):
            step, count = tell.timed_out(), count + 1
        assert step == Failed(Cause.NO_ANSWER)
        sends[type(command)] = count
    assert sends == {Restart: 1, WMaxLimPct: TRIES}


def test_a_sub_ghz_unit_is_called_to_the_work_channel_before_it_is_asked() -> None:
    join = codec.join(HMS, UTC)
    call = join.start()
    assert isinstance(call, Send)
    assert (call.reply_bytes, call.datagram[:1].hex(), call.datagram[9:-1].hex()) == (0, "56", "0215211414")
    assert join.received(HMS_ANSWER[0]) == Wait()
    asked = join.timed_out()
    assert isinstance(asked, Send)
    assert asked.datagram[9:11].hex() == "8001"


def test_an_nrf24_unit_is_asked_at_once() -> None:
    asked = codec.join(HM, UTC).start()
    assert isinstance(asked, Send)
    assert asked.datagram[9:11].hex() == "8001"


@pytest.mark.parametrize("serial", ["104182525001", "141283063371", "999983063371"])
def test_a_unit_that_no_radio_reaches_is_our_mistake(serial: str) -> None:
    with pytest.raises(LocalProtocolError, match="no such inverter can be polled by radio"):
        codec.poll(Station(serial, 1), codec.LIVE, UTC)


def test_a_gateway_without_a_serial_uses_the_usual_one() -> None:
    asked = codec.read_live(Station(HM_SERIAL, HM.node), UTC).start()
    assert isinstance(asked, Send)
    assert asked.datagram[5:9].hex() == "78563412"
