"""10 000 polls without growth. The precise figure is `rss_growth_mib` of the benchmarks."""

import asyncio
import gc
import sys
from pathlib import Path

import pytest

from drivers.mqtt import memory
from gateway.health import rss_mib
from tests.support.daemon import POLL_S, described, running
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run

POLLS = 10_000
WARM_POLLS = 1_500  # after that every cache and window that fills up within minutes is full
MOST_OBJECTS = POLLS // 2  # a leak is one for each poll at least; what remembers hours, as sky and grid do, takes 2000
MOST_MIB = 4.0  # of the process, tests and all


@pytest.mark.day
@pytest.mark.timeout(180)
def test_10_000_polls_without_growth(tmp_path: Path) -> None:
    async def main() -> tuple[int, int, float]:
        async with running(described(tmp_path), FakeClock(NOON - 7200)) as daemon:
            views, broker = daemon.app.state.views, memory.broker("broker")

            def polled() -> int:
                return sum(view.stats.polls for view in views.values())

            async def live(polls: int) -> tuple[int, int, float]:
                """Live until so many polls are done; return polls, blocks of memory that are in use, and MiB."""
                until = polled() + polls
                while polled() < until:
                    await asyncio.sleep(50 * POLL_S)
                    broker.transcript.clear()  # the stand-in's own memory of the day
                gc.collect()
                return polled(), sys.getallocatedblocks(), rss_mib() or 0.0

            before, after = await live(WARM_POLLS), await live(POLLS)
            return after[0] - before[0], after[1] - before[1], after[2] - before[2]

    polls, objects, grown_mib = run(main())
    assert polls >= POLLS
    assert objects <= MOST_OBJECTS
    assert grown_mib <= MOST_MIB
