import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from structlog.testing import capture_logs

from drivers.link import Port, Urgency
from gateway.app import RESTART_S, STALL_S, South
from protocols.errors import LocalProtocolError
from protocols.exchange import Exchange
from protocols.points import Channel, Value
from protocols.profile import PollItem, Station
from tests.gateway.acme import PROFILE
from tests.gateway.fleet.bench import Bench, plant
from tests.gateway.fleet.medium import Medium
from tests.support.virtual_time import run


async def live(south: South, seconds: float) -> None:
    task = asyncio.create_task(south.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_bug_costs_a_link_a_pause_and_not_its_life() -> None:
    def stumble(station: Station, item: PollItem, utc: float) -> Exchange[Mapping[Channel, Value]]:
        if 20 < asyncio.get_running_loop().time() < 30:
            raise LocalProtocolError("a bug of ours")
        return PROFILE.poll(station, item, utc)

    async def main() -> South:
        bench = Bench(plant(1), profile=replace(PROFILE, poll=stumble))
        south = South("gw", bench.medium, bench.poller)
        with capture_logs() as logs:
            await live(south, 60)
        assert [(log["event"], log["gateway"]) for log in logs] == [("link_failed", "gw")]
        polled = [at for at in bench.units[0].polls() if at > 20]
        assert polled[0] - 20 >= RESTART_S
        assert len(polled) >= 5
        return south

    south = run(main())
    assert south.condition()["failures"] == 1


class Stuck(Medium):
    """Takes a conversation and never lets it end."""

    @asynccontextmanager
    async def claim(self, node: int, urgency: Urgency) -> AsyncIterator[Port]:
        async with super().claim(node, urgency) as port:
            await asyncio.Event().wait()
            yield port


def test_a_poller_that_is_stuck_is_not_alive() -> None:
    async def main() -> None:
        bench = Bench(plant(1), medium=Stuck)
        south = South("gw", bench.medium, bench.poller)
        task = asyncio.create_task(south.run())
        alive = []
        for wait_s in (STALL_S - 1, 2):
            await asyncio.sleep(wait_s)
            alive.append(south.alive)
        task.cancel()
        assert alive == [True, False]

    run(main())


def test_a_poller_that_waits_for_its_link_is_alive() -> None:
    async def main() -> None:
        bench = Bench(plant(1))
        south = South("gw", bench.medium, bench.poller)
        task = asyncio.create_task(south.run())
        await asyncio.sleep(10)
        bench.medium.pull()
        await asyncio.sleep(10 * STALL_S)
        assert south.alive
        bench.medium.plug()
        assert south.alive
        task.cancel()

    run(main())


def test_an_idle_poller_is_alive() -> None:
    async def main() -> None:
        bench = Bench(plant(1), poll_s=3600.0)
        south = South("gw", bench.medium, bench.poller)
        task = asyncio.create_task(south.run())
        for _ in range(100):
            await asyncio.sleep(97)
            assert south.alive
        task.cancel()

    run(main())
