"""Units of a fleet live the same life in whichever shard they are."""

import asyncio
from typing import Any

import pytest

from config.fleet import Fleet
from config.loader import load_packaged
from config.plant import nodes, profile_of
from drivers.clock import SystemClock
from emulator.faults import FaultyResponder
from emulator.instruments import Instruments
from emulator.server import Plant
from protocols.exchange import Exchange, Send
from protocols.profile import Station
from tests.support.emulated import NOON, UTRECHT
from tests.support.virtual_time import FakeClock, run

pytestmark = pytest.mark.day
PATTERN = load_packaged("demo.yaml", SystemClock()).model_copy(update={"location": UTRECHT})
FLEET = Fleet(PATTERN, 30, "127.0.0.1", 20000)


def _plant(number: int) -> Plant:
    return Plant(FLEET.site(number), UTRECHT, FakeClock(NOON), 0.0)


def _nodes(number: int) -> dict[str, int]:
    """Return the addresses of a link's units."""
    found = nodes(FLEET.site(number).gateways[0])
    return {serial: node for serial, node in found.items() if node is not None}


def _talk(exchange: Exchange[Any], responder: FaultyResponder, now: float) -> list[bytes]:
    """Carry out an exchange; return what was answered."""
    told: list[bytes] = []
    step = exchange.start()
    while isinstance(step, Send):
        answers = responder.answer(step.datagram, now)
        told += answers
        step = exchange.received(answers[0]) if answers else exchange.timed_out()
    return told


def _traces(*shard: int) -> dict[str, list[bytes]]:
    """Return what each unit of a shard answers in ten minutes with a surge in the middle."""
    [gateway, *_] = FLEET.site(*FLEET.shard(*shard)).gateways
    vendor = profile_of(gateway)

    async def main() -> dict[str, list[bytes]]:
        links = [(_plant(number), _nodes(number)) for number in FLEET.shard(*shard)]
        told = {
            serial: _talk(vendor.join(Station(serial, node), NOON), plant.responder(serial), 0.0)
            for plant, units in links
            for serial, node in units.items()
        }
        for turn in range(30):
            await asyncio.sleep(20)
            now = asyncio.get_running_loop().time()
            for plant, units in links:
                if turn in {15, 17}:
                    Instruments(plant).grid_voltage(pu=1.2 if turn == 15 else None)
                for serial, node in units.items():
                    exchange = vendor.poll(Station(serial, node), vendor.poll_plan[0], NOON)
                    told[serial] += _talk(exchange, plant.responder(serial), now)
        return told

    return run(main())


def test_a_unit_answers_the_same_in_whichever_shard_it_is() -> None:
    whole = _traces(1, 1)
    lengths = {len(answers) for answers in whole.values()}
    assert min(lengths) > 30
    assert len(whole) == 30
    assert len({tuple(answers) for answers in whole.values()}) == 30  # no two units are alike
    assert {**_traces(1, 2), **_traces(2, 2)} == whole


def test_every_unit_feels_what_is_done_to_its_own_link_alone() -> None:
    async def main() -> set[str]:
        plants = [_plant(number) for number in FLEET.shard(1, 1)]
        Instruments(plants[1]).grid_outage()
        await asyncio.sleep(5)
        now = asyncio.get_running_loop().time()
        for plant in plants:
            plant.advance(now)
        return {serial for plant in plants for serial, unit in plant.units.items() if unit.power_w(now) == 0}

    assert run(main()) == set(_link_serials(1))


def _link_serials(number: int) -> list[str]:
    return [unit.serial for branch in FLEET.site(number).gateways[0].branches for unit in branch.inverters]
