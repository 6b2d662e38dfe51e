"""Units at an address, polled by the daemon and read by a client of somebody else."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from config.site import Site
from drivers.stream import open_stream
from drivers.upkeep import FIRST_RETRY_S
from emulator.instruments import Instruments
from gateway.control.order import Order, Report, Verb
from gateway.snapshot import CommState
from protocols.modbus import mbap, pdu
from protocols.points import HZ, LNV, TOT_WH_INJ, W_MAX_LIM_PCT, Channel, W
from protocols.states import InvSt
from tests.support.daemon import running_plant
from tests.support.emulated import MIDNIGHT, NOON
from tests.support.hub import hub_site
from tests.support.mosquitto import free_port
from tests.support.plant import Scene, play
from tests.support.recorded import captured, replayed, transcript
from tests.support.virtual_time import clock_at

HOUR = 3600.0
UNITS = 3


def polled_site(folder: Path, url: str | None = None, **more: Any) -> Site:
    """Return the site of the hub, asked instead of dialled."""
    plan = hub_site(folder, units=UNITS, **more).model_dump()
    plan["gateways"][0]["link"] = {"medium": "modbus_tcp", "url": url or f"mem://{folder.name}-hub", "latency_s": 0.02}
    return Site.model_validate(plan)


def test_the_daemon_reads_what_the_units_do(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(120)
        for serial, view in scene.app.state.views.items():
            assert view.comm is CommState.ONLINE
            assert view.identity.model in ("MI3S-400S", "MI3S-500S", "MI3S-600S")
            assert view.values[Channel(W)] == pytest.approx(scene.plant.units[serial].power_w(scene.now()), rel=0.05)
            assert view.values[Channel(LNV)] == pytest.approx(230, rel=0.05)
            assert view.values[Channel(HZ)] == pytest.approx(50, rel=0.01)
            assert view.state is InvSt.RUNNING
            assert view.stats.answered == view.stats.polls
            counted = view.values[Channel(TOT_WH_INJ)]
            assert counted == pytest.approx(scene.plant.units[serial].counter_wh(scene.now()), abs=50)

    play(polled_site(tmp_path, emulation={"clouds": "clear", "grid": "still"}), act, start_utc=NOON)


def test_a_limit_is_obeyed_and_read_back(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(60)
        order = Order(target="gateway/hub", verb=Verb.LIMIT, by="tester", value=40.0, unit="%")
        outcome = await scene.app.control.submit(order)
        assert isinstance(outcome, Report)
        assert {result.read_back for result in outcome.units.values()} == {40.0}
        await asyncio.sleep(60)
        for serial, unit in scene.plant.units.items():
            assert unit.life.firmware.limits.owner_pct == 40.0
            assert scene.app.state.views[serial].values[Channel(W_MAX_LIM_PCT)] == 40.0
        off = await scene.app.control.submit(Order(target="RC000001", verb=Verb.DISABLE, by="tester"))
        assert isinstance(off, Report)
        assert off.accepted
        await asyncio.sleep(60)
        assert scene.app.state.views["RC000001"].values[Channel(W)] == 0

    play(polled_site(tmp_path, emulation={"clouds": "clear"}), act, start_utc=NOON)


def test_what_sunspec_has_a_bit_for_is_an_alarm(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        on = Instruments(scene.plant)
        await asyncio.sleep(120)
        on.grid_frequency(47.0)
        await asyncio.sleep(120)
        found = {each.record.code: each.record.cause for each in scene.app.alarms.standing("RC000001")}
        assert 3 in found
        assert found[3] != "derived"
        on.grid_frequency(50.0)
        await asyncio.sleep(300)
        assert [each for each in scene.app.alarms.standing("RC000001") if each.record.code == 3] == []

    play(polled_site(tmp_path, emulation={"clouds": "clear", "grid": "still"}), act, start_utc=NOON)


@pytest.mark.day
@pytest.mark.timeout(300)
def test_a_day_has_a_night_that_is_no_fault(tmp_path: Path) -> None:
    before: dict[str, float] = {}

    async def act(scene: Scene) -> None:
        before.update({serial: unit.counter_wh(scene.now()) for serial, unit in scene.plant.units.items()})
        await asyncio.sleep(24 * HOUR)

    scene = play(polled_site(tmp_path), act, start_utc=MIDNIGHT)
    for serial, view in scene.app.state.views.items():
        counted = scene.plant.units[serial].counter_wh(24 * HOUR)
        assert counted - before[serial] > 500
        assert view.energy[0].total_wh == pytest.approx(counted, abs=3)
        assert view.comm is CommState.ASLEEP
    assert [event for event in scene.ear.of("bridge/event") if event["kind"] == "lost"] == []
    assert scene.app.souths[0].failures == 0


def test_a_client_that_leaves_half_a_request_behind_costs_the_next_one_nothing(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await scene.daemon.stop()
        url = scene.site.gateways[0].link.url
        rude = await open_stream(url)
        await rude.write(b"\0\1\0\0\0\6")
        await asyncio.sleep(FIRST_RETRY_S)
        rude.close()
        polite = await open_stream(url)
        await polite.write(mbap.encode(1, pdu.ReadRequest(40000, 2).encode()))
        assert (await polite.read())[-4:] == b"SunS"
        await polite.write(b"GET / HTTP/1.1\r\n\r\n")
        await asyncio.sleep(FIRST_RETRY_S)
        await polite.write(mbap.encode(9, pdu.ReadRequest(40000, 2).encode()))  # nobody is at 9
        await polite.write(mbap.encode(2, pdu.ReadRequest(40000, 2).encode()))
        assert (await polite.read())[6] == 2
        polite.close()
        scene.daemon.start()

    play(polled_site(tmp_path), act, start_utc=NOON)


def test_what_was_captured_is_said_again_word_for_word(tmp_path: Path) -> None:
    folders = [tmp_path / f"{tmp_path.name}-{when}" for when in ("then", "now")]
    for folder in folders:
        folder.mkdir()
    then, now = (polled_site(folder, emulation={"clouds": "clear"}) for folder in folders)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    played = replayed(now, tmp_path / "x.pcapng", 300.0)
    assert len(transcript(said)) > 50
    assert played.transcript() == transcript(said)
    assert played.replay.unmatched == {}


@pytest.mark.integration
@pytest.mark.enable_socket
def test_pysunspec2_reads_an_emulated_unit(tmp_path: Path) -> None:
    port = free_port()

    def scanned() -> Any:
        device = SunSpecModbusClientDeviceTCP(slave_id=2, ipaddr="127.0.0.1", ipport=port, timeout=5)
        device.scan()
        device.close()
        return device

    async def main() -> None:
        site = polled_site(tmp_path, f"socket://127.0.0.1:{port}", emulation={"clouds": "clear"})
        async with running_plant(site, clock_at(NOON)) as plant:
            device = await asyncio.to_thread(scanned)
            assert {models[0].error_info for models in device.models.values()} == {""}
            assert device.common[0].SN.value == "RC000002"
            now = asyncio.get_running_loop().time()
            assert device.models[101][0].W.cvalue == pytest.approx(plant.units["RC000002"].power_w(now), rel=0.1)

    asyncio.run(main())
