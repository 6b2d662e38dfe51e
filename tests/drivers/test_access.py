import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.access import MediumAccess
from drivers.link import Urgency
from tests.support.virtual_time import run

COMMAND, POLL, PROBE = Urgency.COMMAND, Urgency.POLL, Urgency.PROBE


class Medium:
    """Notes who holds the medium, and when."""

    def __init__(self, in_flight: int, gap_s: float) -> None:
        self.access = MediumAccess(in_flight, gap_s)
        self.granted: list[tuple[float, str]] = []
        self.busy = 0
        self.most = 0

    async def talk(self, name: str, urgency: Urgency, hold_s: float = 1.0, at: float = 0.0) -> None:
        await asyncio.sleep(at)
        async with self.access.claim(urgency):
            self.granted.append((asyncio.get_running_loop().time(), name))
            self.busy += 1
            self.most = max(self.most, self.busy)
            try:
                await asyncio.sleep(hold_s)
            finally:
                self.busy -= 1


def on(in_flight: int, gap_s: float, test: Callable[[Medium], Awaitable[None]]) -> Medium:
    async def main() -> Medium:
        medium = Medium(in_flight, gap_s)
        await test(medium)
        return medium

    return run(main())


def test_the_most_urgent_goes_first_and_equals_in_order_of_arrival() -> None:
    async def test(medium: Medium) -> None:
        await asyncio.gather(
            medium.talk("holder", PROBE),
            medium.talk("probe", PROBE),
            medium.talk("poll 1", POLL),
            medium.talk("poll 2", POLL),
            medium.talk("command 1", COMMAND),
            medium.talk("command 2", COMMAND),
        )

    names = [name for _, name in on(1, 0.0, test).granted]
    assert names == ["holder", "command 1", "command 2", "poll 1", "poll 2", "probe"]


def test_a_gap_lies_between_conversations() -> None:
    async def test(medium: Medium) -> None:
        await asyncio.gather(*(medium.talk(str(n), POLL) for n in range(3)))

    assert on(1, 0.25, test).granted == [(0.0, "0"), (1.25, "1"), (2.5, "2")]


def test_a_command_that_arrives_in_the_gap_goes_before_a_poll_that_waited() -> None:
    async def test(medium: Medium) -> None:
        await asyncio.gather(
            medium.talk("first", POLL), medium.talk("poll", POLL), medium.talk("command", COMMAND, at=1.1)
        )

    assert on(1, 0.25, test).granted == [(0.0, "first"), (1.25, "command"), (2.5, "poll")]


def test_several_conversations_may_be_in_flight() -> None:
    async def test(medium: Medium) -> None:
        await asyncio.gather(*(medium.talk(str(n), POLL) for n in range(5)))

    medium = on(2, 0.5, test)
    assert medium.granted == [(0.0, "0"), (0.0, "1"), (1.5, "2"), (1.5, "3"), (3.0, "4")]
    assert medium.most == 2


def test_a_waiter_that_is_cancelled_leaves_its_place_in_the_queue() -> None:
    async def test(medium: Medium) -> None:
        holder = asyncio.create_task(medium.talk("holder", POLL))
        quitter = asyncio.create_task(medium.talk("quitter", COMMAND))
        waiter = asyncio.create_task(medium.talk("waiter", POLL))
        await asyncio.sleep(0.5)
        quitter.cancel()
        await asyncio.gather(holder, waiter)

    assert on(1, 0.0, test).granted == [(0.0, "holder"), (1.0, "waiter")]


def test_a_place_that_was_granted_to_a_cancelled_waiter_goes_to_the_next() -> None:
    async def test(medium: Medium) -> None:
        waiters = [asyncio.create_task(medium.talk(name, POLL)) for name in ("holder", "quitter", "waiter")]
        await asyncio.sleep(0.9)
        asyncio.get_running_loop().call_later(0.1, waiters[1].cancel)
        await asyncio.gather(*waiters, return_exceptions=True)

    names = [name for _, name in on(1, 0.0, test).granted]
    assert names[-1] == "waiter"


def test_a_failed_conversation_gives_its_place_back() -> None:
    async def test(medium: Medium) -> None:
        with pytest.raises(ValueError, match="broken"):
            async with medium.access.claim(POLL):
                raise ValueError("broken")
        await medium.talk("next", POLL)

    assert on(1, 0.25, test).granted == [(0.25, "next")]


@given(
    st.integers(1, 3),
    st.lists(
        st.tuples(st.sampled_from(Urgency), st.integers(0, 20), st.integers(0, 5), st.none() | st.integers(0, 20)),
        max_size=12,
    ),
)
def test_no_place_is_ever_lost_or_doubled(in_flight: int, talks: list[tuple[Urgency, int, int, int | None]]) -> None:
    async def test(medium: Medium) -> None:
        loop = asyncio.get_running_loop()
        tasks = []
        for n, (urgency, at, hold_s, cancel_at) in enumerate(talks):
            tasks.append(asyncio.create_task(medium.talk(str(n), urgency, hold_s, at)))
            if cancel_at is not None:
                loop.call_at(cancel_at, tasks[-1].cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(10.0)
        start = loop.time()
        await asyncio.gather(*(medium.talk("after", POLL) for _ in range(in_flight)))
        assert loop.time() - start == 1.0  # every place is free again

    assert on(in_flight, 1.0, test).most <= in_flight
