from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from emulator.clouds import Regime, clear_sky_index

DAYS = 40


def minutes(regime: Regime | None, seed: int = 3) -> list[float]:
    track = clear_sky_index(seed, regime, 5.0)
    return [track.knot(knot) for knot in range(DAYS * 1440)]


# Payerne, June 2016: mean, spread and mean change in a minute of the clear-sky index
@pytest.mark.parametrize(
    ("regime", "mean", "spread", "change"),
    [(Regime.CLEAR, 1.0, 0.03, 0.005), (Regime.BROKEN, 0.73, 0.33, 0.074), (Regime.OVERCAST, 0.31, 0.14, 0.010)],
    ids=["clear", "broken", "overcast"],
)
def test_statistics_of_each_regime_are_the_measured_ones(
    regime: Regime, mean: float, spread: float, change: float
) -> None:
    index = minutes(regime)
    steps = [abs(b - a) for a, b in pairwise(index)]
    assert fmean(index) == pytest.approx(mean, rel=0.08)
    assert pstdev(index) == pytest.approx(spread, rel=0.2)
    assert fmean(steps) == pytest.approx(change, rel=0.3)


def test_a_changing_sky_has_all_of_them() -> None:
    index = minutes(None)
    assert fmean(index) == pytest.approx(0.17 * 1.0 + 0.45 * 0.73 + 0.38 * 0.31, rel=0.12)
    assert min(index) < 0.15
    assert max(index) > 1.2


def test_the_seed_decides() -> None:
    one, again, other = (clear_sky_index(seed, None, 5.0) for seed in (1, 1, 2))
    knots = range(29_700_000, 29_702_000)
    assert [one.knot(k) for k in knots] == [again.knot(k) for k in reversed(knots)][::-1]
    assert [one.knot(k) for k in knots] != [other.knot(k) for k in knots]
