import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.layout import Bits, Field, Fixed, Float, Layout, Text
from protocols.points import CONN, DCV, HZ, INV_ST, RIS, SN, TMP_CAB, TOT_WH_INJ, VR, A, Channel, Value, W

EXAMPLE = Layout(
    "example",
    24,
    Field(0, "H", W, div=10, absent=0xFFFF),
    Field(2, "h", TMP_CAB, div=10, absent=-0x8000, saturates=True),
    Field(4, "I", TOT_WH_INJ),
    Field(8, "H", RIS, mul=100, absent=0xFFFF, saturates=True),
    Bits(10, "B", ((INV_ST, 0, 3), (CONN, 7, 1))),
    Fixed(11, "B", 0xA5),
    Text(12, 6, SN),
    Field(20, "H", DCV, div=100, port=1),
    Field(22, "H", DCV, div=100, port=2),
)
PAYLOAD = bytes.fromhex("0c34 ff85 0012d687 012c 83 a5 41544d310000 0000 0e29 0bb8")
VALUES: dict[Channel, Value] = {
    Channel(W): 312.4,
    Channel(TMP_CAB): -12.3,
    Channel(TOT_WH_INJ): 1_234_567,
    Channel(RIS): 30_000,
    Channel(INV_ST): 3,
    Channel(CONN): 1,
    Channel(SN): "ATM1",
    Channel(DCV, 1): 36.25,
    Channel(DCV, 2): 30.0,
}


def test_a_payload_is_read() -> None:
    assert EXAMPLE.unpack(PAYLOAD) == VALUES


def test_a_payload_is_written() -> None:
    assert EXAMPLE.pack(VALUES) == PAYLOAD


def test_counters_stay_integers() -> None:
    values = EXAMPLE.unpack(PAYLOAD)
    assert isinstance(values[Channel(TOT_WH_INJ)], int)
    assert isinstance(values[Channel(RIS)], int)


def test_scaling_divides_an_integer() -> None:
    layout = Layout("one", 2, Field(0, "H", HZ, div=10))
    assert layout.unpack(b"\x08\xfd")[Channel(HZ)] == 230.1  # 2301 * 0.1 would be 230.10000000000002


def test_a_big_counter_keeps_its_last_digit() -> None:
    layout = Layout("one", 8, Field(0, "Q", TOT_WH_INJ))
    assert layout.unpack(layout.pack({Channel(TOT_WH_INJ): 2**63 + 1})) == {Channel(TOT_WH_INJ): 2**63 + 1}


def test_numbers_may_stand_the_other_way_round() -> None:
    layout = Layout("little", 4, Field(0, "I", TOT_WH_INJ), order="<")
    assert layout.pack({Channel(TOT_WH_INJ): 0x01020304}) == bytes((4, 3, 2, 1))
    assert layout.unpack(bytes((4, 3, 2, 1))) == {Channel(TOT_WH_INJ): 0x01020304}


@pytest.mark.parametrize(
    ("channel", "at", "raw"),
    [
        pytest.param(Channel(W), 0, "ffff", id="unsigned"),
        pytest.param(Channel(TMP_CAB), 2, "8000", id="signed"),
        pytest.param(Channel(SN), 12, "000000000000", id="text"),
    ],
)
def test_not_available_is_a_code_on_the_wire_and_none_in_the_values(channel: Channel, at: int, raw: str) -> None:
    code = bytes.fromhex(raw)
    payload = PAYLOAD[:at] + code + PAYLOAD[at + len(code) :]
    assert EXAMPLE.unpack(payload) == VALUES | {channel: None}
    assert EXAMPLE.pack(VALUES | {channel: None}) == payload


@pytest.mark.parametrize(
    ("channel", "value", "raw"),
    [
        pytest.param(Channel(RIS), 9e9, 0xFFFE, id="beyond the top"),
        pytest.param(Channel(RIS), 6_553_500, 0xFFFE, id="on the code for not available"),
        pytest.param(Channel(RIS), -5, 0, id="below zero"),
        pytest.param(Channel(TMP_CAB), -4000, 0x8001, id="below the bottom, beside the code"),
        pytest.param(Channel(TMP_CAB), 4000, 0x7FFF, id="beyond the top of a signed field"),
    ],
)
def test_a_saturating_field_shows_its_last_value(channel: Channel, value: float, raw: int) -> None:
    at = {RIS: 8, TMP_CAB: 2}[channel.point]
    assert EXAMPLE.pack(VALUES | {channel: value})[at : at + 2] == struct.pack(">H", raw)


@pytest.mark.parametrize(
    ("channel", "value", "complaint"),
    [
        pytest.param(Channel(W), 6553.6, "example: ", id="a number too big"),
        pytest.param(Channel(W), -1, "example: ", id="a number below zero"),
        pytest.param(Channel(W), 6553.5, "W = 6553.5 would read as 'not available'", id="a number that is the code"),
        pytest.param(Channel(W), math.nan, "cannot convert float NaN", id="no number at all"),
        pytest.param(Channel(W), math.inf, "cannot convert float infinity", id="an infinite number"),
        pytest.param(Channel(W), "12", "W = '12' is no number", id="a text for a number"),
        pytest.param(Channel(TOT_WH_INJ), None, "TotWhInj has no code for 'not available'", id="absent without a code"),
        pytest.param(Channel(SN), "ATM1234", "SN = 'ATM1234' is longer than 6", id="a text too long"),
        pytest.param(Channel(SN), "ATMö", "'ascii' codec", id="a text that is not ASCII"),
        pytest.param(Channel(INV_ST), 8, "InvSt = 8 does not fit 3 bits", id="bits too many"),
        pytest.param(Channel(CONN), -1, "Conn = -1 does not fit 1 bits", id="bits below zero"),
        pytest.param(Channel(CONN), None, "Conn = None does not fit 1 bits", id="bits absent"),
    ],
)
def test_what_does_not_fit_is_an_error_of_ours(channel: Channel, value: Value, complaint: str) -> None:
    with pytest.raises(LocalProtocolError, match=complaint):
        EXAMPLE.pack(VALUES | {channel: value})


def test_a_missing_channel_is_named() -> None:
    with pytest.raises(LocalProtocolError, match=r"example: no value for Channel\(point=W, port=0\)"):
        EXAMPLE.pack({channel: value for channel, value in VALUES.items() if channel.point is not W})


@pytest.mark.parametrize("payload", [PAYLOAD[:-1], PAYLOAD + b"\0", b""], ids=["short", "long", "empty"])
def test_a_payload_of_another_length_is_refused(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=f"example: {len(payload)} bytes instead of 24"):
        EXAMPLE.unpack(payload)


def test_another_fixed_number_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="example: 90 at byte 11 instead of 165"):
        EXAMPLE.unpack(PAYLOAD.replace(b"\xa5", b"\x5a"))


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        pytest.param((Field(0, "H", W), Field(1, "H", A)), "byte 1 is declared twice", id="overlap"),
        pytest.param((Field(2, "H", W), Text(0, 3, SN)), "byte 2 is declared twice", id="overlap in any order"),
        pytest.param((Field(2, "I", W),), "needs 6 bytes, has 4", id="overrun"),
        pytest.param((Text(0, 5, SN),), "needs 5 bytes, has 4", id="text overrun"),
        pytest.param((Field(0, "H", W), Field(2, "H", W)), "a channel is declared twice", id="doubled channel"),
        pytest.param((Bits(0, "B", ((W, 0, 1), (W, 1, 1))),), "a channel is declared twice", id="doubled bits"),
    ],
)
def test_a_wrong_declaration_is_refused_when_it_is_made(rows: tuple[Field | Text | Bits, ...], complaint: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"layout wrong: {complaint}"):
        Layout("wrong", 4, *rows)


def test_the_same_point_may_stand_at_several_ports() -> None:
    layout = Layout("ports", 4, Field(0, "H", W, port=1), Field(2, "H", W, port=2))
    assert layout.channels == (Channel(W, 1), Channel(W, 2))


@pytest.mark.parametrize(("raw", "text"), [(b"ATM1  ", "ATM1"), (b"AT\0M12", "AT"), (b"A\xff    ", "A\ufffd")])
def test_a_text_ends_at_its_padding(raw: bytes, text: str) -> None:
    assert Layout("text", 6, Text(0, 6, VR)).unpack(raw) == {Channel(VR): text}


@given(
    w=st.integers(0, 0xFFFF),
    tmp=st.integers(-0x8000, 0x7FFF),
    wh=st.integers(0, 2**32 - 1),
    ris=st.integers(0, 0xFFFF),
    bits=st.integers(0, 0xFF).map(lambda b: b & 0x87),
    dcv=st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)),
    serial=st.text("ABCXYZ0189", max_size=6),
)
def test_whatever_was_read_is_written_back(
    w: int, tmp: int, wh: int, ris: int, bits: int, dcv: tuple[int, int], serial: str
) -> None:
    payload = struct.pack(">HhIHBB6s2xHH", w, tmp, wh, ris, bits, 0xA5, serial.encode(), *dcv)
    assert EXAMPLE.pack(EXAMPLE.unpack(payload)) == payload


def test_a_float_is_read_and_written_and_may_be_missing() -> None:
    layout = Layout("floating", 8, Float(0, HZ), Float(4, W))
    raw = struct.pack(">2f", 49.5, math.nan)
    values: dict[Channel, Value] = {Channel(HZ): 49.5, Channel(W): None}
    assert layout.unpack(raw) == values
    assert layout.pack(values) == raw
    with pytest.raises(LocalProtocolError, match="is no number"):
        layout.pack(values | {Channel(W): "much"})
