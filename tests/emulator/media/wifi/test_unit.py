"""Emulated units at a broker: they dial in by day, insist on their answers, and are gone by night."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from config.site import Site
from drivers.mqtt import memory
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from emulator.media.wifi.unit import Unit
from emulator.server import Plant
from protocols.decode import identify
from protocols.errors import ConfigError
from protocols.vendors.rockcore.codec import hear
from protocols.vendors.rockcore.dialler import AGAIN_S, ANSWER_S
from protocols.vendors.rockcore.kinds import KINDS
from tests.support.emulated import MIDNIGHT, NOON
from tests.support.hub import hub_site
from tests.support.listener import Listener, listening
from tests.support.virtual_time import FakeClock, run

UP, DOWN = "jowoiot/toServer/v2/", "jowoiot/toEdge/"
FIRST = "RC000001"


def play(plan: Site, act: Callable[[Plant, Listener], Awaitable[None]], start_utc: float = NOON) -> None:
    """Run a plant and a listener on virtual time; nobody answers but the test."""

    async def main() -> None:
        memory.broker(plan.mqtt.url.removeprefix("mem://")).start()
        plant = Plant(plan, plan.location, FakeClock(start_utc), asyncio.get_running_loop().time())
        async with listening(plan.mqtt.url, "jowoiot/#") as ear:
            serving = asyncio.ensure_future(plant.serve())
            try:
                await act(plant, ear)
            finally:
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)

    run(main())


def dials(plant: Plant, serial: str = FIRST) -> int:
    node = plant.node(serial)
    assert isinstance(node, Unit)
    return node.dials


def kind(message: Message) -> str:
    return identify(KINDS, [message.payload]).kind


async def answering(url: str) -> None:
    """Answer every report, as a server does."""
    loop = asyncio.get_running_loop()
    async with connect(Options(url=url, client_id="server")) as session:
        await session.subscribe(f"{UP}+")
        async for message in session.messages():
            answer = hear(message.payload, NOON + loop.time(), 30.0).answer
            await session.publish(Message(DOWN + message.topic.removeprefix(UP), answer))


def test_unanswered_a_unit_says_who_it_is_again_and_again(tmp_path: Path) -> None:
    async def act(plant: Plant, ear: Listener) -> None:
        await asyncio.sleep(600)
        said = [message for message in ear.heard if message.topic == UP + FIRST]
        assert {kind(message) for message in said} == {"registration"}
        assert len(said) == pytest.approx(600 / (ANSWER_S + AGAIN_S), abs=2)
        assert dials(plant) == pytest.approx(len(said), abs=1)

    play(hub_site(tmp_path), act)


def test_answered_it_registers_once_and_stays(tmp_path: Path) -> None:
    plan = hub_site(tmp_path)

    async def act(plant: Plant, ear: Listener) -> None:
        server = asyncio.ensure_future(answering(plan.mqtt.url))
        await asyncio.sleep(600)
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
        kinds = [kind(message) for message in ear.heard if message.topic == UP + FIRST]
        assert kinds[:3] == ["registration", "faults", "report"]
        assert set(kinds[3:]) == {"report"}
        assert len(kinds) == pytest.approx(2 + 600 / 30, abs=2)
        assert dials(plant) == 1

    play(plan, act)


def test_by_night_nobody_dials(tmp_path: Path) -> None:
    async def act(plant: Plant, ear: Listener) -> None:
        await asyncio.sleep(3600)
        assert ear.heard == []
        assert dials(plant) == 0

    play(hub_site(tmp_path), act, start_utc=MIDNIGHT)


def test_units_of_a_plant_do_not_come_all_at_once(tmp_path: Path) -> None:
    async def act(plant: Plant, ear: Listener) -> None:
        first: dict[str, float] = {}
        while len(first) < 8:
            await asyncio.sleep(0.1)
            for message in ear.heard:
                first.setdefault(message.topic, asyncio.get_running_loop().time())
        assert len(plant.units) == 8
        assert len(set(first.values())) == 8

    play(hub_site(tmp_path, units=8), act)


def test_a_unit_that_is_taken_away_falls_silent_and_its_successor_dials(tmp_path: Path) -> None:
    async def act(plant: Plant, ear: Listener) -> None:
        await asyncio.sleep(60)
        plant.replace(FIRST, "RC000099", asyncio.get_running_loop().time())
        heard = len(ear.heard)
        await asyncio.sleep(300)
        topics = {message.topic for message in ear.heard[heard:]}
        assert UP + FIRST not in topics
        assert f"{UP}RC000099" in topics

    play(hub_site(tmp_path), act)


def test_a_successor_needs_no_activation_that_nobody_could_give(tmp_path: Path) -> None:
    plan = hub_site(tmp_path, emulation={"clouds": "clear"})

    async def act(plant: Plant, _: Listener) -> None:
        await asyncio.sleep(60)
        plant.replace(FIRST, "RC000099", asyncio.get_running_loop().time())
        await asyncio.sleep(900)
        assert plant.units["RC000099"].power_w(asyncio.get_running_loop().time()) > 100

    play(plan, act)


def test_a_broker_with_tls_is_refused_for_units_that_have_none(tmp_path: Path) -> None:
    plan = hub_site(tmp_path, url="mqtts://host")

    async def main() -> None:
        with pytest.raises(ConfigError, match="these units speak MQTT without TLS; emulate over mqtt://"):
            Plant(plan, plan.location, FakeClock(NOON), 0.0)

    run(main())
