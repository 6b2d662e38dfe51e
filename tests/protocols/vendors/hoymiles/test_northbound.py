from collections.abc import Callable

import pytest

from protocols.errors import RemoteProtocolError
from protocols.vendors.hoymiles.northbound import message
from tests.support.vectors import Vector, load

TCP = [vector for vector in load("hoymiles") if vector.decoded["kind"].startswith("tcp10081")]


@pytest.mark.parametrize("vector", TCP, ids=lambda vector: vector.name)
def test_a_captured_message_is_read_and_made(vector: Vector) -> None:
    told = vector.decoded
    said = message(vector.raw)
    assert (f"0x{said.command:04X}", said.sequence) == (told["cmd"], told["seq"])
    assert said.encode() == vector.raw
    if "payload_hex" in told:
        assert said.body.hex() == told["payload_hex"]
    if "serial" in told:
        assert said.extension == (int(told["serial"], 16), told["zero"], told["number"])


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        (lambda raw: b"XM" + raw[2:], "no TCP message"),
        (lambda raw: raw[:9], "no TCP message"),
        (lambda raw: raw + b"x", "that says"),
        (lambda raw: raw[:-1], "that says"),
        (lambda raw: raw[:-1] + bytes((raw[-1] ^ 1,)), "wrong CRC-16"),
    ],
    ids=["another mark", "cut in the head", "too long", "too short", "damaged"],
)
def test_what_is_no_message_is_refused(damage: Callable[[bytes], bytes], match: str) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        message(damage(TCP[0].raw))


def test_an_extended_message_without_its_extension_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="that says"):
        message(bytes.fromhex("484ddb010001ffff000a"))
