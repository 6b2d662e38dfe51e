"""The public clients of a DTU against the whole daemon, with emulated units behind emulated radio bridges."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import ModbusTcpClient

from gateway.faces.dtu_tcp import CLASSES
from gateway.rows import WriteRow
from protocols.points import CONN, W_MAX_LIM_PCT, Channel
from protocols.vendors.hoymiles.layout import PF_SET
from protocols.vendors.hoymiles.northbound import Message, message
from tests.support import dtu_plant
from tests.support.daemon import running_daemon, running_plant
from tests.support.emulated import NOON
from tests.support.hoymiles_clients import WifiClient, plant_data
from tests.support.listener import listening
from tests.support.mosquitto import free_port
from tests.support.served import Served
from tests.support.virtual_time import clock_at

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PATIENCE_S = 50.0
EACH = 2
SETTING = Channel(PF_SET)  # is read last, and of every firmware
CMT = list(dtu_plant.CMT_UNITS)[:EACH]
NRF = list(dtu_plant.NRF_UNITS)[:EACH]
FACES = (
    {"kind": "dtu_tcp", "gateway": "cmt2300a", "writes": True},
    {"kind": "dtu_modbus", "gateway": "nrf24", "writes": True},
)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """Run plant, daemon and both faces until every unit has answered all that is asked at first."""
    ports = [free_port() for _ in FACES]
    faces = [face | {"port": port} for face, port in zip(FACES, ports, strict=True)]
    site, clock = dtu_plant.site(folder, poll_s=600.0, each=EACH, faces=faces), clock_at(NOON)
    async with (
        running_plant(site, clock) as plant,
        listening(site.mqtt.url) as ear,
        running_daemon(site, clock, plant) as daemon,
    ):
        views = daemon.app.state.views
        await daemon.until(lambda: all(SETTING in view.values for view in views.values()))
        yield Served(daemon, ports, ear)


def serving(folder: Path, act: Callable[[Served], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S), served(folder) as plant:
            await act(plant)

    asyncio.run(main())


def test_what_the_clients_read_is_what_mqtt_says(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        await plant.ear.until(lambda: all(plant.said(f"inverter/{slot}/state") for slot in (*CMT, *NRF)))
        carried = [asdict(south.link.counters) for south in plant.daemon.app.souths]
        data = await WifiClient(plant.ports[0]).async_get_real_data_new()
        for row in data.sgs_data:
            state = plant.said(f"inverter/{row.serial_number:012X}/state")
            assert (row.active_power / 10, row.voltage / 10, row.frequency / 100) == (
                state["p_ac_w"],
                state["v_ac_v"],
                state["f_ac_hz"],
            )
            assert row.active_power > 0
        assert [f"{row.serial_number:012X}" for row in data.sgs_data] == CMT
        for row in data.pv_data:
            state = plant.said(f"inverter/{row.serial_number:012X}/ch/{row.port_number}/state")
            assert (row.voltage / 10, row.power / 10) == (state["v_dc_v"], state["p_dc_w"])
            assert (row.energy_total, row.energy_daily) == (state["e_total_wh"], state["e_day_wh"])
        read = await asyncio.to_thread(plant_data, plant.ports[1])
        assert [row.serial_number for row in read.inverters] == NRF
        for row in read.inverters:
            state = plant.said(f"inverter/{row.serial_number}/ch/{row.port_number}/state")
            assert (float(row.pv_voltage), float(row.pv_power)) == (state["v_dc_v"], state["p_dc_w"])
            assert (row.total_production, row.today_production) == (state["e_total_wh"], state["e_day_wh"])
        assert [asdict(south.link.counters) for south in plant.daemon.app.souths] == carried  # reads reach no medium

    serving(tmp_path, act)


def limits(plant: Served, serials: list[str]) -> list[Any]:
    return [plant.daemon.plant.units[serial].life.firmware.limits.owner_pct for serial in serials]


def test_a_limit_reaches_the_units_and_their_memory_and_names_its_author(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        client = WifiClient(plant.ports[0])
        for _ in range(2):
            reply = await client.async_set_power_limit(60)
            assert reply.err_code == 0
            await plant.daemon.until(lambda: limits(plant, CMT) == [60.0] * EACH)
        [command, *_] = await plant.told("gateway/cmt2300a", "command")
        detail = command["detail"]
        assert (detail["by"], detail["value"], detail["persistent"]) == ("dtu_tcp 127.0.0.1", 60.0, True)
        rows = {row.slot: (row.writes, row.told_milli) for row in plant.daemon.app.store.rows(WriteRow)}
        assert rows == dict.fromkeys(CMT, (1, 60_000))  # the second time changed nothing, and wore nothing out
        assert (await client.async_get_config()).limit_power_mypower == 600
        assert (await client.async_set_power_limit_temporary(300)).err_code == 0
        await plant.daemon.until(lambda: all(pct < 60 for pct in limits(plant, CMT)))
        assert len(plant.daemon.app.store.rows(WriteRow)) == EACH
        assert {row.writes for row in plant.daemon.app.store.rows(WriteRow)} == {1}
        assert limits(plant, NRF) == [100.0] * EACH

    serving(tmp_path, act)


def test_a_modbus_client_switches_and_limits_a_unit(tmp_path: Path) -> None:
    def write(port: int) -> list[bool]:
        with ModbusTcpClient("127.0.0.1", port=port) as client:
            told = [
                client.write_coil(0xC006, False, device_id=1),
                client.write_coils(0xC00D, [bool(40 >> bit & 1) for bit in range(8)], device_id=1),
            ]
        return [each.isError() for each in told]

    async def act(plant: Served) -> None:
        assert await asyncio.to_thread(write, plant.ports[1]) == [False, False]
        off, limited = NRF
        await plant.daemon.until(lambda: plant.daemon.view(off).values.get(Channel(CONN)) == 0)
        await plant.daemon.until(lambda: plant.daemon.view(limited).values.get(Channel(W_MAX_LIM_PCT)) == 40.0)
        assert limits(plant, NRF) == [100.0, 40.0]
        [command] = await plant.told(off, "command")
        assert (command["detail"]["by"], command["detail"]["command"]) == ("dtu_modbus 127.0.0.1", "disable")

    serving(tmp_path, act)


def test_the_status_of_a_command_is_told_once_the_units_have_obeyed(tmp_path: Path) -> None:
    async def ask(port: int, command: int, body: Any) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(Message(command, 1, body.SerializeToString()).encode())
        answer = await reader.read(1024)
        writer.close()
        return message(answer).body

    async def act(plant: Served) -> None:
        port = plant.ports[0]
        await ask(port, 0xA305, CLASSES["Command"](action=7, id=99))

        async def status() -> Any:
            return CLASSES["Status"].FromString(await ask(port, 0xA306, CLASSES["StatusAsk"](id=99)))

        seen = await status()
        for _ in range(200):
            if not seen.under_way:
                break
            await asyncio.sleep(0.05)
            seen = await status()
        assert [f"{serial:012X}" for serial in seen.done] == CMT

    serving(tmp_path, act)
