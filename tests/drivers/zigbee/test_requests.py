"""Requests found in what was written to a coordinator."""

import pytest

from drivers.recording import Request
from drivers.zigbee.requests import cutter
from drivers.zigbee.settings import ZigbeeSettings
from protocols.modems.znp import commands as c
from protocols.modems.znp.air import Message, Scope
from protocols.modems.znp.frame import Frame, encode

CUTTER = cutter(ZigbeeSettings(url="mem://x"))


def asked(*frames: Frame) -> list[Request]:
    return CUTTER().feed(b"".join(map(encode, frames)))


@pytest.mark.parametrize("trans", [1, 200])
def test_a_message_is_a_request_to_its_unit_whatever_its_number(trans: int) -> None:
    message = Message(0x1001, 0x0006, b"poll")
    assert asked(c.data_request(message, trans)) == [Request(0x1001, b"\x00\x06poll")]


def test_a_broadcast_to_any_network_is_a_request_to_all() -> None:
    message = Message(0xFFFF, 0x020C, b"who", scope=Scope.ANY_PAN)
    assert asked(c.data_request(message, 1)) == [Request(0xFFFF, b"\x02\x0cwho")]


def test_what_the_coordinator_itself_is_asked_is_told_apart() -> None:
    assert asked(c.ping(), c.reset(hard=False)) == [Request(None, b"\x21\x01"), Request(None, b"\x41\x00\x01")]


def test_requests_are_found_across_writes() -> None:
    cut, raw = CUTTER(), encode(c.ping())
    assert [*cut.feed(raw[:2]), *cut.feed(raw[2:])] == [Request(None, b"\x21\x01")]
