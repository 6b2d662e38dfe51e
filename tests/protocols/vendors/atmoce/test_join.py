"""Addresses by serial number: who is, assign, who is again."""

from random import Random

import pytest

from protocols.exchange import Cause, Done, Failed, Send, Wait
from protocols.modbus import rtu
from protocols.modbus.pdu import ReadRequest, WriteRequest
from protocols.points import DA, MD, PROTOCOL_VR, SN, VR, W_RTG, Channel
from protocols.profile import Station
from protocols.vendors.atmoce.codec import Join
from protocols.vendors.atmoce.layout import ASSIGNMENT, ASSIGNMENT_AT, IDENTITY_AT
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.responder import InverterSide
from tests.support.device import ScriptedDevice
from tests.support.talk import Medium, ask, talk
from tests.support.vectors import one

SERIAL = "ATM2408A00317"
STATION = Station(SERIAL, 17)
WHO_IS = one("atmoce", "who is 17").raw
ASSIGN = one("atmoce", "assign 17 to ATM2408A00317").raw
IDENTITY = one("atmoce", "17 is ATM2408A00317").raw


def unit(serial: str = SERIAL, node: int = 0) -> InverterSide:
    return InverterSide(ScriptedDevice(serial, MODELS["MI-450"]), node)


def assign(serial: str, node: int) -> WriteRequest:
    return WriteRequest(ASSIGNMENT_AT, ASSIGNMENT.pack({Channel(SN): serial, Channel(DA): node}))


def test_the_join_of_a_factory_new_unit_frame_by_frame() -> None:
    join = Join(STATION)
    assert join.start() == Send(WHO_IS, 59, 0.1)
    assert join.timed_out() == Send(ASSIGN, 0, 0.0)
    assert join.timed_out() == Send(WHO_IS, 59, 0.1)
    assert join.received(IDENTITY) == Done(
        {
            Channel(SN): SERIAL,
            Channel(MD): "MI-450",
            Channel(VR): "1.4.2",
            Channel(DA): 17,
            Channel(W_RTG): 450,
            Channel(PROTOCOL_VR): 0x0100,
        }
    )


def test_a_unit_that_has_the_address_is_not_assigned() -> None:
    medium = Medium()
    assert isinstance(talk(Join(STATION), unit(node=17), medium=medium), Done)
    assert medium.sent == [WHO_IS]


@pytest.mark.parametrize(
    "units",
    [
        pytest.param([unit], id="a factory-new unit"),
        pytest.param([lambda: unit(node=5)], id="a unit at another address"),
        pytest.param([unit, lambda: unit("OTHER", 17)], id="another unit has the address"),
        pytest.param([lambda: unit(node=17), lambda: unit("OTHER", 17)], id="two units on one address"),
        pytest.param(
            [lambda: unit("OTHER", 17), lambda: unit("THIRD", 17), unit], id="three units, two on the address"
        ),
    ],
)
def test_after_the_join_the_right_unit_alone_has_the_address(units: list) -> None:  # type: ignore[type-arg]
    present = [make() for make in units]
    done = talk(Join(STATION), *present)
    assert isinstance(done, Done)
    assert done.value[Channel(SN)] == SERIAL
    assert [side._device.serial for side in present if side.node == 17] == [SERIAL]  # noqa: SLF001 - who holds it


def test_a_unit_that_is_not_there_is_given_up_after_two_assignments() -> None:
    medium = Medium()
    assert talk(Join(STATION), unit("OTHER", 5), medium=medium) == Failed(Cause.NO_ANSWER)
    assert medium.sent == [WHO_IS, ASSIGN, WHO_IS, ASSIGN, WHO_IS]


def test_a_unit_that_keeps_another_serial_is_a_mismatch() -> None:
    join = Join(STATION)
    other = one("atmoce", "17 is ATM2408A00317").raw.replace(b"A00317", b"A00318")
    other = rtu.encode(17, other[1:-2])
    steps = [join.start(), join.received(other), join.timed_out(), join.received(other), join.timed_out()]
    assert [type(step) for step in steps] == [Send] * 5
    assert join.received(other) == Failed(Cause.MISMATCH, "ATM2408A00318 answers")


def test_nothing_that_is_heard_after_an_assignment_counts() -> None:
    join = Join(STATION)
    join.start()
    join.timed_out()
    assert join.received(IDENTITY) == Wait()
    assert join.timed_out() == Send(WHO_IS, 59, 0.1)


def test_a_device_that_refuses_to_say_who_it_is_is_no_unit() -> None:
    refused = one("atmoce", "17 knows no such register").raw
    join = Join(STATION)
    steps = [join.start(), join.received(refused), join.timed_out(), join.received(refused), join.timed_out()]
    assert [type(step) for step in steps] == [Send] * 5
    assert join.received(refused) == Failed(Cause.REFUSED, "Modbus exception 2")


@pytest.mark.parametrize("seed", range(5))
def test_a_branch_of_units_joins_over_a_bad_line(seed: int) -> None:
    """Each is asked until it answers, as the gateway does: in the end all have their own address."""
    medium = Medium(0.15, Random(seed))
    stations = [Station(f"ATM{n:04}", n) for n in range(1, 9)]
    units = [unit(station.serial, Random(seed).choice([0, 1, 2, 3])) for station in stations]
    for station in stations * 10:
        talk(Join(station), *units, medium=medium)
    assert [side.node for side in units] == [station.node for station in stations]


def test_a_mute_unit_answers_nothing() -> None:
    side = unit()
    assert all(ask(side, node, ReadRequest(IDENTITY_AT, 27)) is None for node in range(248))


ASSIGNMENTS = [
    pytest.param(5, assign(SERIAL, 17), 17, id="its own serial: adopts the address"),
    pytest.param(17, assign(SERIAL, 17), 17, id="its own address again: stays"),
    pytest.param(17, assign(SERIAL, 0), 0, id="its own serial with address 0: becomes mute"),
    pytest.param(17, assign(SERIAL, 247), 247, id="the highest address"),
    pytest.param(17, assign(SERIAL, 248), 17, id="an address that does not exist: ignored"),
    pytest.param(17, assign("OTHER", 17), 0, id="its address for another serial: gives it up"),
    pytest.param(17, assign("OTHER", 18), 17, id="another address for another serial: stays"),
    pytest.param(17, assign(SERIAL[:-1], 18), 17, id="a serial that begins alike: stays"),
    pytest.param(17, assign(SERIAL.lower(), 18), 17, id="the serial in small letters: stays"),
    pytest.param(17, WriteRequest(ASSIGNMENT_AT, assign(SERIAL, 18).data[:-2]), 17, id="cut off: ignored"),
    pytest.param(17, WriteRequest(ASSIGNMENT_AT + 1, assign(SERIAL, 18).data), 17, id="beside the block: ignored"),
    pytest.param(17, WriteRequest(ASSIGNMENT_AT + 8, b"\0\x12"), 17, id="the address alone: ignored"),
]


@pytest.mark.parametrize(("before", "request_", "after"), ASSIGNMENTS)
def test_what_a_unit_does_with_a_broadcast(before: int, request_: WriteRequest, after: int) -> None:
    side = unit(node=before)
    assert side.answer(rtu.encode(0, request_.encode()), 0.0) == ()
    assert side.node == after


def test_an_assignment_for_one_node_only_is_refused() -> None:
    side = unit(node=17)
    answer = side.answer(rtu.encode(17, assign(SERIAL, 18).encode()), 0.0)
    assert [rtu.decode(datagram)[1].hex() for datagram in answer] == ["9002"]
    assert side.node == 17


def test_the_longest_serial_fits() -> None:
    station = Station("ABCDEFGHIJKLMNOP", 9)
    assert isinstance(talk(Join(station), unit(station.serial)), Done)
