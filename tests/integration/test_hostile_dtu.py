"""Clients of a DTU's TCP interface that mean harm: it goes on answering those who do not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.faces.dtu_tcp import BOUNDS
from protocols.vendors.hoymiles.northbound import Message
from tests.support.attacks import ATTACKS, Victim, named
from tests.support.dtu_server import serving
from tests.support.hoymiles_clients import WifiClient
from tests.support.still_dtu import Hands
from tests.support.vectors import one

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PATIENCE_S = 10.0
QUESTION = one("hoymiles", "tcp_app_realdatanew_request_2").raw


async def answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readexactly(10)
        return head + await reader.readexactly(int.from_bytes(head[8:], "big") - 10)


def victim(port: int) -> Victim:
    return Victim(port, QUESTION, b"HM", BOUNDS.clients, answer)


BROKEN = [
    pytest.param(QUESTION[:-1] + bytes((QUESTION[-1] ^ 1,)), id="a wrong CRC"),
    pytest.param(b"HX" + QUESTION[2:], id="another mark"),
    pytest.param(QUESTION[:8] + b"\0\5" + QUESTION[10:], id="a length shorter than the head"),
    pytest.param(QUESTION[:8] + b"\xff\xff" + QUESTION[10:], id="a length beyond what anybody asks"),
    pytest.param(Message(0xA311, 1, b"\x0a\xff\xff").encode(), id="no protobuf"),
    pytest.param(Message(0xA305, 1, b"\x3a\x02\xff\xfe").encode(), id="a text that is none"),
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a browser"),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_what_is_broken_closes_the_connection(raw: bytes) -> None:
    async def act(port: int, hands: Hands) -> None:
        assert await victim(port).told(raw) == b""
        assert await victim(port).told(QUESTION)
        assert hands.taken == []

    serving("dtu_tcp", act)


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_an_honest_client_is_answered_beside_those_who(attack: Callable[[Victim], Awaitable[None]]) -> None:
    async def act(port: int, _: Hands) -> None:
        await attack(victim(port))
        assert (await WifiClient(port).async_get_real_data_new()).dtu_power > 0

    serving("dtu_tcp", act)
