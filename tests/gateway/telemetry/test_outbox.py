import asyncio

import pytest

from gateway.telemetry.outbox import MAX_EVENTS, Outbox, SiteEvent
from tests.support.virtual_time import run


def event(number: int) -> SiteEvent:
    return SiteEvent("lost", float(number), "s1", {})


def test_marks_coalesce_per_topic() -> None:
    outbox = Outbox()
    for _ in range(1000):
        outbox.mark_state("s1")
    outbox.mark_info("s2")
    changes = outbox.take()
    assert (changes.state, changes.availability, changes.info, changes.site) == ({"s1"}, set(), {"s2"}, True)


def test_availability_changes_the_values_too() -> None:
    outbox = Outbox()
    outbox.mark_availability("s1")
    assert outbox.take().state == {"s1"}


def test_events_are_bounded_and_the_oldest_goes() -> None:
    outbox = Outbox()
    for number in range(MAX_EVENTS + 5):
        outbox.event(event(number))
    assert outbox.dropped_events == 5
    assert [e.ts for e in outbox.take().events] == [float(n) for n in range(5, MAX_EVENTS + 5)]


def test_news_wakes_who_waits_and_a_take_starts_afresh() -> None:
    async def main() -> None:
        outbox = Outbox()
        asyncio.get_running_loop().call_later(5, outbox.mark_state, "s1")
        await outbox.wait()
        assert asyncio.get_running_loop().time() == 5
        assert outbox.take().state == {"s1"}
        assert outbox.take().state == set()
        with pytest.raises(TimeoutError, match=r"^$"):
            async with asyncio.timeout(1):
                await outbox.wait()

    run(main())
