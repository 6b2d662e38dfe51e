import asyncio
from math import pi, sin
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.snapshot import CommState
from gateway.store import Store
from gateway.telemetry.outbox import Outbox
from gateway.telemetry.site import SiteState
from protocols.states import InvSt, Quality
from tests.gateway.acme import COUNTERS, MODEL, PROFILE, identity
from tests.gateway.fleet.medium import Medium, Unit
from tests.support.virtual_time import FakeClock, run

MIDNIGHT = 1_782_000_000.0 - 1_782_000_000.0 % 86_400  # UTC
DAY_S = 86_400
UNITS = 5


def elevation(now: float) -> float:
    """Return a sun that rises at six, stands at 60 degrees at noon and sets at eighteen."""
    return 60 * sin((now % DAY_S - DAY_S / 4) * 2 * pi / DAY_S)


def shine(unit: Unit, now: float, forgets_wh: int) -> None:
    """Let a unit live for the next minute."""
    light = elevation(now)
    if light <= 0 and unit.alive:
        unit.alive = False
        unit.energy_wh -= forgets_wh  # what it had not saved when the light went
    elif light > 0 and not unit.alive:
        unit.alive, unit.booted_at = True, now
    unit.power_w = max(0.0, 6 * light)
    unit.state = InvSt.RUNNING if light > 2 else InvSt.SLEEPING
    unit.energy_wh += round(unit.power_w / 60) if unit.alive else 0


@pytest.mark.day
@pytest.mark.parametrize("clock_known", [True, False], ids=["with a clock", "without a clock"])
@pytest.mark.parametrize("seed", [1, 2])
def test_two_days_of_a_plant_with_loss(tmp_path: Path, seed: int, clock_known: bool) -> None:  # noqa: FBT001 - a column
    async def main() -> None:
        units = [Unit(f"SN{n:04}", alive=False) for n in range(1, UNITS + 1)]
        identities = [identity(f"s{n}", n) for n in range(1, UNITS + 1)]
        store, outbox = Store(tmp_path, inline=True), Outbox()
        plant = [(known, COUNTERS) for known in identities]
        zone = ZoneInfo("UTC")
        site = SiteState(plant, zone=zone, clock=FakeClock(MIDNIGHT), store=store, outbox=outbox)
        loop = asyncio.get_running_loop()
        poller = Poller(
            "gw",
            Medium(dict(enumerate(units, 1)), loss=0.05, seed=seed),
            [Device(known, MODEL) for known in identities],
            PROFILE,
            poll_s=60.0,
            probe_share=0.1,
            utc=lambda: 0.0,
            light=lambda: elevation(loop.time()) if clock_known else None,
            listener=site,
        )
        tasks = [asyncio.create_task(work) for work in (poller.run(), site.run())]
        total_wh = 0
        for minute in range(2 * DAY_S // 60):
            for unit in units:
                shine(unit, minute * 60.0, forgets_wh=5)
            await asyncio.sleep(60)
            grown_wh = site.totals().e_total_wh or 0
            assert grown_wh >= total_wh
            total_wh = grown_wh
        assert {view.comm for view in site.views.values()} == {CommState.ASLEEP}
        assert {view.quality for view in site.views.values()} == {Quality.NIGHT}
        counted = [view.energy[0].total_wh for view in site.views.values()]
        # the last minutes of light may go unheard, and what was forgotten at dusk had been counted already
        assert counted == pytest.approx([unit.energy_wh + 5 for unit in units], abs=5)
        assert {event.kind for event in outbox.take().events} == {"link_up", "joined"}
        for task in tasks:
            task.cancel()
        store.close()

    run(main())
