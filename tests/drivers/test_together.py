import asyncio

import pytest

from drivers.together import first_of
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


def test_a_cancellation_that_meets_an_error_is_not_lost() -> None:
    async def main() -> bool:
        task = asyncio.ensure_future(first_of(fail(1), asyncio.sleep(9)))
        asyncio.get_running_loop().call_at(1, task.cancel)
        done, _ = await asyncio.wait([task], timeout=5)
        return bool(done) and task.cancelled()

    assert run(main())
