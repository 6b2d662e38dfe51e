"""What a meter says counts for a while, and for its own gateway."""

import asyncio

from gateway.meter import Measured, Meters, Source
from tests.support.virtual_time import run

SAID = Measured(-812.0, 231.4)


def test_a_word_counts_until_it_is_stale_and_a_new_one_counts_again() -> None:
    async def main() -> list[Measured | None]:
        meters = Meters({"east": Source("house/meter", 60.0)})
        seen = [meters.at("east")]
        meters.put("house/meter", SAID)
        for pause_s in (0.0, 59.9, 0.2):
            await asyncio.sleep(pause_s)
            seen.append(meters.at("east"))
        meters.put("house/meter", Measured(5.0))
        return [*seen, meters.at("east")]

    assert run(main()) == [None, SAID, SAID, None, Measured(5.0)]


def test_each_gateway_has_the_meter_of_its_topic_and_its_own_patience() -> None:
    async def main() -> list[Measured | None]:
        meters = Meters({"a": Source("m/1", 10.0), "b": Source("m/1", 100.0), "c": Source("m/2", 100.0)})
        assert meters.topics == {"m/1", "m/2"}
        meters.put("m/1", SAID)
        await asyncio.sleep(50)
        return [meters.at(gateway) for gateway in ("a", "b", "c", "nobody")]

    assert run(main()) == [None, SAID, None, None]
