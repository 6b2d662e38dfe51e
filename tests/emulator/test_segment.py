import pytest

from emulator.conversion import Conversion
from emulator.limits import Cap
from emulator.segment import Segment, binds, mean_below, turns
from emulator.source import Light
from emulator.track import Line

STAGE = Conversion(500.0)


def light(first: float, last: float) -> Light:
    power = Line(0.0, 60.0, first, last)
    return Light(power, Line(0.0, 60.0, 40.0, 40.0), Line(0.0, 60.0, 33.0, 33.0))


def cap(first: float, last: float) -> Cap:
    return Cap(Line(0.0, 60.0, first, last), None)


def summed(segment: Segment, steps: int = 20_000) -> float:
    step = segment.end / steps
    return sum(segment.watt((n + 0.5) * step) for n in range(steps)) * step / 3600


each_segment = pytest.mark.parametrize(
    ("lit", "limit", "capped"),
    [
        (light(100, 400), cap(500, 500), False),
        (light(100, 400), cap(200, 200), False),
        (light(100, 400), cap(50, 80), True),
        (light(100, 200), cap(300, 400), False),
        (light(0, 10), cap(500, 500), False),
    ],
    ids=["free", "clipped on the way", "held by a ramp", "below a ramp", "first light"],
)


@each_segment
def test_energy_is_the_integral_of_the_power(lit: Light, limit: Cap, capped: bool) -> None:  # noqa: FBT001 - a row
    segment = Segment(0.0, 60.0, lit, limit, binds(lit, limit, STAGE, 1e-5), STAGE)
    assert segment.capped is capped
    assert segment.energy_wh(60.0) == pytest.approx(summed(segment), rel=1e-6)
    assert segment.mean_w(0.0) == 0


@each_segment
def test_dc_energy_is_the_integral_of_what_the_output_takes(lit: Light, limit: Cap, capped: bool) -> None:  # noqa: FBT001 - a row
    segment = Segment(0.0, 60.0, lit, limit, binds(lit, limit, STAGE, 1e-5), STAGE)
    assert segment.capped is capped
    steps, step = 20_000, 60.0 / 20_000
    taken = (min(STAGE.dc(segment.watt(t)), lit.power.at(t)) for t in ((n + 0.5) * step for n in range(steps)))
    assert segment.input_wh(60.0) == pytest.approx(sum(taken) * step / 3600, rel=1e-6)
    assert segment.input_wh(0.0) == 0


@pytest.mark.parametrize(
    ("first", "last", "mean"),
    [(0.0, 4.0, 2.0), (4.0, 0.0, 2.0), (6.0, 8.0, 4.0), (0.0, 8.0, 3.0), (8.0, 0.0, 3.0), (4.0, 4.0, 4.0)],
)
def test_the_mean_of_a_line_that_is_held_at_four(first: float, last: float, mean: float) -> None:
    assert mean_below(first, last, 4.0) == mean


def test_an_open_relay_gives_nothing() -> None:
    segment = Segment(0.0, 60.0, light(100, 400), None, False, STAGE)
    assert (segment.watt(30.0), segment.energy_wh(60.0), segment.input_wh(60.0)) == (0.0, 0.0, 0.0)


def test_a_ramp_that_overtakes_the_light_ceases_to_bind_there() -> None:
    lit, limit = light(200, 200), cap(0, 400)
    at = turns(lit, limit, STAGE, 0.0, 60.0)
    assert limit.line.at(at) == pytest.approx(STAGE.ac(200.0, 500.0), abs=0.01)
    assert [binds(lit, limit, STAGE, t) for t in (at - 0.01, at + 0.01)] == [True, False]


def test_a_limit_that_stands_still_never_turns() -> None:
    assert turns(light(100, 400), cap(200, 200), STAGE, 0.0, 60.0) == 60.0
