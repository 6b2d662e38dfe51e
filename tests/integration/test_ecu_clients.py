"""The public clients of an ECU against the whole daemon, with emulated units behind an emulated coordinator."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from protocols.modems.znp.network import DEFAULT_ID
from protocols.points import W_MAX_LIM_PCT, Channel
from protocols.vendors.apsystems.models import MODELS
from tests.support.aps2mqtt import PORT, aps2mqtt, free_address
from tests.support.daemon import running_daemon, running_plant
from tests.support.ecu import ecu_site, serials
from tests.support.emulated import NOON
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.served import Served
from tests.support.virtual_time import clock_at

# a client rests for five seconds after each of its three questions, and energies are known after half a minute
pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(120)]

PATIENCE_S = 110.0
POLL_S = 1.0
UNITS = serials(5)
SLOTS = dict(enumerate(UNITS, start=1))
LIMIT = Channel(W_MAX_LIM_PCT)


@asynccontextmanager
async def served(folder: Path, face: dict[str, Any], port: int, units: int) -> AsyncIterator[Served]:
    """Run plant, daemon and face until every unit's energy is known."""
    site, clock = ecu_site(folder, units=units, poll_s=POLL_S, faces=[face | {"port": port}]), clock_at(NOON)
    async with (
        running_plant(site, clock) as plant,
        listening(site.mqtt.url) as ear,
        running_daemon(site, clock, plant) as daemon,
    ):
        await daemon.until(lambda: all(0 in view.energy for view in daemon.app.state.views.values()))
        yield Served(daemon, [port], ear)


def serving(
    folder: Path, face: dict[str, Any], port: int, act: Callable[[Served], Awaitable[None]], units: int = len(UNITS)
) -> None:
    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), served(folder, face, port, units) as plant:
            await act(plant)

    asyncio.run(main())


def said(plant: Served, topic: str, key: str) -> set[float]:
    """Return all that the daemon has told of a value: clients read some of it."""
    return {told[key] for told in plant.ear.of(f"/{topic}") if told.get(key) is not None}


def is_as_mqtt_says(plant: Served, told: Listener) -> None:
    """Compare what the client tells its broker with what the daemon tells its own."""
    whole = told.last(f"aps/{DEFAULT_ID}")
    live = plant.said("site/state")
    assert whole["current_power"] == pytest.approx(live["p_ac_w"], rel=0.02)
    assert whole["today_energy"] == pytest.approx(live["e_day_wh"] / 1000, abs=0.05)
    assert whole["lifetime_energy"] == pytest.approx(max(live["e_total_wh"] / 1000, 0.1), abs=0.1)
    for slot, model in UNITS.items():
        unit, topic = told.last(f"aps/{DEFAULT_ID}/{slot}"), f"inverter/{slot}/state"
        assert unit["online"] is True
        assert unit["frequency"] in {round(hz, 1) for hz in said(plant, topic, "f_ac_hz")}
        assert unit["temperature"] in {round(celsius) for celsius in said(plant, topic, "t_case_c")}
        assert min(abs(unit["signal"] - pct) for pct in said(plant, topic, "signal_pct")) <= 1  # it cuts, we round
        for port in range(1, MODELS[model].ports + 1):
            watts = said(plant, f"inverter/{slot}/ch/{port}/state", "p_dc_w")
            assert min(abs(unit[f"panel_{port}_power"] - watt) for watt in watts) <= HALF
        if MODELS[model].phases == 1:
            assert min(abs(unit["voltage"] - volt) for volt in said(plant, topic, "v_ac_v")) <= HALF


HALF = 0.56  # of a unit, and what MQTT's own rounding adds


def test_what_aps2mqtt_tells_is_what_mqtt_says(tmp_path: Path) -> None:
    broker, address = Mosquitto(tmp_path), free_address()
    broker.start()

    async def act(plant: Served) -> None:
        async with listening(broker.url) as told:
            with aps2mqtt(tmp_path, address, broker.port) as client:
                topics = {f"aps/{DEFAULT_ID}", *(f"aps/{DEFAULT_ID}/{slot}" for slot in UNITS)}
                try:
                    await told.until(lambda: topics <= set(told.topics()), within_s=80.0)
                except TimeoutError:
                    raise AssertionError(client.said) from None
            is_as_mqtt_says(plant, told)

    try:
        serving(tmp_path, {"kind": "ecu_tcp", "address": address}, PORT, act)
    finally:
        broker.stop()


def scanned(port: int, unit: int) -> Any:
    """Return the device as pysunspec2 finds it."""
    device = SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=5)
    device.scan()
    return device


SHOWN = {"W": ("p_ac_w", 0.1), "Hz": ("f_ac_hz", 0.01), "TmpCab": ("t_case_c", 0.1), "WH": ("e_total_wh", 1)}
ONE_PHASE = {"PhVphA": ("v_ac_v", 0.1)}


def test_what_pysunspec2_reads_at_the_port_of_an_ecu_is_what_mqtt_says(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        for unit, slot in SLOTS.items():
            device = await asyncio.to_thread(scanned, plant.ports[0], unit)
            three = MODELS[UNITS[slot]].phases == 3
            chain = [1, 103, 113, 123] if three else [1, 101, 111, 123]
            assert [model for model in device.models if isinstance(model, int)] == chain
            assert {models[0].error_info for models in device.models.values()} == {""}
            common, *both = (device.models[model][0].points for model in chain[:3])
            assert (common["SN"].value, common["Md"].value, common["DA"].value) == (slot, UNITS[slot], unit)
            for name, (key, step) in (SHOWN if three else SHOWN | ONE_PHASE).items():
                told = said(plant, f"inverter/{slot}/state", key)
                for points in both:
                    value = points[name].cvalue or 0  # a counter at 0 is not implemented
                    assert min(abs(value - one) for one in told) <= 0.51 * step + 1e-4 * abs(value), (slot, name)
            device.close()

    serving(tmp_path, {"kind": "ecu_sunspec"}, free_port(), act)


def test_a_limit_at_any_unit_reaches_all(tmp_path: Path) -> None:
    def limit(port: int) -> None:
        device = scanned(port, 2)
        control = device.models[123][0]
        control.points["WMaxLimPct"].cvalue = 40
        control.points["WMaxLim_Ena"].value = 1
        control.write()
        device.close()

    async def act(plant: Served) -> None:
        await plant.daemon.until(lambda: all(LIMIT in view.values for view in plant.daemon.app.state.views.values()))
        await asyncio.to_thread(limit, plant.ports[0])
        await plant.daemon.until(lambda: all(abs(held(unit) - 40) < 1 for unit in plant.daemon.plant.units.values()))
        [command, *_] = await plant.told("gateway/ecu", "command")
        assert (command["detail"]["by"], command["detail"]["value"]) == ("ecu_sunspec 127.0.0.1", 40.0)

    def held(unit: Any) -> float:
        return float(unit.life.firmware.limits.owner_pct)

    serving(tmp_path, {"kind": "ecu_sunspec", "writes": True}, free_port(), act, units=2)
