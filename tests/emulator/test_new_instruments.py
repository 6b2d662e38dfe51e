"""Phases, irradiance, clouds, and the faults of medium, adapter and firmware, through the instruments' door."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from config.site import Site
from emulator.instruments import Instruments
from emulator.server import Plant
from gateway.snapshot import CommState
from protocols.errors import ConfigError
from tests.support.emulated import NOON
from tests.support.plant import Scene, play, site
from tests.support.virtual_time import FakeClock, run

FIRST, SECOND = "AT000001", "AT000010"  # on two branches


def _plan(folder: Path) -> Site:
    plan = site(folder, units=10, poll_s=5.0, emulation={"clouds": "clear", "grid": "still"})
    [gateway] = plan.gateways
    first, second = gateway.branches
    branches = (first, second.model_copy(update={"phase": 2}))
    return plan.model_copy(update={"gateways": (gateway.model_copy(update={"branches": branches}),)})


def _plant(folder: Path, act: Callable[[Plant, Instruments], Awaitable[None]]) -> None:
    async def main() -> None:
        plan = _plan(folder)
        plant = Plant(plan, plan.location, FakeClock(NOON), 0.0)
        await act(plant, Instruments(plant))

    run(main())


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_a_lost_phase_takes_the_branches_on_it(tmp_path: Path) -> None:
    async def act(plant: Plant, door: Instruments) -> None:
        door.phase_loss(2)
        await asyncio.sleep(5)
        assert [plant.units[serial].alarms(_now()) for serial in (FIRST, SECOND)] == [frozenset(), frozenset({2})]
        door.phase_restore(2)
        await asyncio.sleep(120)
        assert plant.units[SECOND].power_w(_now()) > 0

    _plant(tmp_path, act)


@pytest.mark.parametrize("target", ["site", FIRST])
def test_the_irradiance_is_held_and_given_back(tmp_path: Path, target: str) -> None:
    async def act(plant: Plant, door: Instruments) -> None:
        before = [plant.units[serial].power_w(_now()) for serial in (FIRST, SECOND)]
        door.irradiance(0.3, target)
        await asyncio.sleep(1)
        held = [plant.units[serial].power_w(_now()) for serial in (FIRST, SECOND)]
        assert 0.15 < held[0] / before[0] < 0.45
        assert (held[1] == pytest.approx(before[1], rel=0.01)) is (target == FIRST)
        door.irradiance(None, target)
        await asyncio.sleep(1)
        assert plant.units[FIRST].power_w(_now()) == pytest.approx(before[0], rel=0.01)

    _plant(tmp_path, act)


def test_a_cloud_field_passes_over_the_plant(tmp_path: Path) -> None:
    async def act(plant: Plant, door: Instruments) -> None:
        door.clouds("broken")
        watts = []
        for _ in range(60):
            await asyncio.sleep(60)
            watts.append(plant.units[FIRST].power_w(_now()))
        assert max(watts) > 2 * min(watts)

    _plant(tmp_path, act)


@pytest.mark.parametrize(
    ("do", "complaint"),
    [
        pytest.param(lambda door: door.phase_loss(4), "there is no phase 4", id="a fourth phase"),
        pytest.param(lambda door: door.irradiance(2.0), "between 0 and 1.4", id="more light than there is"),
        pytest.param(lambda door: door.link_loss("gw", 1.5), "between 0 and 1", id="more than all"),
        pytest.param(lambda door: door.link_delay("gw", 1e9), "between 0 and 60", id="a delay without an end"),
        pytest.param(
            lambda door: door.link_loss("x", 0.5), "there is no gateway 'x'", id="a gateway that is not there"
        ),
        pytest.param(lambda door: door.answers("x", "silent"), "there is no unit 'x'", id="a unit that is not there"),
    ],
)
def test_what_cannot_be_set_is_refused(tmp_path: Path, do: Callable[[Instruments], None], complaint: str) -> None:
    async def act(_: Plant, door: Instruments) -> None:
        do(door)

    with pytest.raises(ConfigError, match=complaint):
        _plant(tmp_path, act)


@pytest.mark.day
@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        pytest.param(lambda d: d.modem_stall("gw"), lambda d: d.modem_resume("gw"), id="the adapter hangs"),
        pytest.param(lambda d: d.link_delay("gw", 30), lambda d: d.link_delay("gw", 0), id="all comes too late"),
        pytest.param(lambda d: d.link_truncation("gw", 1), lambda d: d.link_truncation("gw", 0), id="all is cut"),
        pytest.param(lambda d: d.link_bit_errors("gw", 0.2), lambda d: d.link_bit_errors("gw", 0), id="all is damaged"),
        pytest.param(lambda d: d.answers(FIRST, "silent"), lambda d: d.answers(FIRST, "right"), id="a unit hangs"),
        pytest.param(lambda d: d.answers(FIRST, "short"), lambda d: d.answers(FIRST, "right"), id="cut answers"),
    ],
)
def test_the_gateway_loses_a_unit_and_finds_it_again(
    tmp_path: Path, spoil: Callable[[Instruments], None], mend: Callable[[Instruments], None]
) -> None:
    async def act(scene: Scene) -> None:
        door = Instruments(scene.plant)
        await asyncio.sleep(120)
        spoil(door)
        await asyncio.sleep(300)
        seen.append(scene.app.state.views[FIRST].comm)
        mend(door)
        await asyncio.sleep(600)
        seen.append(scene.app.state.views[FIRST].comm)

    seen: list[CommState] = []
    play(_plan(tmp_path), act, start_utc=NOON)
    assert seen == [CommState.LOST, CommState.ONLINE]


@pytest.mark.day
@pytest.mark.parametrize("fault", ["link_duplicates", "link_reorder", "link_loss"])
def test_the_gateway_lives_with_a_bad_medium(tmp_path: Path, fault: str) -> None:
    async def act(scene: Scene) -> None:
        await asyncio.sleep(120)
        getattr(Instruments(scene.plant), fault)("gw", 0.15)
        await asyncio.sleep(900)
        seen.update(view.comm for view in scene.app.state.views.values())

    seen: set[CommState] = set()
    scene = play(_plan(tmp_path), act, start_utc=NOON)
    assert seen <= {CommState.ONLINE, CommState.DEGRADED}
    kinds = {event["kind"] for event in scene.ear.of("/event") if "code" in event}
    assert "raise" not in kinds
