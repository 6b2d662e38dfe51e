"""What a meter says counts for a while, and for its own gateway."""

import asyncio

import pytest

from gateway.meter import MAX_MEASURED, Measured, Meters, Source, parse_measured
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


@pytest.mark.parametrize(
    ("payload", "measured"),
    [
        pytest.param(b"-812.5", Measured(-812.5), id="a number"),
        pytest.param(b" 7 \n", Measured(7.0), id="a whole one"),
        pytest.param(
            b'{"power_w":1,"voltage_v":231,"current_a":-2.5,"hz":50}', Measured(1.0, 231.0, -2.5), id="an object"
        ),
        pytest.param(b'{"power_w":1,"voltage_v":null}', Measured(1.0), id="power alone"),
        pytest.param(b'{"power_w":1,"voltage_v":-1,"current_a":"2"}', Measured(1.0), id="no sense beside power"),
        pytest.param(b'{"voltage_v":231}', None, id="no power"),
        pytest.param(b'{"power_w":"1"}', None, id="power as a text"),
        pytest.param(b"[1]", None, id="a list"),
        pytest.param(b"true", None, id="a switch"),
        pytest.param(b"NaN", None, id="no number"),
        pytest.param(b"1e999", None, id="infinity"),
        pytest.param(b"-1e8", None, id="more than a house has"),
        pytest.param(b"9" * 4000, None, id="a number of 4000 digits"),
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"\xff", None, id="no text"),
        pytest.param(b"[" * MAX_MEASURED, None, id="a deep one"),
        pytest.param(b" " * (MAX_MEASURED - 1) + b"7", Measured(7.0), id="as long as may be"),
        pytest.param(b" " * MAX_MEASURED + b"7", None, id="too long"),
    ],
)
def test_what_a_meter_says_is_read(payload: bytes, measured: Measured | None) -> None:
    assert parse_measured(payload) == measured
