"""Days of units that count on the DC side from each boot on, over a lossy line, with a gateway that restarts."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.mqtt import payloads
from gateway.snapshot import InverterView
from gateway.store import Store
from gateway.telemetry.outbox import Outbox
from gateway.telemetry.site import SiteState
from protocols.exchange import Exchange, Mapped
from protocols.points import DCW, DCWH_INJ, TOT_WH_INJ, UP_TMS, Channel, Value
from protocols.profile import Counter, PollItem, Station
from tests.gateway.acme import MODEL, PROFILE, identity
from tests.gateway.fleet.medium import Medium, Unit
from tests.support.virtual_time import FakeClock, run

MIDNIGHT = 1_782_000_000.0 - 1_782_000_000.0 % 86_400  # UTC
COUNTERS = (Counter(DCWH_INJ, port=1, wrap_wh=0xFFFF_FFFF, restarts=True),)
DC_W, AC_W, POLL_S = 200.0, 190.0, 60.0
HOUR = 3600.0
DAWN_H, NOON_H, DUSK_H, NEXT_NOON_H = 6, 12, 18, 36


class DcUnit(Unit):
    """Counts what its module gives."""

    def _live(self, now: float) -> dict[Channel, Value]:
        return super()._live(now) | {
            Channel(DCW, 1): DC_W,
            Channel(TOT_WH_INJ): int(DC_W * (now - self.booted_at) / HOUR),
        }


def poll(station: Station, item: PollItem, utc: float) -> Exchange[Mapping[Channel, Value]]:
    """Return the live block as a vendor would that counts at the input, and tells no uptime."""

    def convert(values: Mapping[Channel, Value]) -> Mapping[Channel, Value]:
        own = dict(values)
        own[Channel(DCWH_INJ, 1)] = own.pop(Channel(TOT_WH_INJ))
        del own[Channel(UP_TMS)]
        return own

    return Mapped(PROFILE.poll(station, item, utc), convert)


async def gateway(folder: Path, unit: Unit, until_s: float) -> InverterView:
    """Run a gateway until a loop time, then stop it as a signal does."""
    loop, store = asyncio.get_running_loop(), Store(folder, inline=True)
    known = identity("s1")
    site = SiteState([(known, COUNTERS)], zone=ZoneInfo("UTC"), clock=FakeClock(MIDNIGHT), store=store, outbox=Outbox())
    poller = Poller(
        "gw",
        Medium({1: unit}, loss=0.1, seed=int(until_s)),
        [Device(known, MODEL)],
        replace(PROFILE, poll=poll),
        poll_s=POLL_S,
        probe_share=0.1,
        light=lambda: 40.0 if unit.alive else -10.0,
        utc=site.utc,
        listener=site,
    )
    tasks = [asyncio.create_task(work) for work in (poller.run(), site.run())]
    await asyncio.sleep(until_s - loop.time())
    for task in tasks:
        task.cancel()
    site.save()
    store.close()
    return site.views["s1"]


@pytest.mark.parametrize("restarts_h", [[], [NOON_H], [9, 12.5, 22, 30]], ids=["never", "at noon", "by day and night"])
def test_two_days_with_a_night_between(tmp_path: Path, restarts_h: list[float]) -> None:
    async def main() -> None:
        unit, loop = DcUnit("SN0001", alive=False), asyncio.get_running_loop()
        unit.power_w, unit.dc_v = AC_W, 36.0

        def boot() -> None:
            unit.alive, unit.booted_at = True, loop.time()

        for day in (0, 24):
            loop.call_at((DAWN_H + day) * HOUR, boot)
            loop.call_at((DUSK_H + day) * HOUR, setattr, unit, "alive", False)
        for end_h in restarts_h:
            await gateway(tmp_path, unit, end_h * HOUR)
        view = await gateway(tmp_path, unit, NEXT_NOON_H * HOUR)
        made_wh = (DUSK_H - DAWN_H + NEXT_NOON_H - 24 - DAWN_H) * DC_W
        assert view.energy[1].total_wh == pytest.approx(made_wh, abs=10 * DC_W * POLL_S / HOUR)
        assert view.energy[0].total_wh == pytest.approx(AC_W / DC_W * view.energy[1].total_wh, abs=1)
        assert view.energy[1].day_wh == pytest.approx((NEXT_NOON_H - 24 - DAWN_H) * DC_W, abs=2 * DC_W * POLL_S / HOUR)
        assert payloads.inverter_state(view)["e_source"] == "derived"
        assert "e_source" not in payloads.input_state(view, 1)

    run(main())
