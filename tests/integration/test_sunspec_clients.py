"""The SunSpec face as the clients that exist see it: their own libraries, or the exact requests that they make."""

import asyncio
from dataclasses import asdict
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP
from sunspec2.modbus.modbus import ModbusClientException

from gateway.control.limits import Limit
from gateway.mqtt import payloads
from protocols.commands import WMaxLimPct
from tests.support.daemon import LIMIT, RATED_W
from tests.support.modbus_client import ModbusClient, Refused, connected
from tests.support.served import Served, serving

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

INVERTER: dict[str, Any] = {"kind": "sunspec", "writes": True}
DER: dict[str, Any] = {"kind": "sunspec", "models": "der", "writes": True}
READ_ONLY: dict[str, Any] = {"kind": "sunspec"}
SLOTS = {1: "a", 2: "b", 3: "c", 4: "d"}  # in the order of the site file
FULL = dict.fromkeys(RATED_W, 100.0)


def scanned(port: int, unit: int) -> Any:
    """Return the device as pysunspec2 finds it."""
    device = SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=5)
    device.scan()
    return device


def shown(device: Any, model: int) -> dict[str, Any]:
    return {name: point.cvalue for name, point in device.models[model][0].points.items()}


def close(one: float | None, other: float | None, step: float) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, abs_tol=step * 0.51)


def test_a_scan_of_every_unit_finds_all_models_and_no_error(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        for port, chain in zip(
            plant.ports, ([1, 101, 120, 121, 122, 123, 160], [1, 701, 702, 703, 704, 714, 715]), strict=True
        ):
            for unit in (126, *SLOTS):
                device = await asyncio.to_thread(scanned, port, unit)
                assert [model for model in device.models if isinstance(model, int)] == chain
                assert {models[0].error_info for models in device.models.values()} == {""}
                device.close()

    serving(tmp_path, act, READ_ONLY, READ_ONLY | {"models": "der"})


AC = {"W": ("p_ac_w", 0.1), "VAr": ("q_ac_var", 0.1), "A": ("i_ac_a", 0.01), "PhVphA": ("v_ac_v", 0.1)}
AC |= {"Hz": ("f_ac_hz", 0.01), "TmpCab": ("t_case_c", 0.1), "WH": ("e_total_wh", 1)}
AC_701 = {"W": ("p_ac_w", 0.1), "Var": ("q_ac_var", 0.1), "A": ("i_ac_a", 0.01), "LNV": ("v_ac_v", 0.1)}
AC_701 |= {"Hz": ("f_ac_hz", 0.001), "TmpCab": ("t_case_c", 0.1), "TotWhInj": ("e_total_wh", 1)}
AC_701 |= {"PF": ("pf", 0.001)}
DC = {"DCA": ("i_dc_a", 0.001), "DCV": ("v_dc_v", 0.1), "DCW": ("p_dc_w", 0.1)}


@pytest.mark.parametrize(
    ("face", "model", "ac", "dc"),
    [
        pytest.param(READ_ONLY, 101, AC, ("mppt", "module"), id="models 101 and 160"),
        pytest.param(READ_ONLY | {"models": "der"}, 701, AC_701, ("DERMeasureDC", "Prt"), id="models 701 and 714"),
    ],
)
def test_what_pysunspec2_reads_is_what_mqtt_says(
    tmp_path: Path, face: dict[str, Any], model: int, ac: dict[str, tuple[str, float]], dc: tuple[str, str]
) -> None:
    async def act(plant: Served) -> None:
        carried = [asdict(south.link.counters) for south in plant.daemon.app.souths]
        for unit, slot in SLOTS.items():
            device = await asyncio.to_thread(scanned, plant.ports[0], unit)
            said, inputs = plant.said(f"inverter/{slot}/state"), plant.said(f"inverter/{slot}/ch/1/state")
            found = shown(device, model)
            assert {
                name: found[name] for name, (key, step) in ac.items() if not close(found[name], said[key], step)
            } == {}
            points = getattr(getattr(device, dc[0])[0], dc[1])[0].points
            found |= {name: points[name].cvalue for name in DC}
            assert {name for name, (key, step) in DC.items() if not close(found[name], inputs[key], step)} == set()
            assert shown(device, 1)["SN"] == f"SN000{slot}"
            device.close()
        whole = await asyncio.to_thread(scanned, plant.ports[0], 126)
        site = plant.said("site/state")
        energy = "WH" if model == 101 else "TotWhInj"
        assert close(shown(whole, model)["W"], site["p_ac_w"], 0.1)
        assert shown(whole, model)[energy] == site["e_total_wh"] > 0
        whole.close()
        assert [asdict(south.link.counters) for south in plant.daemon.app.souths] == carried  # reads reach no medium

    serving(tmp_path, act, face, poll_s=600.0)


def test_a_limit_is_obeyed_ends_with_its_timer_and_names_its_author(tmp_path: Path) -> None:
    def limit(port: int) -> None:
        device = scanned(port, 1)
        controls = device.controls[0]
        controls.WMaxLimPct.cvalue = 50
        controls.WMaxLimPct_RvrtTms.value = 2
        controls.WMaxLim_Ena.value = 1
        controls.write()
        device.close()

    async def act(plant: Served) -> None:
        await asyncio.to_thread(limit, plant.ports[0])
        await plant.daemon.until(lambda: plant.daemon.limits()["a"] == 50.0)
        await plant.daemon.until(lambda: plant.daemon.view("a").values.get(LIMIT) == 50.0)
        async with connected(plant.ports[0]) as client:
            assert await pair(client, 1) == [500, 1]
            assert await pair(client, 2) == [1000, 0]
            await plant.daemon.until(lambda: plant.daemon.view("a").values.get(LIMIT) == 100.0)
            assert await pair(client, 1) == [500, 0]  # what was set, and is not in force
        assert plant.daemon.limits() == FULL
        [command] = await plant.told("a", "command")
        assert (command["detail"]["by"], command["detail"]["value"]) == ("sunspec 127.0.0.1", 50.0)
        assert len(await plant.told("a", "lease_ended")) == 1

    serving(tmp_path, act, INVERTER)


async def pair(client: ModbusClient, unit: int) -> list[int]:
    """Return limit and switch as a client reads them back."""
    words = await client.read(unit, 40228 + 5, 5)
    assert isinstance(words, list)
    return [words[0], words[4]]


def test_a_victron_gx_reads_and_limits_the_whole_site(tmp_path: Path) -> None:
    """It asks unit 126, reads models as exactly 52, 62 or 121 registers, and limits for 120 s again and again."""

    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as gx:
            found = await gx.models(126)
            common = await gx.read(126, found[1][0], 68)
            assert isinstance(common, list)
            assert len(common) == 68
            measured = await gx.read(126, found[101][0], 52)
            assert isinstance(measured, list)
            assert measured[:2] == [101, 50]
            rating = await gx.read(126, found[120][0], 28)
            assert isinstance(rating, list)
            assert rating[3] == sum(RATED_W.values())
            assert await gx.write(126, found[123][0] + 5, [400, 0, 120, 0, 1]) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == dict.fromkeys(RATED_W, 40.0))
            assert 100 < left_s(plant, "site") <= 120
            assert await gx.write(126, found[123][0] + 9, [0]) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == FULL)

    serving(tmp_path, act, INVERTER)


def test_a_victron_gx_writes_half_of_a_time(tmp_path: Path) -> None:
    """Of model 704 it writes five registers from the switch on: 120 lands in the upper half of the revert time."""

    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as gx:
            found = await gx.models(126)
            measured = await gx.read(126, found[701][0], 121)
            assert isinstance(measured, list)
            assert measured[:2] == [701, 153]
            assert await gx.write(126, found[704][0] + 14, [1, 300, 0, 1, 120]) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == dict.fromkeys(RATED_W, 30.0))
            assert 100 < left_s(plant, "site") <= 120
            assert await gx.read(126, found[704][0] + 18, 2) == [0, 120]

    serving(tmp_path, act, DER)


def left_s(plant: Served, target: str) -> float:
    limit: Limit = plant.daemon.app.control.limits[target]
    assert limit.until is not None
    return limit.until - asyncio.get_running_loop().time()


def test_openems_without_a_limit_is_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It writes 100 % and switches that on, every half revert time: nothing of it reaches a unit."""
    told: list[object] = []

    async def act(plant: Served) -> None:
        for slot in RATED_W:
            firmware = plant.daemon.unit(slot).life.firmware
            obey = firmware.command

            def spy(command: Any, at: float, obey: Any = obey) -> Any:
                told.append(command)
                return obey(command, at)

            monkeypatch.setattr(firmware, "command", spy)
        async with connected(plant.ports[0]) as ems:
            found = await ems.models(1)
            at = found[123][0]
            for _ in range(5):
                assert await ems.write(1, at + 5, [1000]) is None
                assert await ems.write(1, at + 9, [1]) is None
                assert await ems.write(1, at + 7, [60]) is None
            assert await pair(ems, 1) == [1000, 1]
            seq = plant.daemon.view("a").seq
            await plant.daemon.until(lambda: plant.daemon.view("a").seq > seq + 1)
            assert told == []
            assert await ems.write(1, at + 5, [700]) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == FULL | {"a": 70.0})
            assert told == [WMaxLimPct(70.0)]

    serving(tmp_path, act, INVERTER)


def test_evcc_reads_single_points_and_switches_a_limit(tmp_path: Path) -> None:
    """It reads points one by one with their scale factors, writes the limit, then its switch, and reads both back."""

    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as evcc:
            assert await evcc.read(126, 50000, 2) == Refused(2)
            found = await evcc.models(126)
            w, factor = await evcc.read(126, found[101][0] + 14, 1), await evcc.read(126, found[101][0] + 15, 1)
            assert isinstance(w, list)
            assert factor == [0xFFFF]
            assert abs(w[0] / 10 - sum_w(plant)) < 100
            assert await evcc.write(126, found[123][0] + 5, [600]) is None
            assert await pair(evcc, 126) == [600, 0]
            assert plant.daemon.app.control.limits == {}
            assert await evcc.write_one(126, found[123][0] + 9, 1) is None
            await plant.daemon.until(lambda: plant.daemon.limits() == dict.fromkeys(RATED_W, 60.0))
            await plant.daemon.until(lambda: plant.daemon.app.state.totals().limit_pct == 60.0)
            assert await pair(evcc, 126) == [600, 1]

    serving(tmp_path, act, INVERTER)


def sum_w(plant: Served) -> float:
    return plant.daemon.app.state.totals().p_ac_w or 0.0


def test_home_assistant_reads_each_model_again(tmp_path: Path) -> None:
    """Its integration scans without a full read, then reads whole models by pysunspec2, and shows what has a unit."""

    def act_in_thread(port: int) -> list[float]:
        device = SunSpecModbusClientDeviceTCP(slave_id=126, ipaddr="127.0.0.1", ipport=port, timeout=5)
        device.scan(connect=True, full_model_read=False, delay=0.01)
        watts = []
        for _ in range(3):
            for model in (101, 103, 160):
                for each in device.models.get(model, []):
                    each.read()
            watts.append(device.models[101][0].W.cvalue)
        device.close()
        return watts

    async def act(plant: Served) -> None:
        watts = await asyncio.to_thread(act_in_thread, plant.ports[0])
        assert all(watt > 0 for watt in watts)

    serving(tmp_path, act, READ_ONLY)


def test_a_stop_and_a_start_reach_the_unit(tmp_path: Path) -> None:
    async def act(plant: Served) -> None:
        async with connected(plant.ports[0]) as client, connected(plant.ports[1]) as der:
            assert await client.write_one(4, 40228 + 4, 0) is None
            await plant.daemon.until(lambda: plant.daemon.view("d").state is not None and off(plant))
            assert await client.read(4, 40228 + 4, 1) == [0]
            at = (await der.models(4))[715][0]
            assert await der.read(4, at + 8, 1) == [0]
            assert await der.write_one(4, at + 8, 1) is None
            await plant.daemon.until(lambda: not off(plant))
            assert await der.write_one(4, at + 8, 2) == Refused(3)
            assert await der.write_one(4, at + 7, 1) is None
        assert {event["detail"]["by"] for event in await plant.told("d", "command")} == {"sunspec 127.0.0.1"}

    serving(tmp_path, act, INVERTER, DER)


def off(plant: Served) -> bool:
    state = payloads.inverter_state(plant.daemon.view("d"))
    return state["enabled"] is False


def test_writes_are_refused_until_switched_on(tmp_path: Path) -> None:
    def limit(port: int) -> None:
        device = scanned(port, 126)
        device.controls[0].WMaxLimPct.cvalue = 50
        device.controls[0].WMaxLim_Ena.value = 1
        with pytest.raises(ModbusClientException, match="exception: 1"):
            device.controls[0].write()
        device.close()

    async def act(plant: Served) -> None:
        await asyncio.to_thread(limit, plant.ports[0])
        async with connected(plant.ports[0]) as client:
            assert await client.write(1, 40228 + 4, [0]) == Refused(1)
            assert await client.write_one(1, 40228 + 4, 0) == Refused(1)
        assert plant.daemon.app.control.limits == {}
        assert not any(event["kind"] == "command" for event in plant.ear.of("/bridge/event"))

    serving(tmp_path, act, READ_ONLY)
