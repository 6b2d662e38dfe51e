"""A ground fault of an APsystems unit, from the damaged cable to the operator's reset, on virtual time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.instruments import Instruments
from emulator.readings import readings
from emulator.server import Plant
from protocols.vendors.apsystems.led import Led
from tests.support.daemon import running_daemon, running_plant
from tests.support.emulated import NOON
from tests.support.listener import listening
from tests.support.operated import GFDI, ask, codes, edges, listed
from tests.support.virtual_time import FakeClock, run
from tests.support.zigbee_plant import SLOTS, described, remember

DAMAGED_OHM = 5_000.0
FOUND_S = 700.0  # insulation is measured every 10 minutes while a unit feeds, three times when it is low
BOOT_S = 400.0  # self-test, waiting time of the grid code, and some polls


def lamp(plant: Plant, serial: str) -> Led:
    return Led(int(readings(plant, {serial: "unit"}, asyncio.get_running_loop().time())["unit.led"]))


async def soon(condition: Callable[[], bool], within_s: float) -> None:
    """Return once a condition holds that nobody tells."""
    for _ in range(round(within_s)):
        if condition():
            return
        await asyncio.sleep(1.0)
    raise AssertionError("waited in vain")


@pytest.mark.parametrize(("slot", "loss"), [("roof1", 0.0), ("roof1", 0.1), ("shed", 0.0)])
def test_a_ground_fault_is_locked_on_both_sides_until_it_is_gone_and_an_operator_says_so(
    tmp_path: Path, slot: str, loss: float
) -> None:
    serial, site = SLOTS[slot][0], described(tmp_path, impairments={"loss": loss})

    async def main() -> None:
        clock = FakeClock(NOON)
        async with running_plant(site, clock) as plant, listening("mem://broker") as ear:
            instruments = Instruments(plant)
            remember(site, plant)
            async with running_daemon(site, clock, plant):
                await soon(lambda: lamp(plant, serial) is Led.GREEN_10_S, BOOT_S)
                instruments.insulation(serial, DAMAGED_OHM)
                await ear.until(lambda: codes(ear, slot) == [GFDI], FOUND_S)
                assert listed(ear, slot)[0]["cause"] == "gfdi"
                assert lamp(plant, serial) is Led.RED_STEADY
                refused = await ask(ear, slot, "reset")
                assert (refused["status"], refused["error"]["code"]) == ("error", "condition_active")

            instruments.restart(serial)
            async with running_daemon(site, clock, plant):
                await asyncio.sleep(BOOT_S)
                assert (codes(ear, slot), lamp(plant, serial)) == ([GFDI], Led.RED_STEADY)
                refused = await ask(ear, slot, "reset")
                assert (refused["status"], refused["error"]["code"]) == ("error", "condition_active")

                instruments.insulation(serial, None)
                await asyncio.sleep(FOUND_S)
                instruments.restart(serial)
                await asyncio.sleep(BOOT_S)
                assert (codes(ear, slot), lamp(plant, serial)) == ([GFDI], Led.RED_STEADY)
                assert edges(ear, slot, "clear") == set()

                assert (await ask(ear, slot, "ack"))["status"] == "ok"
                assert (await ask(ear, slot, "reset"))["status"] == "ok"
                await ear.until(lambda: codes(ear, slot) == [], BOOT_S)
                await soon(lambda: lamp(plant, serial) is Led.GREEN_10_S, BOOT_S)
            assert len(edges(ear, slot, "raise")) == 1

    run(main())
