"""The meter of the emulated combiner, through broker and gateway, to the registers that show it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from struct import unpack

import pytest

from config.site import Site
from drivers.clock import Trust
from drivers.mqtt.connect import connect
from drivers.mqtt.session import Message, Options
from emulator.ct_meter import SAYS_EVERY_S
from emulator.instruments import Instruments
from emulator.server import Plant
from gateway.faces.desk import Desk
from gateway.faces.m_gateway import MGateway, box_of
from protocols.errors import ConfigError
from tests.support.emulated import MIDNIGHT, NOON, UTRECHT
from tests.support.plant import Scene, play, site
from tests.support.virtual_time import FakeClock, run

TOPIC, STALE_S, LOAD_W = "house/meter", 30.0, 300.0
NO_WATTS, NO_VOLTS, NO_AMPS = 0x7FFF_FFFF, 0xFFFF, 0x7FFF
ABSENT = (NO_WATTS, NO_VOLTS)


def metered(folder: Path, **mqtt: object) -> Site:
    """Return a site of six units under a clear sky, with a meter."""
    plain = site(folder, units=6, poll_s=10.0).model_dump()
    plain["gateways"][0]["meter"] = {"topic": TOPIC, "stale_s": STALE_S}
    plain["emulation"] |= {"clouds": "clear", "grid": "still", "load_w": LOAD_W}
    plain["mqtt"] |= mqtt
    return Site.model_validate(plain)


def registers(scene: Scene) -> tuple[int, int]:
    """Return grid power and voltage as a client reads them."""
    app = scene.app
    desk = Desk(app.state, app.control, app.alarms, app.meters)
    face = MGateway(box_of(scene.site.gateways[0], None), strict=True)
    power, volt = face.answer(desk, 1, 60073, 2), face.answer(desk, 1, 60089, 1)
    assert isinstance(power, bytes)
    assert isinstance(volt, bytes)
    return unpack(">i", power)[0], unpack(">H", volt)[0]


def fed_w(scene: Scene) -> float:
    return sum(unit.power_w(scene.now()) for unit in scene.plant.units.values())


@pytest.mark.parametrize("start_utc", [NOON, MIDNIGHT], ids=["by day it exports", "by night it imports"])
def test_the_registers_follow_house_and_roof(tmp_path: Path, start_utc: float) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(300)
        power, volt = registers(scene)
        assert power == pytest.approx(LOAD_W - fed_w(scene), abs=5)
        assert (power < -500) is (start_utc == NOON)
        assert volt == 2300

    play(metered(tmp_path), act, start_utc=start_utc)


ENDS: dict[str, tuple[Callable[[Instruments], None], Callable[[Instruments], None]]] = {
    "the clamps are off": (lambda on: on.meter_open("gw"), lambda on: on.meter_close("gw")),
    "there is no mains": (Instruments.grid_outage, Instruments.grid_restore),
}


@pytest.mark.parametrize(("end", "begin"), ENDS.values(), ids=ENDS.keys())
def test_a_silent_meter_reads_as_absent_once_stale_and_comes_back(
    tmp_path: Path, end: Callable[[Instruments], None], begin: Callable[[Instruments], None]
) -> None:
    async def act(scene: Scene) -> None:
        on = Instruments(scene.plant)
        await asyncio.sleep(300)
        end(on)
        await asyncio.sleep(STALE_S - SAYS_EVERY_S - 1)
        assert registers(scene) != ABSENT
        await asyncio.sleep(SAYS_EVERY_S + 2)
        assert registers(scene) == ABSENT
        begin(on)
        await asyncio.sleep(SAYS_EVERY_S + 1)
        assert registers(scene)[1] == 2300

    play(metered(tmp_path), act, start_utc=NOON)


def test_a_meter_finds_a_broker_that_was_away(tmp_path: Path) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(60)
        scene.broker.stop()
        await asyncio.sleep(120)
        assert registers(scene) == ABSENT
        scene.broker.start()
        await asyncio.sleep(120)
        assert registers(scene) != ABSENT

    play(metered(tmp_path), act, start_utc=NOON)


@pytest.mark.parametrize(
    ("payload", "retain", "power"),
    [
        pytest.param(b"-75.4", False, -75, id="a plain number"),
        pytest.param(b"-75.4", True, NO_WATTS, id="what the broker kept has no age"),
        pytest.param(b"NaN", False, NO_WATTS, id="no number"),
    ],
)
def test_what_another_meter_says_counts_when_it_is_fresh(
    tmp_path: Path, payload: bytes, *, retain: bool, power: int
) -> None:
    async def act(scene: Scene) -> None:
        Instruments(scene.plant).meter_open("gw")
        await asyncio.sleep(2 * STALE_S)
        await scene.daemon.stop()
        async with connect(Options(url=scene.site.mqtt.url, client_id="meter")) as session:
            if retain:
                await session.publish(Message(TOPIC, payload, retain=True))
            scene.daemon.start()
            await asyncio.sleep(10)
            if not retain:
                await session.publish(Message(TOPIC, payload))
        await asyncio.sleep(1)
        assert registers(scene) == (power, NO_VOLTS)

    play(metered(tmp_path), act, start_utc=NOON)


def test_a_broker_that_wants_to_know_who_comes_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        plan = metered(tmp_path, user="me")
        with pytest.raises(ConfigError, match=r"gateways\.gw\.meter: the emulated one speaks MQTT without TLS"):
            Plant(plan, UTRECHT, FakeClock(NOON, Trust.TRUSTED), asyncio.get_running_loop().time())

    run(main())
