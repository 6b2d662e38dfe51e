"""Clients of an ECU's TCP interface that mean harm: it goes on answering those who do not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.faces import ecu_tcp
from protocols.vendors.apsystems import ecu_tcp as t
from tests.support.attacks import ATTACKS, Victim, named
from tests.support.mosquitto import free_port
from tests.support.still_dtu import Hands, StillDesk
from tests.support.still_ecu import ECU_ID, plant, site, tcp_section

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PATIENCE_S = 20.0
QUESTION = t.Request(t.INVERTERS, ECU_ID).encode() + b"\n"


def serving(act: Callable[[int], Awaitable[None]]) -> None:
    """Run an act against the face of a plant that stands still."""

    async def main() -> None:
        port, hands = free_port(), Hands()
        server = ecu_tcp.serve(tcp_section(port=port), site(), StillDesk(plant(), hands), "faces[0]")
        task = asyncio.create_task(server.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await server.ready.wait()
                await act(port)
            assert (server.counters.failures, hands.taken) == (0, [])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(9)
    return head + await reader.readexactly(int(head[5:]) + 1 - len(head))


def victim(port: int) -> Victim:
    return Victim(port, QUESTION, b"APS11", ecu_tcp.BOUNDS.clients, answer)


BROKEN = [
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="a browser"),
    pytest.param(b"APS12" + QUESTION[5:], id="another group"),
    pytest.param(b"APS11002x0002END", id="no number for a length"),
    pytest.param(b"APS110028\xff\xff\xff\xffEND", id="no number for a command"),
    pytest.param(b"APS11002800021234END", id="an id that is too short"),
    pytest.param(b"APS1100280002" + b"\x80" * 12 + b"END", id="an id that is no text"),
    pytest.param(b"APS1100280002" + b"1" * 500, id="no end"),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_what_is_broken_closes_the_connection(raw: bytes) -> None:
    async def act(port: int) -> None:
        assert await victim(port).told(raw) == b""
        assert len(t.inverters_of(await victim(port).told(QUESTION)).records) == 3

    serving(act)


async def line_feeds(victim: Victim) -> None:
    """Send nothing but line feeds."""
    async with victim.connected() as (_, writer):
        writer.write(b"\n" * 100_000)
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("attack", [*ATTACKS, line_feeds], ids=named)
def test_an_honest_client_is_answered_beside_those_who(attack: Callable[[Victim], Awaitable[None]]) -> None:
    async def act(port: int) -> None:
        await attack(victim(port))
        assert t.system_of(await victim(port).told(t.Request(t.SYSTEM).encode())).power_w > 0

    serving(act)
