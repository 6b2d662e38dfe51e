import asyncio
import os
import signal

import pytest

from opencombiner.lifetime import first_of, run_until_stopped
from tests.support.virtual_time import run


async def sleep(seconds: float, ended: list[float]) -> None:
    try:
        await asyncio.sleep(seconds)
    finally:
        ended.append(seconds)


async def fail(seconds: float) -> None:
    await asyncio.sleep(seconds)
    raise ValueError("broken")


async def timed(*works: float, within_s: float | None = None) -> tuple[float, list[float]]:
    ended: list[float] = []
    await first_of(*(sleep(seconds, ended) for seconds in works), within_s=within_s)
    return asyncio.get_running_loop().time(), sorted(ended)


def test_the_first_to_end_ends_the_others() -> None:
    assert run(timed(3, 1, 2)) == (1, [1, 2, 3])


def test_time_ends_them_all() -> None:
    assert run(timed(3, 2, within_s=1)) == (1, [2, 3])


def test_what_the_first_raises_is_raised() -> None:
    ended: list[float] = []
    with pytest.raises(ValueError, match="broken"):
        run(first_of(sleep(2, ended), fail(1)))
    assert ended == [2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_sets_the_event(number: signal.Signals) -> None:
    async def main(stop: asyncio.Event) -> str:
        os.kill(os.getpid(), number)
        await stop.wait()
        return "stopped in order"

    assert run_until_stopped(main) == "stopped in order"


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    async def main(stop: asyncio.Event) -> bool:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        return stop.is_set()

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        assert run_until_stopped(main) is False
    finally:
        signal.signal(signal.SIGHUP, before)
