import asyncio
import inspect
from collections.abc import Awaitable, Callable

import pytest

from config.instruments import INSTRUMENTS, SITE, SWAPS
from config.site import Site
from drivers.stream import open_stream
from emulator.instruments import Instruments
from emulator.server import Plant
from protocols import points as p
from protocols.commands import Activate, Conn
from protocols.errors import ConfigError, LinkDownError
from protocols.points import Channel
from protocols.states import InvSt
from tests.emulator.test_server import Master, joined, live, plant, stations
from tests.emulator.test_server import site as one_branch
from tests.support.emulated import HOUR, NOON, UTRECHT
from tests.support.virtual_time import run

Act = Callable[[Instruments, Plant], Awaitable[None]]


def site(**emulation: object) -> Site:
    """Return a plant of two branches, a and b, of three units each, at a still grid."""
    branches = [
        {"id": name, "inverters": [{"serial": f"{name}{n}00", "model": "MI-500"} for n in range(3)]} for name in "ab"
    ]
    gateway = {"id": "roof", "role": "m-combiner", "link": {"url": "mem://roof"}, "branches": branches}
    settings = {"clouds": "clear", "grid": "still", **emulation}
    return Site.model_validate({"location": UTRECHT, "gateways": [gateway], "emulation": settings})


def acting(act: Act, at: float = NOON, **emulation: object) -> None:
    async def day() -> None:
        async with plant(site(**emulation), at) as emulated:
            await asyncio.sleep(10)
            await act(Instruments(emulated), emulated)

    run(day())


def alarms(emulated: Plant) -> dict[str, frozenset[int]]:
    now = asyncio.get_running_loop().time()
    return {serial: unit.alarms(now) for serial, unit in emulated.units.items() if unit.alarms(now)}


def shown(emulated: Plant, serial: str, point: p.Point, port: int = 0) -> float:
    value = emulated.units[serial].values(asyncio.get_running_loop().time())[Channel(point, port)]
    assert isinstance(value, int | float)
    return value


A, B = ["a000", "a100", "a200"], ["b000", "b100", "b200"]


def test_the_vocabulary_is_that_of_the_site_file() -> None:
    for name, arguments in INSTRUMENTS.items():
        parameters = inspect.signature(getattr(Instruments, name)).parameters
        assert list(parameters) == ["self", *arguments]
        for key, argument in arguments.items():
            assert (parameters[key].default is inspect.Parameter.empty) is argument.needed
    public = {name for name in vars(Instruments) if not name.startswith("_")}
    assert public == set(INSTRUMENTS)


@pytest.mark.parametrize(("target", "hit"), [(SITE, A + B), ("b", B)])
def test_a_sag_at_the_site_or_on_a_branch(target: str, hit: list[str]) -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.grid_voltage(0.8, target)
        await asyncio.sleep(5)
        assert alarms(emulated) == {serial: {4} for serial in hit}
        do.grid_voltage(None, target)
        await asyncio.sleep(5)
        assert alarms(emulated) == {}

    acting(act)


def test_a_frequency_ramp_first_derates_then_trips() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        full = shown(emulated, "a000", p.W)
        do.grid_frequency(51.2, ramp_s=20.0)
        await asyncio.sleep(30)
        assert shown(emulated, "a000", p.W) == pytest.approx(full * (1 - 0.4 * 1.0), rel=0.01)
        assert shown(emulated, "a000", p.INV_ST) == InvSt.THROTTLED
        assert alarms(emulated) == {}
        do.grid_frequency(52.2)
        await asyncio.sleep(1)
        assert alarms(emulated) == {serial: {6} for serial in A + B}

    acting(act)


@pytest.mark.parametrize(("target", "hit"), [(SITE, A + B), ("a", A)])
def test_an_outage_of_the_site_or_of_a_branch(target: str, hit: list[str]) -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        for _ in range(2):
            do.grid_outage(target)
        await asyncio.sleep(5)
        assert alarms(emulated) == {serial: {2} for serial in hit}
        assert shown(emulated, hit[0], p.LNV) == 0
        do.grid_restore(target)
        await asyncio.sleep(5)
        assert alarms(emulated) == {}

    acting(act)


@pytest.mark.parametrize("kind", SWAPS)
def test_a_module_is_swapped(kind: str) -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.module_swap("a100", kind)
        await asyncio.sleep(10)
        assert alarms(emulated) == ({"a100": {1}} if kind == "in_series" else {})
        lowest, highest = {"right": (30, 42), "in_series": (60, 84), "96_cell": (50, 62)}[kind]
        assert lowest < shown(emulated, "a100", p.DCV, 1) < highest

    acting(act)


@pytest.mark.parametrize(("day", "raised"), [(0, {}), (200, {"a100": {1}})], ids=["at midsummer", "in January"])
def test_an_idle_module_of_96_cells_is_too_much_when_it_is_cold(day: int, raised: dict[str, set[int]]) -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        emulated.units["a100"].command(Conn(on=False), asyncio.get_running_loop().time())
        do.module_swap("a100", "96_cell")
        await asyncio.sleep(10)
        assert alarms(emulated) == raised

    acting(act, NOON + day * 24 * HOUR)


def test_insulation_is_damaged_and_repaired() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.insulation("b000", 5000.0)
        assert shown(emulated, "b000", p.RIS) == pytest.approx(5000, rel=0.01)
        await asyncio.sleep(700)
        assert alarms(emulated) == {"b000": {9}}
        do.insulation("b000", None)
        assert shown(emulated, "b000", p.RIS) > 80_000

    acting(act)


def test_a_dc_component_appears_and_goes() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.dc_injection("b000", 25.0)
        await asyncio.sleep(1)
        assert alarms(emulated) == {"b000": {7}}
        do.dc_injection("b000", None)
        await asyncio.sleep(70)
        assert alarms(emulated) == {}

    acting(act)


@pytest.mark.parametrize(("target", "warmer"), [(SITE, A + B), ("a000", ["a000"])])
def test_the_air_is_warmed(target: str, warmer: list[str]) -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        before = {serial: shown(emulated, serial, p.TMP_CAB) for serial in A + B}
        do.ambient(20.0, target)
        await asyncio.sleep(3 * 1940)
        rose = [serial for serial in A + B if shown(emulated, serial, p.TMP_CAB) > before[serial] + 15]
        assert rose == warmer

    acting(act)


def test_the_sun_on_a_case_heats_it() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        before = shown(emulated, "a000", p.TMP_CAB)
        do.sun_on_case("a000", 8.0)
        await asyncio.sleep(3 * 1940)
        assert shown(emulated, "a000", p.TMP_CAB) - before == pytest.approx(8 * 1.29, abs=3)

    acting(act)


def test_a_part_breaks_and_is_repaired() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.inverter_fault("a000", 10)
        assert alarms(emulated) == {"a000": {10}}
        do.inverter_fault("a000", None)
        await asyncio.sleep(HOUR)
        assert alarms(emulated) == {"a000": {10}}

    acting(act)


def test_a_fault_that_is_not_inside_is_refused() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        with pytest.raises(ConfigError, match="code 4 has a cause outside"):
            do.inverter_fault("a000", 4)
        assert alarms(emulated) == {}

    acting(act)


def test_the_power_stage_protects_itself() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.hardware_event("a000")
        assert alarms(emulated) == {"a000": {8}}

    acting(act)


def test_a_restart_is_a_new_uptime() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.restart("a000")
        await asyncio.sleep(5)
        assert shown(emulated, "a000", p.UP_TMS) == pytest.approx(3.0)

    acting(act)


def test_a_replacement_is_factory_new_and_hangs_in_the_same_place() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.replace("a200", "fresh1")
        assert "a200" not in emulated.units
        fresh = emulated.units["fresh1"]
        await asyncio.sleep(200)
        now = asyncio.get_running_loop().time()
        assert (fresh.counter_wh(now), fresh.power_w(now)) == (0, 0)
        assert shown(emulated, "fresh1", p.INV_ST) == InvSt.STANDBY
        assert shown(emulated, "a100", p.LNV) == shown(emulated, "fresh1", p.LNV)  # no current beyond the last but one
        fresh.command(Activate(permitted=True), now)
        await asyncio.sleep(100)
        assert shown(emulated, "fresh1", p.W) > 300
        assert shown(emulated, "fresh1", p.LNV) > shown(emulated, "a100", p.LNV)

    acting(act)


def test_an_adapter_is_unplugged_and_plugged_in_again() -> None:
    async def day() -> None:
        async with plant(one_branch(count=1)) as emulated:
            master, do = await joined(1), Instruments(emulated)
            for _ in range(2):
                do.unplug("roof")
            with pytest.raises(LinkDownError, match="closed"):
                await master.stream.read()
            with pytest.raises(LinkDownError, match="nobody serves"):
                await open_stream("mem://roof")
            for _ in range(2):
                do.plug("roof")
            await asyncio.sleep(1)
            again = Master(await open_stream("mem://roof"))
            assert (await again.values(live(stations(1)[0])))[Channel(p.INV_ST)] == InvSt.RUNNING

    run(day())


@pytest.mark.parametrize(
    "act",
    [
        lambda do: do.grid_outage("c"),
        lambda do: do.restart("zzzz"),
        lambda do: do.plug("cellar"),
        lambda do: do.module_swap("a000", "three"),
    ],
    ids=["branch", "unit", "gateway", "module"],
)
def test_a_name_that_nothing_has_is_refused(act: Callable[[Instruments], None]) -> None:
    async def acted(do: Instruments, emulated: Plant) -> None:
        with pytest.raises(ConfigError, match=r"no branch|no unit|no gateway|none of"):
            act(do)
        assert alarms(emulated) == {}

    acting(acted)


def test_the_last_unit_of_a_long_branch_trips_first_by_the_plants_own_current() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        do.grid_voltage(1.08)  # and 3 % in the service line at full power
        await asyncio.sleep(2 * HOUR)
        now = asyncio.get_running_loop().time()
        tripped = {serial for serial, unit in emulated.units.items() if unit.alarm_records(now)}
        assert {"a200", "b200"} <= tripped
        first = {
            serial: unit.alarm_records(now)[-1].crossed_ms
            for serial, unit in emulated.units.items()
            if serial in tripped
        }
        up = {serial: shown(emulated, serial, p.UP_TMS) for serial in tripped}
        order = sorted(tripped, key=lambda serial: first[serial] / 1000 - up[serial])
        assert order[0].endswith("200")

    acting(act, NOON - HOUR, service_ohm=0.9)


def test_a_neighbours_stop_lowers_the_voltage_of_the_others() -> None:
    async def act(do: Instruments, emulated: Plant) -> None:
        before = shown(emulated, "a000", p.LNV)
        do.inverter_fault("b100", 10)
        assert before - shown(emulated, "a000", p.LNV) == pytest.approx(0.4 * 1.6, abs=0.15)

    acting(act, service_ohm=0.4)
