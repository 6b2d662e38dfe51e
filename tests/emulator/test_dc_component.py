from statistics import pstdev

import pytest

from emulator.dc_component import KNOT_S, DcComponent
from tests.support.emulated import MIDNIGHT, NOON

LIMIT_A = 0.020
TIMES = [MIDNIGHT + KNOT_S * n for n in range(20_000)]


def test_the_noise_of_a_healthy_unit_stays_far_below_the_limit() -> None:
    amps = list(map(DcComponent("1/AT0001").amps, TIMES))
    assert pstdev(amps) == pytest.approx(0.002, rel=0.05)
    assert max(map(abs, amps)) <= 0.3 * LIMIT_A


def test_an_offset_adds_to_it_until_it_is_taken_away() -> None:
    healthy, biased = DcComponent("1/AT0001"), DcComponent("1/AT0001")
    biased.offset_a = -0.025
    assert biased.amps(NOON) == pytest.approx(healthy.amps(NOON) - 0.025)
    assert all(biased.amps(t) < -0.018 for t in TIMES[:200])
    biased.offset_a = 0.0
    assert biased.amps(NOON) == healthy.amps(NOON)


def test_a_piece_tells_when_a_limit_is_crossed() -> None:
    unit = DcComponent("1/AT0001")
    unit.offset_a = LIMIT_A
    crossings = [(t, at) for t in TIMES[:500] if (at := unit.line(t).crossing(LIMIT_A)) is not None]
    assert len(crossings) > 100
    for t, at in crossings:
        assert t // KNOT_S * KNOT_S <= at <= t // KNOT_S * KNOT_S + KNOT_S
        assert unit.amps(at) == pytest.approx(LIMIT_A, abs=1e-8)


def test_the_order_of_asking_changes_nothing_and_units_differ() -> None:
    one, other, third = DcComponent("1/A"), DcComponent("1/A"), DcComponent("1/B")
    times = TIMES[::97]
    assert [one.amps(t) for t in times] == [other.amps(t) for t in reversed(times)][::-1]
    assert [one.amps(t) for t in times] != [third.amps(t) for t in times]
