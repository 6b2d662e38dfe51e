"""Units of an ECU that have chosen another short address: they are found again, and found after a restart, too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from config.site import Site
from gateway.fleet.comm import Light
from gateway.fleet.device import Device
from gateway.rows import PairedRow
from gateway.snapshot import CommState
from protocols.modems.znp.network import DEFAULT_ID
from tests.gateway.acme import MODEL, identity
from tests.support.daemon import Running, now, running_daemon, running_plant
from tests.support.emulated import NOON
from tests.support.listener import Listener, listening
from tests.support.virtual_time import FakeClock, run
from tests.support.zigbee_plant import DS3, QS1, described, keep, radio, remember

ELSEWHERE = 0x4242
SHORT_S, LONG_S = 300.0, 1500.0


@asynccontextmanager
async def heard_of(site: Site) -> AsyncIterator[Running]:
    """Run plant and daemon, which knows where each unit was when it was paired."""
    clock = FakeClock(NOON)
    async with running_plant(site, clock) as plant:
        remember(site, plant)
        async with running_daemon(site, clock, plant) as daemon:
            await daemon.until(lambda: everybody_is(daemon, CommState.ONLINE))
            yield daemon


def told(ear: Listener, kind: str) -> list[Any]:
    return [event for event in ear.of("/event") if event["kind"] == kind]


def everybody_is(daemon: Running, comm: CommState) -> bool:
    return all(view.comm is comm for view in daemon.app.state.views.values())


@pytest.mark.parametrize("loss", [0.0, 0.1], ids=["no loss", "a tenth lost"])
def test_a_unit_that_has_rejoined_is_found_and_its_address_kept(tmp_path: Path, loss: float) -> None:
    site = described(tmp_path, impairments={"loss": loss})

    async def main() -> None:
        async with heard_of(site) as daemon, listening("mem://broker") as ear:
            unit, began = radio(daemon.plant, QS1), now()
            former, unit.pairing.node = unit.node, ELSEWHERE
            await daemon.until(lambda: daemon.view("roof1").identity.node == ELSEWHERE)
            seq = daemon.view("roof1").seq
            await daemon.until(lambda: daemon.view("roof1").seq > seq)
            assert now() - began < SHORT_S if not loss else LONG_S
            await ear.until(lambda: bool(told(ear, "moved")))
            (event,) = told(ear, "moved")
            assert event["detail"] == {"serial": QS1, "former": former, "node": ELSEWHERE}

        clock = FakeClock(NOON)
        async with running_daemon(site, clock, daemon.plant) as restarted:
            assert restarted.view("roof1").identity.node == ELSEWHERE

    run(main())


def test_two_units_that_have_changed_their_addresses_with_one_another_are_told_apart(tmp_path: Path) -> None:
    site = described(tmp_path)

    async def main() -> None:
        async with heard_of(site) as daemon, listening("mem://broker") as ear:
            one, other = radio(daemon.plant, QS1), radio(daemon.plant, DS3)
            one.pairing.node, other.pairing.node = other.node, one.node
            await daemon.until(lambda: daemon.view("roof1").identity.node == one.node)
            await daemon.until(lambda: daemon.view("shed").identity.node == other.node)
            await ear.until(lambda: len(told(ear, "moved")) == 2)
            assert told(ear, "identity_mismatch") == []

    run(main())


def test_an_address_in_the_site_file_comes_before_a_stored_one(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock(NOON)
        async with running_plant(described(tmp_path), clock) as plant:
            node = radio(plant, QS1).node
            site = described(tmp_path, nodes={"roof1": node})
            keep(site, PairedRow("ecu", QS1, ELSEWHERE, DEFAULT_ID), PairedRow("ecu", DS3, ELSEWHERE, "D8A300000001"))
            async with running_daemon(site, clock, plant) as daemon:
                assert daemon.view("roof1").identity.node == node
                assert daemon.view("shed").comm is CommState.UNPAIRED
                await daemon.until(lambda: daemon.view("roof1").comm is CommState.ONLINE)

    run(main())


@pytest.mark.parametrize(
    ("light", "at"),
    [(Light.DAY, [0.0, 600.0, 1200.0]), (Light.UNSEEN, [0.0, 600.0, 1200.0]), (Light.TWILIGHT, []), (Light.NIGHT, [])],
    ids=["by day", "without a clock", "at dawn and dusk", "at night"],
)
def test_a_unit_is_searched_for_while_there_is_light_and_not_too_often(light: Light, at: list[float]) -> None:
    device = Device(identity("s1"), MODEL)
    assert [now for now in (0.0, 1.0, 599.0, 600.0, 1000.0, 1200.0) if device.search(now, light)] == at
