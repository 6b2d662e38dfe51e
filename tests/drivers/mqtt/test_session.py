"""One suite for both brokers, so that the in-process one cannot drift from a real one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from drivers.mqtt.connect import connect
from drivers.mqtt.line import MAX_INBOX
from drivers.mqtt.session import AccessRefusedError, Message, Options
from protocols.errors import LinkDownError
from tests.support.brokers import Broker

WILL = Message("plant/state", b"offline", qos=1, retain=True)


def options(broker: Broker, client_id: str, will: Message | None = None) -> Options:
    return Options(url=broker.url, client_id=client_id, will=will)


async def take(count: int, messages: AsyncIterator[Message]) -> list[Message]:
    async with asyncio.timeout(10):
        return [await anext(messages) for _ in range(count)]


async def retained(broker: Broker, topic_filter: str) -> dict[str, bytes]:
    """Read a retained tree; a marker that is published afterwards shows that all of it has come."""
    async with connect(options(broker, "retained-reader")) as session:
        await session.subscribe(topic_filter)
        await session.subscribe("marker")
        await session.publish(Message("marker", b"", qos=1))
        found = {}
        async for message in session.messages():
            if message.topic == "marker":
                break
            found[message.topic] = message.payload
        return found


@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_reaches_who_asked_for_it(broker: Broker, qos: int) -> None:
    async def main() -> list[Message]:
        async with connect(options(broker, "a")) as sender, connect(options(broker, "b")) as receiver:
            await receiver.subscribe("plant/+/state")
            await sender.publish(Message("plant/roof/power", b"not this", qos=qos))
            await sender.publish(Message("plant/roof/state", b"this", qos=qos, retain=True))
            return await take(1, receiver.messages())

    assert broker.run(main()) == [Message("plant/roof/state", b"this", qos=qos, retain=False)]


def test_the_retain_flag_shows_only_on_replay_after_a_subscribe(broker: Broker) -> None:
    async def main() -> list[Message]:
        async with connect(options(broker, "a")) as session:
            await session.publish(Message("x", b"early", qos=1, retain=True))
            await session.subscribe("x")
            [early] = await take(1, session.messages())
            await session.publish(Message("x", b"late", qos=1, retain=True))
            return [early, *await take(1, session.messages())]

    assert broker.run(main()) == [Message("x", b"early", 1, retain=True), Message("x", b"late", 1, retain=False)]


def test_quality_of_service_is_the_lower_of_both_sides(broker: Broker) -> None:
    async def main() -> list[int]:
        async with connect(options(broker, "a")) as session:
            await session.subscribe("once", qos=0)
            await session.subscribe("sure", qos=1)
            for topic in ("once", "sure"):
                for qos in (0, 1):
                    await session.publish(Message(topic, b"", qos=qos))
            return [message.qos for message in await take(4, session.messages())]

    assert sorted(broker.run(main())) == [0, 0, 0, 1]


def test_an_empty_retained_message_clears_the_topic(broker: Broker) -> None:
    async def main() -> dict[str, bytes]:
        async with connect(options(broker, "a")) as session:
            await session.publish(Message("t/a", b"1", qos=1, retain=True))
            await session.publish(Message("t/b", b"2", qos=1, retain=True))
            await session.publish(Message("t/a", b"", qos=1, retain=True))
        return await retained(broker, "t/#")

    assert broker.run(main()) == {"t/b": b"2"}


def test_messages_of_one_sender_keep_their_order(broker: Broker) -> None:
    async def main() -> list[bytes]:
        async with connect(options(broker, "a")) as sender, connect(options(broker, "b")) as receiver:
            await receiver.subscribe("n")
            for n in range(200):
                await sender.publish(Message("n", b"%d" % n, qos=n % 2))
            return [message.payload for message in await take(200, receiver.messages())]

    assert broker.run(main()) == [b"%d" % n for n in range(200)]


def test_the_will_speaks_when_a_client_is_cut_off(broker: Broker) -> None:
    async def main() -> dict[str, bytes]:
        async with connect(options(broker, "watcher")) as watcher:
            await watcher.subscribe("plant/state")
            async with connect(options(broker, "plant", WILL)) as first:
                await first.publish(Message("plant/state", b"online", qos=1, retain=True))
                async with connect(options(broker, "plant")):  # the same name: the broker cuts the first one off
                    heard = await take(2, watcher.messages())
                    assert [message.payload for message in heard] == [b"online", b"offline"]
                    with pytest.raises(LinkDownError, match=r"under our name|a second gateway with this site's id"):
                        await anext(first.messages())
        return await retained(broker, "plant/#")

    assert broker.run(main()) == {"plant/state": b"offline"}


def test_the_will_is_silent_after_a_goodbye(broker: Broker) -> None:
    async def main() -> dict[str, bytes]:
        async with connect(options(broker, "plant", WILL)) as session:
            await session.publish(Message("plant/state", b"online", qos=1, retain=True))
        return await retained(broker, "plant/#")

    assert broker.run(main()) == {"plant/state": b"online"}


def test_request_and_response_properties_pass(broker: Broker) -> None:
    request = Message("ask", b"{}", qos=1, response_topic="answers/7", correlation=b"\x00\x07")

    async def main() -> list[Message]:
        async with connect(options(broker, "a")) as session:
            await session.subscribe("ask")
            await session.publish(request)
            return await take(1, session.messages())

    assert broker.run(main()) == [request]


@pytest.mark.parametrize(
    ("topic_filter", "wanted"),
    [
        ("#", {"a", "a/b", "a/b/c", "/a", "a/"}),
        ("+", {"a"}),
        ("a/#", {"a", "a/b", "a/b/c", "a/"}),
        ("a/+", {"a/b", "a/"}),
        ("+/+", {"a/b", "/a", "a/"}),
        ("a/+/c", {"a/b/c"}),
        ("a/b", {"a/b"}),
    ],
)
def test_filters_choose_topics(broker: Broker, topic_filter: str, wanted: set[str]) -> None:
    async def main() -> set[str]:
        async with connect(options(broker, "a")) as session:
            for topic in ("a", "a/b", "a/b/c", "/a", "a/"):
                await session.publish(Message(topic, b"x", qos=1, retain=True))
        return {topic for topic in await retained(broker, topic_filter) if not topic.startswith("$")}

    assert broker.run(main()) == wanted


def test_a_stopped_broker_ends_every_wait(broker: Broker) -> None:
    async def main() -> list[str]:
        async with connect(options(broker, "a")) as session:
            broker.hang()
            waiting = [
                asyncio.ensure_future(session.publish(Message("t", b"x", qos=1))),
                asyncio.ensure_future(anext(session.messages())),
            ]
            await asyncio.sleep(0.05)
            broker.stop()
            return [str(error) for error in await asyncio.gather(*waiting, return_exceptions=True)]

    ends = broker.run(main())
    assert len(ends) == 2
    assert all("lost" in end or "stopped" in end for end in ends)


def test_a_session_that_is_lost_stays_lost(broker: Broker) -> None:
    async def main() -> None:
        async with connect(options(broker, "a")) as session:
            broker.stop()
            with pytest.raises(LinkDownError, match=r"lost|stopped"):
                await anext(session.messages())
            broker.start()
            with pytest.raises(LinkDownError, match=r"lost|stopped"):
                await session.publish(Message("t", b"x", qos=1))
        async with connect(options(broker, "a")) as session:
            await session.publish(Message("t", b"x", qos=1))

    broker.run(main())


def test_a_broker_that_is_away_refuses_at_once(broker: Broker) -> None:
    broker.stop()

    async def main() -> None:
        async with connect(options(broker, "a")):
            pass

    with pytest.raises(LinkDownError, match=r"Connection refused|no broker") as caught:
        broker.run(main())
    assert not isinstance(caught.value, AccessRefusedError)


def test_a_hanging_broker_does_not_hold_up_a_goodbye(broker: Broker) -> None:
    async def main() -> dict[str, bytes]:
        async with connect(options(broker, "plant", WILL)) as session:
            await session.publish(Message("plant/state", b"online", qos=1, retain=True))
            broker.hang()
        broker.resume()
        return await retained(broker, "plant/#")

    assert broker.run(main()) == {"plant/state": b"online"}


def test_a_flooded_inbox_drops_the_newest_and_counts_it(broker: Broker) -> None:
    async def main() -> tuple[int, bytes]:
        async with connect(options(broker, "a")) as session:
            await session.subscribe("flood", qos=0)
            for n in range(MAX_INBOX + 50):
                await session.publish(Message("flood", b"%d" % n))
            await session.publish(Message("flood", b"the end", qos=1))  # acknowledged behind all the others
            return session.dropped, (await take(MAX_INBOX, session.messages()))[-1].payload

    assert broker.run(main()) == (51, b"%d" % (MAX_INBOX - 1))
