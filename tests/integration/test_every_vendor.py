"""All vendors in one site, with one SunSpec server in front."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from config.roles import ROLES
from emulator.limits import Limits
from gateway.faces.sunspec_units import WHOLE
from gateway.snapshot import CommState
from protocols.points import Channel, W
from protocols.registry import vendor
from tests.support.daemon import Running, running_daemon, running_plant
from tests.support.emulated import NOON
from tests.support.modbus_client import Refused, connected
from tests.support.mosquitto import free_port
from tests.support.vendors import every_vendor, slots
from tests.support.virtual_time import clock_at

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(180)]

LIMIT_PCT = 60
WITHIN_S = 120.0  # units that dial do so within ten seconds, one that joins a radio network within a minute
UNITS = {slot: number for number, slot in enumerate((slot for role in ROLES for slot in slots(role)), 1)}


def site_at_work(folder: Path, act: Callable[[Running, int], Awaitable[None]]) -> None:
    """Run every vendor's plant and the daemon until all answer, then act on the face's port."""

    async def main() -> None:
        clock, port = clock_at(NOON), free_port()
        site = every_vendor(folder, faces=[{"kind": "sunspec", "port": port, "writes": True}])
        async with (
            asyncio.timeout(WITHIN_S),
            running_plant(site, clock) as plant,
            running_daemon(site, clock, plant) as daemon,
        ):
            await daemon.until(lambda: all(produces(daemon, slot) for slot in UNITS))
            await act(daemon, port)

    asyncio.run(main())


def produces(daemon: Running, slot: str) -> bool:
    view = daemon.view(slot)
    return view.comm is CommState.ONLINE and bool(view.values.get(Channel(W)))


def limited(limits: Limits) -> bool:
    """Tell whether a unit holds the limit, as finely as its protocol says it."""
    return abs(limits.owner_pct - LIMIT_PCT) <= 1


def scanned(port: int, unit: int) -> dict[str, Any]:
    """Return model 101 or 103 and the serial, as pysunspec2 reads them."""
    device = SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=5)
    device.scan()
    assert {models[0].error_info for models in device.models.values()} == {""}
    inverter = device.models[101 if 101 in device.models else 103][0]
    found = {name: point.cvalue for name, point in inverter.points.items()}
    found |= {name: device.common[0].points[name].value for name in ("SN", "Mn", "Md")}
    device.close()
    return found


def test_one_sunspec_server_shows_the_units_of_every_vendor(tmp_path: Path) -> None:
    async def act(daemon: Running, port: int) -> None:
        for slot, number in UNITS.items():
            found = await asyncio.to_thread(scanned, port, number)
            who = daemon.view(slot).identity
            assert (found["SN"], found["Mn"], found["Md"]) == (who.serial, vendor(who.vendor).maker, who.model)
            assert found["W"] > 0
        whole = await asyncio.to_thread(scanned, port, WHOLE)
        assert whole["Md"] == f"{len(UNITS)} microinverters"
        assert whole["W"] == pytest.approx(daemon.app.state.totals().p_ac_w, rel=0.1)

    site_at_work(tmp_path, act)


def test_a_limit_reaches_whoever_takes_one(tmp_path: Path) -> None:
    """A unit that cannot be limited refuses it; the others do as they are told."""

    async def act(daemon: Running, port: int) -> None:
        control = daemon.app.control
        async with connected(port) as client:
            at = (await client.models(1))[123][0]
            for slot, number in UNITS.items():
                answer = await client.write(number, at + 5, [10 * LIMIT_PCT, 0, 0, 0, 1])
                serial = daemon.view(slot).identity.serial
                if isinstance(answer, Refused):
                    assert slot not in control.limits
                else:
                    limits = daemon.plant.units[serial].life.firmware.limits
                    await daemon.until(partial(limited, limits))
        assert set(control.limits) == {slot for role in ROLES if role != "wifi-hub" for slot in slots(role)}

    site_at_work(tmp_path, act)
