"""What a gateway hears of a branch without mains: by the modem and by where it couples."""

import asyncio
from typing import Literal

import pytest

from config.site import Branch, Site
from emulator.instruments import Instruments
from emulator.server import linked
from protocols import points as p
from protocols.exchange import Failed
from protocols.points import Channel
from tests.emulator.test_server import joined, live, plant, site, stations
from tests.support.virtual_time import run

Coupling = Literal["inverter_side", "grid_side"]
HEARD = {  # coupling, mains-synchronous, whose mains is gone → is the branch heard?
    ("inverter_side", False, "site"): True,
    ("inverter_side", False, "b1"): True,
    ("inverter_side", True, "site"): False,
    ("inverter_side", True, "b1"): False,
    ("grid_side", False, "site"): True,
    ("grid_side", False, "b1"): False,
    ("grid_side", True, "site"): False,
    ("grid_side", True, "b1"): False,
}


def coupled(coupling: Coupling, *, synchronous: bool, modem: str = "transparent") -> Site:
    plain = site(count=1, mains_synchronous=synchronous, modem=modem)
    branch = plain.gateways[0].branches[0].model_copy(update={"coupling": coupling})
    return plain.model_copy(update={"gateways": (plain.gateways[0].model_copy(update={"branches": (branch,)}),)})


@pytest.mark.parametrize(("coupling", "synchronous", "target"), HEARD)
def test_who_is_heard_in_an_outage(coupling: Coupling, synchronous: bool, target: str) -> None:  # noqa: FBT001 - a row
    async def day() -> tuple[bool, bool, tuple[int, ...]]:
        async with plant(coupled(coupling, synchronous=synchronous)) as emulated:
            master, do, station = await joined(1), Instruments(emulated), stations(1)[0]
            do.grid_outage(target)
            await asyncio.sleep(5)
            during = await master.converse(live(station))
            do.grid_restore(target)
            await asyncio.sleep(5)
            after = await master.converse(live(station))
            assert not isinstance(after, Failed)
            word = 0 if isinstance(during, Failed) else during[Channel(p.ALRM)]
            records = emulated.units[station.serial].alarm_records(asyncio.get_running_loop().time())
            return not isinstance(during, Failed), word == 0b10, tuple(record.code for record in records)

    heard, told_code_2, records = run(day())
    assert heard is HEARD[coupling, synchronous, target]
    assert told_code_2 is heard
    assert records == (2,)  # whoever heard it: the record is there when the unit is back


def test_a_framed_modem_is_cut_off_as_well() -> None:
    async def day() -> tuple[int, int]:
        async with plant(coupled("grid_side", synchronous=False, modem="st7580")) as emulated:
            do, unit = Instruments(emulated), emulated.units[stations(1)[0].serial]
            do.grid_outage("b1")
            node = emulated.node(unit.serial)
            before = node.linked
            do.grid_restore("b1")
            return before, node.linked

    assert run(day()) == (False, True)


@pytest.mark.parametrize("alive", [True, False])
@pytest.mark.parametrize("closed", [True, False])
def test_with_mains_and_a_closed_breaker_everybody_hears(alive: bool, closed: bool) -> None:  # noqa: FBT001 - rows
    branch = Branch.model_validate({"id": "b", "inverters": [{"serial": "AT0001", "model": "MI-400"}]})
    assert linked(branch, alive=alive, closed=closed, synchronous=False)
    assert linked(branch, alive=alive, closed=closed, synchronous=True) is alive
