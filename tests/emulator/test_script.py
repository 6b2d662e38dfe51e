import asyncio

import pytest

from config.site import Act
from emulator.instruments import Instruments
from emulator.script import perform, play
from emulator.server import Plant
from protocols.errors import ConfigError
from tests.emulator.test_instruments import alarms, site
from tests.emulator.test_server import plant
from tests.support.virtual_time import run

STORY = [  # codes 2 to 6 come and go, 9 stays until its cause is gone and somebody resets it
    (10, "grid_outage", {"target": "a"}),
    (20, "grid_restore", {"target": "a"}),
    (30, "grid_frequency", {"hz": "47.0"}),
    (40, "grid_frequency", {"hz": None}),
    (50, "grid_voltage", {"pu": "0.8"}),
    (60, "grid_voltage", {"pu": None}),
    (70, "grid_voltage", {"pu": "1.17", "ramp_s": "0.5"}),
    (80, "grid_voltage", {"pu": None}),
    (90, "grid_frequency", {"hz": "52.2"}),
    (100, "grid_frequency", {"hz": None}),
    (110, "insulation", {"serial": "b000", "ohm": "5000"}),
    (800, "insulation", {"serial": "b000", "ohm": None}),
]
ACTS = [Act(at_s=at, name=name, args=args) for at, name, args in STORY]


async def watched(emulated: Plant, seconds: int) -> list[tuple[int, int]]:
    """Return when (s, rounded) which code came up anywhere in the plant."""
    seen: list[tuple[int, int]] = []
    known: frozenset[int] = frozenset()
    for second in range(seconds):
        await asyncio.sleep(1)
        codes: frozenset[int] = frozenset().union(*alarms(emulated).values())
        seen += [(second // 10 * 10, code) for code in sorted(codes - known)]
        known = codes
    return seen


def test_a_script_acts_by_time() -> None:
    async def day() -> list[tuple[int, int]]:
        async with plant(site()) as emulated:
            script = asyncio.create_task(play(reversed(ACTS), Instruments(emulated), loop=False))
            seen = await watched(emulated, 900)
            assert script.done()
            return seen

    assert run(day()) == [(10, 2), (30, 3), (50, 4), (70, 5), (90, 6), (770, 9)]


def test_a_script_begins_again_at_its_end() -> None:
    acts = [Act(at_s=10, name="grid_outage"), Act(at_s=20, name="grid_restore"), Act(at_s=100, name="grid_restore")]

    async def day() -> list[tuple[int, int]]:
        async with plant(site()) as emulated:
            script = asyncio.create_task(play(acts, Instruments(emulated), loop=True))
            seen = await watched(emulated, 290)
            script.cancel()
            await asyncio.gather(script, return_exceptions=True)
            return seen

    assert run(day()) == [(10, 2), (110, 2), (210, 2)]


def test_the_same_script_gives_the_same_day() -> None:
    async def day() -> list[object]:
        async with plant(site(clouds="broken", grid="natural")) as emulated:
            script = asyncio.create_task(play(ACTS, Instruments(emulated), loop=False))
            await asyncio.sleep(4000)
            assert script.done()
            now = asyncio.get_running_loop().time()
            return [(unit.alarm_records(now), unit.counter_wh(now)) for unit in emulated.units.values()]

    first, again = run(day()), run(day())
    assert first == again
    assert str(first).count("AlarmRecord") > 6


def test_an_empty_script_is_over_at_once() -> None:
    async def day() -> float:
        async with plant(site()) as emulated:
            await play((), Instruments(emulated), loop=True)
            return asyncio.get_running_loop().time()

    assert run(day()) == 0


def test_an_unknown_instrument_is_refused_before_anything_is_done() -> None:
    async def day() -> None:
        async with plant(site()) as emulated:
            with pytest.raises(ConfigError, match="no instrument 'grid_party'"):
                await play([*ACTS, Act(at_s=0, name="grid_party")], Instruments(emulated), loop=False)
            assert alarms(emulated) == {}

    run(day())


def test_an_act_on_a_unit_that_is_gone_is_skipped() -> None:
    async def day() -> None:
        async with plant(site()) as emulated:
            do = Instruments(emulated)
            for _ in range(2):
                perform(Act(at_s=0, name="replace", args={"serial": "a000", "new_serial": "new1"}), do)
            assert "new1" in emulated.units

    run(day())
