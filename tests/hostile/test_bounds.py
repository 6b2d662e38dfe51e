"""Queues that are driven over their bounds; the inventory of all is in tests/architecture/test_bounds.py."""

import asyncio

from drivers.link import Urgency
from drivers.mqtt.filters import matches
from drivers.mqtt.memory import MAX_HELD_UP, MAX_TRANSCRIPT, MemoryBroker
from drivers.mqtt.session import Message
from drivers.plc.line import FRAMES
from drivers.plc.settings import PlcSettings
from emulator.media.plc import unit
from gateway.health import LAGS_KEPT, LOOK_EVERY_S, Health
from gateway.notify import Notifier
from opencombiner.view import MAX_NEWS, View
from tests.support.plc_peer import Say, TransparentPeer, plugged, read_answer, read_request
from tests.support.virtual_time import FakeClock, run


def test_caches_have_an_end() -> None:
    for cached in (matches, unit._frames):  # noqa: SLF001 - its cache is the question
        size = cached.cache_info().maxsize
        assert size is not None
        for n in range(size + 10):
            cached(*((f"a/{n}", "b") if cached is matches else (n.to_bytes(4, "big"),)))
        assert cached.cache_info().currsize == size


def test_the_in_process_broker_remembers_only_so_much() -> None:
    broker = MemoryBroker("full")
    for n in range(MAX_TRANSCRIPT + 5):
        broker.accept(Message(f"t/{n}", b""))
    assert [broker.transcript[0].topic, len(broker.transcript)] == ["t/5", MAX_TRANSCRIPT]


def test_the_in_process_broker_holds_up_only_so_much() -> None:
    done: list[int] = []

    async def main() -> None:
        broker = MemoryBroker("hung")
        broker.hang()
        for n in range(MAX_HELD_UP + 5):
            broker.request(lambda n=n: done.append(n))  # type: ignore[misc]
        broker.resume()

    run(main())
    assert (len(done), done[0]) == (MAX_HELD_UP, 5)


def test_a_chatterbox_on_the_line_fills_no_memory() -> None:
    """A line on which many frames come at once hands up the newest; the answer is among them."""
    settings = PlcSettings(url="mem://chatter", bit_rate=96000, turnaround_s=0.001)
    foreign = b"".join(read_answer(node) for node in range(100, 100 + 3 * FRAMES))

    async def main() -> list[bytes]:
        peer = TransparentPeer(lambda _: [Say(foreign + read_answer(7))])
        heard = []
        async with plugged(settings, peer) as link, link.claim(7, Urgency.POLL) as port:
            await port.send(read_request(7), reply_bytes=45, within_s=0.5)
            while (frame := await port.receive()) is not None:
                heard.append(frame)
        return heard

    heard = run(main())
    assert len(heard) == FRAMES
    assert heard[-1] == read_answer(7)


def test_looks_at_the_loop_are_kept_for_a_minute() -> None:
    async def main() -> int:
        health = Health(FakeClock(), Notifier.from_environment(), alive=lambda: True)
        task = asyncio.create_task(health.run())
        await asyncio.sleep(LOOK_EVERY_S * (LAGS_KEPT + 20))
        task.cancel()
        return len(health._lags_s)  # noqa: SLF001 - what it keeps is the question

    assert run(main()) == LAGS_KEPT


def test_the_news_of_the_demo_have_an_end() -> None:
    view = View("opencombiner/demo")
    for n in range(MAX_NEWS + 3):
        view.hear(Message("opencombiner/demo/x", b'{"transaction":"%d","status":"ok"}' % n))
    assert [len(view.news), view.news[0]] == [MAX_NEWS, "asked: 3: ok"]
