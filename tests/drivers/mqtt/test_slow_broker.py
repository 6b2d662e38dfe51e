"""The in-process broker when it is slow, and what an ear at it hears."""

import asyncio

from drivers.mqtt import memory
from drivers.mqtt.session import Message
from tests.support.listener import listening
from tests.support.virtual_time import run


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_a_slow_broker_passes_everything_on_later_and_in_order() -> None:
    async def main() -> tuple[list[bytes], float]:
        broker = memory.broker("slow")
        async with listening("mem://slow", "t") as ear:
            broker.slow(3.0)
            begun = _now()
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(ear.publish(Message("t", b"%d" % number, qos=1)))
            await ear.until(lambda: len(ear.heard) == 20)
            return [message.payload for message in ear.heard], _now() - begun

    heard, took_s = run(main())
    assert heard == [b"%d" % number for number in range(20)]
    assert 3.0 <= took_s < 3.1


def test_the_delay_lasts_as_long_as_it_is_set() -> None:
    async def main() -> list[float]:
        broker = memory.broker("slow")
        took_s = []
        async with listening("mem://slow", "t") as ear:
            for delay_s in (2.0, 0.0):
                broker.slow(delay_s)
                begun = _now()
                await ear.publish(Message("t", b"x", qos=1))
                took_s.append(round(_now() - begun, 3))
        return took_s

    assert run(main()) == [2.0, 0.0]


def test_what_a_slow_broker_had_not_done_is_lost_when_it_stops() -> None:
    async def main() -> list[str]:
        broker = memory.broker("slow")
        heard: list[str] = []
        broker.heard = lambda message: heard.append(message.topic)
        async with listening("mem://slow", "t") as ear:
            await ear.publish(Message("before", b""))
            broker.slow(5.0)
            await ear.publish(Message("lost", b""))
            broker.stop()
            broker.start()
            broker.slow(0.0)
            await asyncio.sleep(10)
        broker.accept(Message("after", b""))
        return heard

    assert run(main()) == ["before", "after"]
