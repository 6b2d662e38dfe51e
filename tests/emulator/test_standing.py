import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config.site import Site
from drivers.stream import listen
from emulator.media.serial_bridge import bridge
from emulator.standing import stand_in
from protocols.errors import ConfigError
from protocols.modems.radio_frame import Region, channel_change
from protocols.points import DCV, DCW, Channel
from protocols.vendors.hoymiles import realtime
from protocols.vendors.hoymiles.requests import opened
from protocols.vendors.hoymiles.serials import FAMILIES, inverter_address
from tests.support import plant
from tests.support.dtu_plant import site
from tests.support.emulated import NOON
from tests.support.radio import DTU, HMS, Heard, Host, asked, medium
from tests.support.virtual_time import FakeClock, run

CALL = channel_change(inverter_address(HMS), DTU, Region.EU, Region.EU.work)


def test_a_unit_of_the_site_answers_a_dtu_over_the_bridge(tmp_path: Path) -> None:
    async def talk() -> list[Heard]:
        air = medium("cmt2300a")
        listener = await listen("mem://its-own")
        plan = site(tmp_path, emulation={"clouds": "clear"})
        there = asyncio.create_task(stand_in(plan, HMS, "mem://its-own", FakeClock(NOON), 0.0).run())
        served = asyncio.create_task(bridge(air.link, air.air).serve(await listener.accept()))
        dtu = Host(air.modem)
        await asyncio.sleep(1.5)  # it finds its channel
        await dtu.ask(CALL)
        heard = await dtu.ask(asked(HMS))
        for task in (there, served):
            task.cancel()
        await asyncio.gather(there, served, return_exceptions=True)
        listener.close()
        await dtu.leave()
        return heard

    heard = run(talk())
    layout = FAMILIES[HMS[:4]].layout
    assert layout is not None
    values = realtime.from_payload(layout, opened(b"".join(each.frame.payload for each in heard)))
    for port in (1, 2):
        assert values[Channel(DCV, port)] == pytest.approx(32, abs=4)
        assert values[Channel(DCW, port)] == pytest.approx(350, abs=60)


@pytest.mark.parametrize(
    ("described", "serial", "reason"),
    [
        (site, "114499999999", "there is no unit '114499999999' in the site"),
        (plant.site, "AT000001", "unit AT000001: only units behind a serial_bridge can stand in on a link"),
    ],
    ids=["not in the site", "on a power line"],
)
def test_who_cannot_stand_in(tmp_path: Path, described: Callable[[Path], Site], serial: str, reason: str) -> None:
    async def attempt() -> None:
        stand_in(described(tmp_path), serial, "mem://x", FakeClock(NOON), 0.0)

    with pytest.raises(ConfigError, match=re.escape(reason)):
        run(attempt())
