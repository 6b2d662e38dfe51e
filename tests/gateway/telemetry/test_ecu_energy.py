"""Energy of units that count from each boot on, at each input: from their own answers to totals that never fall."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from gateway.fleet.device import Device
from gateway.fleet.poller import Poller
from gateway.snapshot import Energy, Identity
from gateway.store import Store
from gateway.telemetry.outbox import Outbox
from gateway.telemetry.site import SiteState
from protocols.modems.znp.network import DEFAULT_ID
from protocols.points import DCA, DCV, DCW, DCWH_INJ, INV_ST, UP_TMS, Channel, Value, W
from protocols.registry import vendor
from protocols.states import InvSt
from protocols.vendors.apsystems.models import MODELS
from protocols.vendors.apsystems.responder import InverterSide
from tests.support.device import ScriptedDevice, running
from tests.support.ecu_air import Air
from tests.support.virtual_time import FakeClock, run

MIDNIGHT = 1_782_000_000.0 - 1_782_000_000.0 % 86_400  # UTC
HOUR, DAY_H = 3600.0, 24
POLL_S = 300.0  # as a stock gateway polls
VOLT = 32.0
PROFILE = vendor("apsystems")
UNITS = {"QS1": "801000085070", "YC600": "408000158215", "DS3": "703000069723", "QT2": "901000001234"}


class Roof(ScriptedDevice):
    """A unit that feeds its inputs' power between dawn and dusk and boots each morning; input n gives n shares."""

    dawn_h, dusk_h = 6.0, 18.0
    booted_at = 0.0
    reboots_h: tuple[float, ...] = ()  # of its own accord

    def power_w(self, port: int) -> float:
        return 40.0 + 20.0 * port

    def lit_s(self, now: float) -> float:
        """Return how long it has had light, all days together."""
        days, hour = divmod(now / HOUR, DAY_H)
        today_h = min(max(hour - self.dawn_h, 0.0), self.dusk_h - self.dawn_h)
        return (days * (self.dusk_h - self.dawn_h) + today_h) * HOUR

    def awake(self, now: float) -> bool:
        return self.dawn_h <= now / HOUR % DAY_H < self.dusk_h

    def values(self, now: float) -> Mapping[Channel, Value]:
        midnight_h = now // (DAY_H * HOUR) * DAY_H
        boots_h = [midnight_h + self.dawn_h, *(at for at in self.reboots_h if at <= now / HOUR)]
        own: dict[Channel, Value] = {Channel(UP_TMS): now - max(boots_h) * HOUR, Channel(INV_ST): InvSt.RUNNING}
        for port in range(1, self.model.ports + 1):
            watt = self.power_w(port)
            own |= {Channel(DCV, port): VOLT, Channel(DCA, port): watt / VOLT, Channel(DCW, port): watt}
            own[Channel(DCWH_INJ, port)] = watt * self.lit_s(now) / HOUR
        own[Channel(W)] = self.model.efficiency * sum(map(self.power_w, range(1, self.model.ports + 1)))
        return {**self.shown, **own}


async def gateway(folder: Path, roof: Roof, side: InverterSide, until_h: float) -> Mapping[int, Energy]:
    """Run a gateway until an hour, then stop it as a signal does; tell the energy of the unit."""
    loop, store = asyncio.get_running_loop(), Store(folder, inline=True)
    model = roof.model
    who = Identity("s1", roof.serial, model.name, PROFILE.name, "ecu", "b1", side.node, model.ports, model.rated_w)
    plant = [(who, PROFILE.counters(model))]
    site = SiteState(plant, zone=ZoneInfo("UTC"), clock=FakeClock(MIDNIGHT), store=store, outbox=Outbox())
    poller = Poller(
        "ecu",
        Air([side], roof.awake, loss=0.1, rng=Random(int(until_h * 10))),
        [Device(who, model, host=DEFAULT_ID)],
        PROFILE,
        poll_s=POLL_S,
        probe_share=0.1,
        light=lambda: 40.0 if roof.awake(loop.time()) else -10.0,
        utc=site.utc,
        listener=site,
    )
    fallen: list[str] = []
    known = dict.fromkeys(range(model.ports + 1), 0)

    def watch() -> None:
        for port, energy in site.views["s1"].energy.items():
            if energy.total_wh < known[port]:
                fallen.append(f"port {port} at {loop.time() / HOUR:.2f} h: {known[port]} to {energy.total_wh}")
            known[port] = energy.total_wh

    site.watch(lambda _: watch())
    tasks = [asyncio.create_task(work) for work in (poller.run(), site.run())]
    await asyncio.sleep(until_h * HOUR - loop.time())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    site.save()
    store.close()
    assert fallen == []
    return site.views["s1"].energy


@pytest.mark.parametrize("stops_h", [(12.0,), (9.3, 12.5, 22.0, 30.1, 36.0)], ids=["at noon", "often"])
@pytest.mark.parametrize("model", UNITS)
def test_two_days_of_every_family_with_gateways_that_restart(
    tmp_path: Path, model: str, stops_h: tuple[float, ...]
) -> None:
    async def main() -> None:
        ports = MODELS[model].ports
        roof = Roof(UNITS[model], MODELS[model], running(ports))
        side = InverterSide(roof)
        for until_h in stops_h:
            await gateway(tmp_path, roof, side, until_h)
        energy = await gateway(tmp_path, roof, side, 45.0)
        for port in range(1, ports + 1):
            watt, missed_h = roof.power_w(port), 3 * POLL_S / HOUR  # after dawn and before dusk
            assert energy[port].total_wh == pytest.approx(24 * watt, abs=2 * missed_h * watt)
            assert energy[port].day_wh == pytest.approx(12 * watt, abs=missed_h * watt)
            assert not energy[port].derived
        dc_wh = sum(energy[port].total_wh for port in range(1, ports + 1))
        assert energy[0].derived
        assert energy[0].total_wh == pytest.approx(0.95 * dc_wh, rel=0.04)

    run(main())


def total_after(folder: Path, roof: Roof, *until_h: float) -> float:
    """Return for how many hours of light gateways counted that ran one after the other until `until_h`."""

    async def main() -> float:
        side = InverterSide(roof)
        *earlier, last = until_h
        for each in earlier:
            await gateway(folder, roof, side, each)
        energy = await gateway(folder, roof, side, last)
        return energy[2].total_wh / roof.power_w(2)

    return run(main())


def test_a_unit_that_boots_by_day_begins_at_nothing_and_the_total_goes_on(tmp_path: Path) -> None:
    roof = Roof(UNITS["QS1"], MODELS["QS1"], running(4))
    roof.reboots_h = (10.0, 13.5)
    assert total_after(tmp_path, roof, 20.0) == pytest.approx(12.0, abs=5 * POLL_S / HOUR)


def test_a_boot_while_no_gateway_runs_is_seen_by_the_next_one(tmp_path: Path) -> None:
    roof = Roof(UNITS["DS3"], MODELS["DS3"], running(2))
    roof.reboots_h = (11.98,)  # the counter is lower than it was when the gateway stopped
    roof.dusk_h = 12.0
    assert total_after(tmp_path, roof, 11.9, 12.9) == pytest.approx(6.0, abs=5 * POLL_S / HOUR)


def test_a_day_longer_than_the_uptime_can_count_is_no_boot(tmp_path: Path) -> None:
    roof = Roof(UNITS["QS1"], MODELS["QS1"], running(4))
    roof.dawn_h, roof.dusk_h = 1.0, 23.0
    assert total_after(tmp_path, roof, 19.1, 23.5) == pytest.approx(22.0, abs=5 * POLL_S / HOUR)
