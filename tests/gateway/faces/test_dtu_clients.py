"""The DTU's faces as the public clients see them, over loopback; their values are those that MQTT has."""

import asyncio
from collections.abc import Awaitable, Callable
from math import isclose
from typing import Any

import pytest
from pymodbus.client import ModbusTcpClient

from gateway.control.order import Order, Verb
from gateway.mqtt import payloads
from tests.support.dtu_server import serving
from tests.support.face_plant import StillPlant
from tests.support.hoymiles_clients import WifiClient, plant_data
from tests.support.still_dtu import DTU_SERIAL, UNITS, Hands, plant

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


def by_mqtt(still: StillPlant) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what MQTT says of every input, with what it says of the unit, by serial and port."""
    return {
        (view.identity.serial, port): {**payloads.inverter_state(view), **payloads.input_state(view, port)}
        for view in still.views.values()
        for port in range(1, view.identity.ports + 1)
    }


def test_hoymiles_modbus_reads_what_mqtt_says() -> None:
    still = plant()

    async def act(port: int, _: Hands) -> None:
        data = await asyncio.to_thread(plant_data, port)
        assert data.dtu == DTU_SERIAL.lower()
        found = {(each.serial_number.upper(), each.port_number): each for each in data.inverters}
        said = by_mqtt(still)
        assert found.keys() == said.keys()
        for key, each in found.items():
            mqtt = said[key]
            read = (each.pv_voltage, each.pv_current, each.pv_power, each.grid_voltage, each.grid_frequency)
            assert [float(value) for value in read] == pytest.approx(
                [mqtt[name] for name in ("v_dc_v", "i_dc_a", "p_dc_w", "v_ac_v", "f_ac_hz")], abs=0.0051
            )
            assert float(each.temperature) == mqtt["t_case_c"]
            assert (each.today_production, each.total_production) == (mqtt["e_day_wh"], mqtt["e_total_wh"])
            assert (each.operating_status, each.alarm_code, each.link_status) == (3, 0, 1)
        assert data.total_production == sum(mqtt["e_total_wh"] for mqtt in said.values())
        assert not data.alarm_flag

    serving("dtu_modbus", act, still=still)


def test_hoymiles_wifi_reads_what_mqtt_says() -> None:
    still = plant()

    async def act(port: int, _: Hands) -> None:
        data = await WifiClient(port).async_get_real_data_new()
        assert data.device_serial_number == DTU_SERIAL
        said = by_mqtt(still)
        numbers = {int(serial, 16): serial for serial, _ in said}
        inputs = {(numbers[each.serial_number], each.port_number): each for each in data.pv_data}
        assert inputs.keys() == said.keys()
        for key, each in inputs.items():
            mqtt = said[key]
            assert isclose(each.voltage / 10, mqtt["v_dc_v"])
            assert isclose(each.current / 100, mqtt["i_dc_a"], abs_tol=0.0051)
            assert isclose(each.power / 10, mqtt["p_dc_w"])
            assert (each.energy_total, each.energy_daily) == (mqtt["e_total_wh"], mqtt["e_day_wh"])
        for each in data.sgs_data:
            mqtt = dict(payloads.inverter_state(still.views[slot_of(numbers[each.serial_number])]))
            assert each.voltage / 10 == mqtt["v_ac_v"]
            assert each.frequency / 100 == mqtt["f_ac_hz"]
            assert each.active_power / 10 == mqtt["p_ac_w"]
            assert each.reactive_power / 10 == mqtt["q_ac_var"]
            assert each.current / 100 == mqtt["i_ac_a"]
            assert each.power_factor / 1000 == mqtt["pf"]
            assert each.temperature / 10 == mqtt["t_case_c"]
            assert each.power_limit / 10 == mqtt["limit_pct"]
            assert (each.link_status, each.warning_number) == (1, 7)
        [three] = data.tgs_data
        assert [three.voltage_phase_A, three.voltage_phase_B, three.voltage_phase_C] == [2300, 2310, 2320]
        assert [three.voltage_line_AB, three.voltage_line_BC, three.voltage_line_CA] == [3990, 4000, 4010]
        assert [three.current_phase_A, three.current_phase_B, three.current_phase_C] == [110, 120, 130]
        assert data.dtu_power == 3 * 4012
        assert data.dtu_daily_energy == 3 * 2_345

    serving("dtu_tcp", act, still=still)


def slot_of(serial: str) -> str:
    return next(slot for slot, (known, _) in UNITS.items() if known == serial)


def test_hoymiles_wifi_reads_all_else() -> None:
    async def act(port: int, _: Hands) -> None:
        client = WifiClient(port)
        info = await client.async_app_information_data()
        assert (info.dtu_serial_number, info.device_number, info.pv_number, info.package_number) == (
            DTU_SERIAL,
            3,
            12,
            1,
        )
        assert [each.pv_sw_version for each in info.pv_info] == [10_012] * 3
        assert info.dtu_info.dfs == 0  # not encrypted
        old = await client.async_get_real_data()
        assert (old.package_number, len(old.pv_data)) == (2, 7)
        row = old.pv_data[0]
        assert (row.pv_vol, row.pv_cur, row.pv_power, row.grid_vol) == (310, 301, 1015, 2301)
        assert (row.grid_freq, row.grid_p, row.grid_q, row.grid_i, row.grid_pf) == (4998, 4012, -31, 174, 998)
        assert (row.pv_temp, row.pv_energy_total, row.pv_energy, row.pv_link_status) == (-43, 300_001, 501, 1)
        config = await client.async_get_config()
        assert (config.dtu_sn, config.limit_power_mypower, config.netmode_select) == (DTU_SERIAL, 800, 3)
        assert config.request_offset == 7200
        network = await client.async_network_info()
        assert (network.dtu_sn, network.net_work_mod) == (DTU_SERIAL, 3)
        heartbeat = await client.async_heartbeat()
        assert (heartbeat.dtu_serial_number, heartbeat.offset) == (DTU_SERIAL, 7200)
        assert (await client.async_get_alarm_list()).err_code == 0
        assert (await client.async_enable_performance_data_mode()).err_code == 0

    serving("dtu_tcp", act, writes=False)


COMMANDS: list[Any] = [
    pytest.param(
        lambda client: client.async_set_power_limit(60),
        Order(target="gateway/dtu", verb=Verb.LIMIT, by="", value=60.0, unit="%", persistent=True),
        id="a limit in %",
    ),
    pytest.param(
        lambda client: client.async_set_power_limit_temporary(1234.5),
        Order(target="gateway/dtu", verb=Verb.LIMIT, by="", value=1234.5, unit="W"),
        id="a limit in W",
    ),
    pytest.param(
        lambda client: client.async_turn_off_inverter("1410A01121AE"),
        Order(target="garage", verb=Verb.DISABLE, by=""),
        id="off",
    ),
    pytest.param(
        lambda client: client.async_turn_on_inverter("1410A01121AE"),
        Order(target="garage", verb=Verb.ENABLE, by=""),
        id="on",
    ),
    pytest.param(
        lambda client: client.async_reboot_inverter("116172207281"),
        Order(target="roof", verb=Verb.RESTART, by=""),
        id="restart",
    ),
]


@pytest.mark.parametrize(("command", "order"), COMMANDS)
@pytest.mark.parametrize("writes", [True, False], ids=["with writes", "without"])
def test_hoymiles_wifi_commands(
    command: Callable[[WifiClient], Awaitable[Any]],
    order: Order,
    writes: bool,  # noqa: FBT001 - a column
) -> None:
    async def act(port: int, hands: Hands) -> None:
        reply = await command(WifiClient(port))
        assert (reply.dtu_sn, reply.err_code, reply.tid > 0) == (DTU_SERIAL, 0 if writes else 1, True)
        told = [Order(**{**_facts(order), "by": "dtu_tcp 127.0.0.1"})]
        assert hands.taken == (told if writes else [])

    serving("dtu_tcp", act, writes=writes)


def _facts(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in Order.__slots__}


def test_a_restart_of_the_dtu_itself_is_refused() -> None:
    async def act(port: int, hands: Hands) -> None:
        assert (await WifiClient(port).async_restart_dtu()).err_code == 1
        assert hands.taken == []

    serving("dtu_tcp", act)


def test_a_plant_that_does_not_fit_one_message_comes_in_pages_and_is_whole() -> None:
    units = {f"u{number}": (f"1410{number:08X}", "HMS-2000-4T") for number in range(1, 25)}

    async def act(port: int, _: Hands) -> None:
        client = WifiClient(port)
        data = await client.async_get_real_data_new()
        assert [each.serial_number for each in data.sgs_data] == [int(serial, 16) for serial, _ in units.values()]
        assert len({(each.serial_number, each.port_number) for each in data.pv_data}) == len(data.pv_data) == 96
        assert data.ap > 1

    serving("dtu_tcp", act, units=units)


WRITES = [
    pytest.param(lambda c: c.write_coil(0xC000, False, device_id=1), ("gateway/dtu", Verb.DISABLE, None), id="all off"),
    pytest.param(lambda c: c.write_coil(0xC000, True, device_id=1), ("gateway/dtu", Verb.ENABLE, None), id="all on"),
    pytest.param(
        lambda c: c.write_coils(0xC001, [False, True, False, False, True, True, False, False], device_id=1),
        ("gateway/dtu", Verb.LIMIT, 50.0),
        id="all limited by bits",
    ),
    pytest.param(
        lambda c: c.write_coil(0xC006 + 6 * 2, False, device_id=1), ("roof", Verb.DISABLE, None), id="one off"
    ),
    pytest.param(
        lambda c: c.write_coils(0xC007 + 6 * 2, [False, False, False, False, False, True, True], device_id=1),
        ("roof", Verb.LIMIT, 96.0),
        id="one limited",
    ),
]


@pytest.mark.parametrize(("write", "told"), WRITES)
def test_a_modbus_client_commands(write: Callable[[Any], Any], told: tuple[str, Verb, float | None]) -> None:
    async def act(port: int, hands: Hands) -> None:
        def ask() -> tuple[bool, list[bool]]:
            with ModbusTcpClient("127.0.0.1", port=port) as client:
                reply = write(client)
                return reply.isError(), client.read_coils(0xC001, count=1, device_id=1).bits

        error, bits = await asyncio.to_thread(ask)
        assert not error
        [order] = hands.taken
        assert (order.target, order.verb, order.value, order.by) == (*told, "dtu_modbus 127.0.0.1")
        assert bits[:16] == [False] * 8 + [False, False, False, False, True, False, True, False]  # 80 %, as two bytes

    serving("dtu_modbus", act)
