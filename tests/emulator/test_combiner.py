"""The switches that the branches of a gateway share, and the alarms that follow from them."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from config.site import Site
from emulator.combiner import Combiner, RelayLamp
from emulator.grid import Grid
from emulator.instruments import Instruments
from emulator.server import Plant
from gateway.alarms.plant import branch_subject
from protocols.errors import ConfigError
from protocols.points import Channel, W
from tests.support.daemon import described
from tests.support.emulated import NOON, UTRECHT
from tests.support.plant import Scene, play
from tests.support.virtual_time import FakeClock, run

OUTAGE, BRANCH_OUTAGE = 2, 102


@pytest.mark.parametrize(
    ("open_it", "lamp"),
    [
        pytest.param(lambda _: None, RelayLamp.GREEN, id="all closed"),
        pytest.param(lambda one: one.relay.move(5.0, closed=False), RelayLamp.DARK, id="the relay"),
        pytest.param(lambda one: one.breaker.move(5.0, closed=False), RelayLamp.DARK, id="its breaker"),
        pytest.param(lambda one: one.grid.breaker.move(5.0, closed=False), RelayLamp.DARK, id="no mains"),
    ],
)
def test_the_lamp_is_green_while_the_relay_is_closed_and_fed(open_it: Callable[[Combiner], None], lamp: object) -> None:
    combiner = Combiner(Grid(1, still=True))
    open_it(combiner)
    assert (combiner.lamp(4.0), combiner.lamp(6.0)) == (RelayLamp.GREEN, lamp)


SWITCHES = {
    "the grid breaker": (Instruments.grid_breaker_open, Instruments.grid_breaker_close, "east", ("b1", "b2")),
    "the relay": (Instruments.relay_open, Instruments.relay_close, "east", ("b1", "b2")),
    "a branch breaker": (Instruments.grid_outage, Instruments.grid_restore, "b1", ("b1",)),
}


def still(folder: Path) -> Site:
    plain = described(folder).model_dump()
    plain["emulation"] |= {"grid": "still"}
    more = [{"slot": slot, "serial": f"SN000{slot}", "model": "MI-400"} for slot in "efg"]
    plain["gateways"][0]["branches"][0]["inverters"] += tuple(more)
    return Site.model_validate(plain)


@pytest.mark.parametrize(("opened", "closed", "target", "dead"), SWITCHES.values(), ids=SWITCHES.keys())
def test_an_open_switch_is_an_outage_of_its_branches_alone_and_ends(
    tmp_path: Path,
    opened: Callable[[Instruments, str], None],
    closed: Callable[[Instruments, str], None],
    target: str,
    dead: tuple[str, ...],
) -> None:
    def standing(scene: Scene) -> set[str]:
        return {each.record.subject for each in scene.app.alarms.standing() if each.record.code == OUTAGE}

    def dark(scene: Scene) -> set[str]:
        return {slot for slot, view in scene.app.state.views.items() if not view.values[Channel(W)]}

    async def act(scene: Scene) -> None:
        on = Instruments(scene.plant)
        await asyncio.sleep(300)
        assert (standing(scene), dark(scene)) == (set(), set())
        opened(on, target)
        await asyncio.sleep(120)
        gone = [branch for gateway in scene.site.gateways for branch in gateway.branches if branch.id in dead]
        units = {unit.id for branch in gone for unit in branch.inverters}
        assert dark(scene) == units
        assert standing(scene) >= units
        assert "d" not in standing(scene)
        grouped = [each.record.subject for each in scene.app.alarms.standing() if each.record.code == BRANCH_OUTAGE]
        assert grouped == [branch_subject("b1")]  # the other branch has one unit
        closed(on, target)
        await asyncio.sleep(900)
        assert (standing(scene), dark(scene)) == (set(), set())

    play(still(tmp_path), act, start_utc=NOON)


def test_a_combiner_that_is_not_there_is_named(tmp_path: Path) -> None:
    async def main() -> None:
        plant = Plant(described(tmp_path), UTRECHT, FakeClock(NOON), asyncio.get_running_loop().time())
        with pytest.raises(ConfigError, match="there is no gateway 'north'"):
            Instruments(plant).relay_open("north")
        assert {name: one.lamp(NOON) for name, one in plant.combiners.items()} == {
            "east": RelayLamp.GREEN,
            "west": RelayLamp.GREEN,
        }

    run(main())
