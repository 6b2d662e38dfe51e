"""10 000 polls without growth. The precise figure is `rss_growth_mib` of the benchmarks."""

import asyncio
import gc
import tracemalloc
from pathlib import Path

import pytest

from drivers.mqtt import memory
from tests.support.daemon import POLL_S, RATED_W, described, running
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run

POLLS = 10_000
WARM_POLLS = 1_500  # after that every cache and window that fills up within minutes is full
MOST_MIB = 1.0  # what windows of a day, as the flood's and the ledger's, may still take; a leak of 100 bytes a poll


@pytest.mark.day
@pytest.mark.timeout(180)
def test_10_000_polls_without_growth(tmp_path: Path) -> None:
    async def main() -> tuple[int, float]:
        async with running(described(tmp_path), FakeClock(NOON - 7200)) as daemon:
            views, broker = daemon.app.state.views, memory.broker("broker")

            def polled() -> int:
                return sum(view.stats.polls for view in views.values())

            async def live(polls: int) -> int:
                """Live until so many polls are done, and return what is held then."""
                until = polled() + polls
                while polled() < until:
                    await asyncio.sleep(50 * POLL_S)
                    broker.transcript.clear()  # the stand-in's own memory of the day
                gc.collect()
                return tracemalloc.get_traced_memory()[0]

            tracemalloc.start()
            try:
                before = await live(WARM_POLLS)
                begun = polled()
                after = await live(POLLS)
            finally:
                tracemalloc.stop()
            assert len(views) == len(RATED_W)
            return polled() - begun, (after - before) / 2**20

    polls, grown_mib = run(main())
    assert polls >= POLLS
    assert grown_mib <= MOST_MIB
