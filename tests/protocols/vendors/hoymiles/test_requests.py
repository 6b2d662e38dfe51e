"""Requests and commands encode to the captured bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems.radio_frame import Main, RadioFrame, decode
from protocols.vendors.hoymiles import control
from protocols.vendors.hoymiles.control import Action, Codes, Order, order_of, verdict
from protocols.vendors.hoymiles.requests import DataType, Information, again, information, opened, repeated, sealed
from tests.support.vectors import Vector, load, one

VECTORS = load("hoymiles")


def of_kind(kind: str) -> "list[Vector]":
    return [vector for vector in VECTORS if vector.decoded["kind"] == kind]


def addresses(vector: Vector) -> tuple[int, int]:
    told = vector.decoded
    inverter, dtu = told.get("inverter", told.get("inverter_field")), told.get("dtu", told.get("dtu_field"))
    return int(inverter, 16), int(dtu, 16)


def by_name(vector: Vector) -> str:
    return vector.name


@pytest.mark.parametrize("vector", of_kind("radio_request"), ids=by_name)
def test_a_request_for_information_is_the_captured_one(vector: Vector) -> None:
    told = vector.decoded
    frame = information(*addresses(vector), told["data_type"], float(told["unix_time"]), told["alarm_id"])
    assert frame.encode() == vector.raw


@pytest.mark.parametrize("vector", of_kind("radio_request"), ids=by_name)
def test_a_request_for_information_is_read(vector: Vector) -> None:
    asked = Information(decode(vector.raw))
    told = vector.decoded
    assert (asked.kind, asked.utc, asked.sequence) == (told["data_type"], told["unix_time"], told["alarm_id"])


@pytest.mark.parametrize("vector", of_kind("radio_retransmit"), ids=by_name)
def test_a_request_for_a_fragment_is_the_captured_one(vector: Vector) -> None:
    frame = again(*addresses(vector), vector.decoded["requested_fragment"])
    assert frame.encode() == vector.raw
    assert repeated(decode(vector.raw)) == vector.decoded["requested_fragment"]


LIMITS = {
    0x0000: (False, False),
    0x0001: (True, False),
    0x0100: (False, True),
    0x0101: (True, True),
    0x0003: (True, True),
}


@pytest.mark.parametrize("vector", of_kind("radio_devcontrol"), ids=by_name)
def test_a_command_is_the_captured_one(vector: Vector) -> None:
    told = vector.decoded
    code = int(told["limit_type"], 16)
    relative, persistent = LIMITS[code]
    order = Order(Action.ACTIVE_POWER, told["value_scaled"], relative, persistent)
    codes = Codes.HMS if code == 0x0003 else Codes.CLASSIC
    assert order.frame(*addresses(vector), codes).encode() == vector.raw
    assert order_of(decode(vector.raw)) == order


@pytest.mark.parametrize("vector", of_kind("radio_devcontrol_reply"), ids=by_name)
def test_an_answer_to_a_command_is_the_captured_one(vector: Vector) -> None:
    frame = decode(vector.raw)
    said = verdict(frame)
    assert (said.status, said.action) == (0, vector.decoded["sub_cmd"])
    asked = RadioFrame(Main.CONTROL, frame.inverter, 0, control.INDEX, sealed(bytes((said.action, 0))))
    assert control.answer(asked, frame.dtu, control.ACCEPTED) == vector.raw


@pytest.mark.parametrize(
    ("order", "codes", "body"),
    [
        (Order(Action.ON), Codes.CLASSIC, "0000"),
        (Order(Action.OFF), Codes.HMS, "0100"),
        (Order(Action.RESTART), Codes.CLASSIC, "0200"),
        (Order(Action.CLEAR), Codes.CLASSIC, "1400"),
        (Order(Action.ACTIVE_POWER, 30.0, relative=False, persistent=True), Codes.CLASSIC, "0b00012c0100"),
        (Order(Action.ACTIVE_POWER, 30.0, relative=False, persistent=True), Codes.HMS, "0b00012c0002"),
        (Order(Action.ACTIVE_POWER, 30.0, persistent=True), Codes.HMS, "0b00012c0003"),
        (Order(Action.ACTIVE_POWER, 30.0, persistent=True), Codes.CLASSIC, "0b00012c0101"),
        (Order(Action.ACTIVE_POWER, 30.0, relative=False), Codes.HMS, "0b00012c0000"),
        (Order(Action.POWER_FACTOR, 0.95), Codes.CLASSIC, "0d0003b60001"),
        (Order(Action.POWER_FACTOR, -0.9), Codes.CLASSIC, "0d00fc7c0001"),
        (Order(Action.REACTIVE_POWER, 20.0), Codes.CLASSIC, "0c0000c80001"),
    ],
)
def test_the_body_of_an_order(order: Order, codes: Codes, body: str) -> None:
    assert order.body(codes).hex() == body
    assert order_of(order.frame(1, 2, codes)) == order


def test_turning_on_bears_the_published_checksum() -> None:
    assert Order(Action.ON).frame(0x91433252, 0x80102680, Codes.HMS).encode().hex() == "519143325280102680810000b001e5"


def test_only_persistent_orders_wear_the_memory() -> None:
    assert Order(Action.ACTIVE_POWER, 50.0, persistent=True).wears
    assert not Order(Action.ACTIVE_POWER, 50.0).wears
    assert not Order(Action.OFF).wears


@pytest.mark.parametrize("value", [None, 7000.0, -4000.0])
def test_a_value_out_of_range_is_our_mistake(value: float | None) -> None:
    with pytest.raises(LocalProtocolError, match="ACTIVE_POWER of"):
        Order(Action.ACTIVE_POWER, value).body(Codes.CLASSIC)


@pytest.mark.parametrize("body", ["9900", "0b00", "0b0001900007", "0000012c0001", "00"])
def test_what_is_no_command_is_refused(body: str) -> None:
    frame = RadioFrame(Main.CONTROL, 1, 2, control.INDEX, sealed(bytes.fromhex(body)))
    with pytest.raises(RemoteProtocolError, match=r"no command|with \d bytes"):
        order_of(frame)


def test_an_unknown_answer_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="no answer to a command"):
        verdict(decode(one("hoymiles", "hms400_sysconf").raw))


@given(st.binary(max_size=200))
def test_what_is_sealed_is_opened(payload: bytes) -> None:
    assert opened(sealed(payload)) == payload


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x01\x00\x00"])
def test_what_is_not_sealed_is_refused(damage: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="wrong CRC-16"):
        opened(damage)


def test_a_time_beyond_its_field_wraps() -> None:
    assert Information(information(1, 2, DataType.REALTIME, 2.0**32 + 5)).utc == 5
