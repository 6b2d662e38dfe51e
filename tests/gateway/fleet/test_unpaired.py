"""Units that have no address yet."""

import asyncio
from dataclasses import replace

import pytest

from gateway.app import South
from gateway.fleet.device import Device
from protocols.commands import Conn
from protocols.errors import LocalProtocolError
from protocols.exchange import Cause, Failed
from tests.gateway.acme import MODEL, identity
from tests.gateway.fleet.bench import Bench, plant
from tests.support.virtual_time import run


def test_a_unit_without_an_address_cannot_be_made_a_device() -> None:
    with pytest.raises(LocalProtocolError, match="s1 is not paired: it has no address"):
        Device(replace(identity("s1"), node=None), MODEL)


def test_a_command_to_an_unpaired_unit_fails_at_once_and_says_why() -> None:
    async def main() -> None:
        bench = Bench(plant(1), unpaired=frozenset({"s2"}))
        said = await bench.poller.submit("s2", Conn(on=True))
        assert said == Failed(Cause.NO_ANSWER, "the unit is not paired")

    run(main())


def test_health_counts_the_unpaired_units_of_a_link() -> None:
    async def main() -> None:
        bench = Bench(plant(2))
        south = South("gw", bench.medium, bench.poller, unpaired=1)
        await bench.during(asyncio.sleep(1))
        assert south.condition()["unpaired"] == 1

    run(main())
