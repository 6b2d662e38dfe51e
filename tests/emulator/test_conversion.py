import pytest

from emulator.conversion import Conversion

RATINGS = [400.0, 425.0, 450.0, 500.0]
EU_WEIGHTS = {0.05: 0.03, 0.10: 0.06, 0.20: 0.13, 0.30: 0.10, 0.50: 0.48, 1.00: 0.20}


def efficiency(rated_w: float, load: float) -> float:
    return load * rated_w / Conversion(rated_w).dc(load * rated_w)


@pytest.mark.parametrize("rated_w", RATINGS)
def test_peak_efficiency_is_973_per_mille(rated_w: float) -> None:
    assert max(efficiency(rated_w, n / 1000) for n in range(1, 1001)) == pytest.approx(0.973, abs=2e-5)


@pytest.mark.parametrize("rated_w", RATINGS)
def test_european_efficiency_is_967_per_mille(rated_w: float) -> None:
    weighted = sum(weight * efficiency(rated_w, load) for load, weight in EU_WEIGHTS.items())
    assert weighted == pytest.approx(0.967, abs=2e-5)


@pytest.mark.parametrize("rated_w", RATINGS)
def test_dc_is_the_inverse_of_ac(rated_w: float) -> None:
    stage = Conversion(rated_w)
    for ac in (0.5, 20.0, 200.0, rated_w):
        assert stage.ac(stage.dc(ac), rated_w) == pytest.approx(ac, rel=1e-12)


def test_input_below_the_own_consumption_gives_nothing() -> None:
    stage = Conversion(500.0)
    assert stage.ac(0.0, 500.0) == 0
    assert stage.ac(500 * 0.0047, 500.0) == 0


def test_the_output_never_passes_the_limit() -> None:
    stage = Conversion(500.0)
    assert stage.ac(700.0, 500.0) == 500.0
    assert stage.ac(700.0, 120.0) == 120.0
    assert stage.ac(700.0, 0.0) == 0.0


@pytest.mark.parametrize(
    ("low", "high", "limit"),
    [
        (0.0, 620.0, 480.0),
        (600.0, 10.0, 480.0),
        (0.0, 2.0, 500.0),
        (520.0, 640.0, 500.0),
        (300.0, 300.0, 500.0),
        (300.0, 300.0001, 500.0),
        (0.0, 400.0, 0.0),
    ],
    ids=["through both kinks", "falling", "below consumption", "clipped", "flat", "nearly flat", "relay open"],
)
def test_the_mean_over_a_ramp_is_exact(low: float, high: float, limit: float) -> None:
    stage, steps = Conversion(500.0), 20_000
    summed = sum(stage.ac(low + (high - low) * (n + 0.5) / steps, limit) for n in range(steps)) / steps
    assert stage.mean_ac(low, high, limit) == pytest.approx(summed, abs=2e-6)
