"""The link against the in-process broker and against Mosquitto: what is let in, and that it is answered."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog

from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options, Session
from drivers.wifi.gate import BURST, MAX_BYTES, Gate
from drivers.wifi.link import MAX_STRANGERS, Mailbox, WifiLink
from protocols.errors import RemoteProtocolError
from tests.support.brokers import BOTH_BROKERS, Broker, started
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto

UP, DOWN = "jowoiot/toServer/v2/", "jowoiot/toEdge/"
BOX = Mailbox(UP, DOWN, frozenset({"A1", "B2"}))


@pytest.fixture(params=BOTH_BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    yield from started(request.param, tmp_path)


def echo(serial: str, payload: bytes) -> bytes:
    if payload == b"noise":
        raise RemoteProtocolError("no JSON")
    return serial.encode() + b" said " + payload


def hub(url: str, user: str | None = None, password: str | None = None) -> WifiLink:
    link = WifiLink("hub", Options(url=url, client_id="hub", user=user, password=password), BOX)
    link.listen(echo)
    return link


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[tuple[WifiLink, Session, Listener]]:
    """Run a link, with a client that speaks for the units and one that hears what they are told."""
    link = hub(url)
    running = asyncio.ensure_future(link.run())
    try:
        async with asyncio.timeout(10):
            await link.wait_up()
        async with connect(Options(url=url, client_id="units")) as units, listening(url, f"{DOWN}#") as ear:
            yield link, units, ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def seen(link: WifiLink, count: int) -> None:
    """Wait until so many messages have been looked at."""
    own = link.counters
    async with asyncio.timeout(20):
        while own.received + own.strangers < count:  # noqa: ASYNC110 - counters wake nobody
            await asyncio.sleep(0.01)


def test_every_message_of_a_known_unit_is_answered_to_it(broker: Broker) -> None:
    async def scene() -> None:
        async with linked(broker.url) as (link, units, ear):
            for serial, payload in (("A1", b"1"), ("B2", b"2"), ("A1", b"3")):
                await units.publish(Message(UP + serial, payload, 1))
            await ear.until(lambda: len(ear.heard) == 3)
            assert [(said.topic, said.payload) for said in ear.heard] == [
                (f"{DOWN}A1", b"A1 said 1"),
                (f"{DOWN}B2", b"B2 said 2"),
                (f"{DOWN}A1", b"A1 said 3"),
            ]
            assert (link.counters.received, link.counters.sent) == (3, 3)

    broker.run(scene())


def test_what_is_not_for_us_is_counted_and_not_answered(broker: Broker) -> None:
    async def scene() -> None:
        async with linked(broker.url) as (link, units, ear):
            for serial, payload in (
                ("Z9", b"1"),
                ("A1", b"noise"),
                ("A1", b"x" * (MAX_BYTES + 1)),
                ("A1", b"x" * MAX_BYTES),
            ):
                await units.publish(Message(UP + serial, payload, 1))
            await ear.until(lambda: len(ear.heard) == 1)
            own = link.counters
            assert (own.strangers, own.damaged, own.oversize, own.received, own.sent) == (1, 1, 1, 2, 1)

    broker.run(scene())


def test_a_flood_of_one_unit_leaves_the_others_their_answers(broker: Broker) -> None:
    async def scene() -> None:
        async with linked(broker.url) as (link, units, ear):
            for number in range(200):
                await units.publish(Message(f"{UP}A1", str(number).encode()))
            await units.publish(Message(f"{UP}B2", b"me too", 1))
            await ear.until_said(f"{DOWN}B2", b"B2 said me too")
            assert link.counters.too_fast >= 200 - BURST - broker.slack_s - 1
            assert link.counters.sent < 200

    broker.run(scene())


def test_a_stranger_is_told_once_and_strangers_cost_no_memory(broker: Broker) -> None:
    async def scene() -> None:
        async with linked(broker.url) as (link, units, _):
            for number in range(2 * MAX_STRANGERS):
                await units.publish(Message(f"{UP}S{number}", b"1"))
                await units.publish(Message(f"{UP}S{number}", b"1"))
            await seen(link, 4 * MAX_STRANGERS)
            assert link.counters.strangers == 4 * MAX_STRANGERS

    with structlog.testing.capture_logs() as logs:
        broker.run(scene())
    told = [line["serial"] for line in logs if line["event"] == "unknown_unit"]
    assert told == [f"S{number}" for number in range(MAX_STRANGERS)]


def test_what_the_broker_kept_is_not_answered(broker: Broker) -> None:
    async def scene() -> None:
        async with connect(Options(url=broker.url, client_id="old")) as old:
            await old.publish(Message(f"{UP}A1", b"of yesterday", 1, retain=True))
        async with linked(broker.url) as (link, units, ear):
            await units.publish(Message(f"{UP}A1", b"now", 1))
            await ear.until_said(f"{DOWN}A1", b"A1 said now")
            assert (link.counters.retained, link.counters.sent) == (1, 1)

    broker.run(scene())


def test_a_broker_that_goes_away_is_dialled_again(broker: Broker) -> None:
    async def scene() -> None:
        link = hub(broker.url)
        running = asyncio.ensure_future(link.run())
        async with asyncio.timeout(60):
            await link.wait_up()
            broker.stop()
            while link.up:  # noqa: ASYNC110 - nobody else wants to know
                await asyncio.sleep(0.05)
            broker.start()
            await link.wait_up()
        assert link.counters.opened == 2
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with structlog.testing.capture_logs() as logs:
        broker.run(scene())
    assert [line["event"] for line in logs if line["event"].startswith("link_")] == ["link_up", "link_down", "link_up"]


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_wrong_password_is_told_with_its_remedy(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, anonymous=False)
    broker.start()

    async def scene() -> None:
        link = hub(broker.url, user="client", password="wrong")  # noqa: S106 - it is
        running = asyncio.ensure_future(link.run())
        await asyncio.sleep(1)
        assert not link.up
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with structlog.testing.capture_logs() as logs:
        try:
            asyncio.run(scene())
        finally:
            broker.stop()
    [told] = [line for line in logs if line["event"] == "link_down"]
    assert "check user, password and rights" in told["reason"]


def test_an_allowance_fills_again() -> None:
    gate = Gate(frozenset({"A1"}), 0.0)
    assert [gate.admits("A1", 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert [gate.admits("A1", 2.0) for _ in range(3)] == [True, True, False]
    assert [gate.admits("A1", 1000.0) for _ in range(21)] == [True] * 20 + [False]
    assert not gate.knows("B2")
