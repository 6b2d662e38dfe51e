import numpy as np
import pytest

from emulator.module import TYPES


@pytest.mark.parametrize("count", TYPES)
def test_an_hour_at_once_gives_what_each_minute_gives_alone(count: int) -> None:
    cells = TYPES[count]
    irradiance, warmth = np.linspace(0.0, 1400.0, 60), np.linspace(-30.0, 85.0, 60)
    together = cells.curve(irradiance, warmth)
    v, i = together.best()
    open_v = together.open_v()
    for k in range(60):
        alone = cells.curve(float(irradiance[k]), float(warmth[k]))
        assert alone.best() == pytest.approx((v[k], i[k]), rel=1e-12)
        assert alone.open_v() == pytest.approx(open_v[k], rel=1e-12)


@pytest.mark.parametrize("count", TYPES)
def test_the_best_point_is_the_best_of_all(count: int) -> None:
    curve = TYPES[count].curve(850.0, 40.0)
    v, i = curve.best()
    assert max(volt * curve.current(volt) for volt in np.linspace(0.9 * v, 1.1 * v, 2001).tolist()) <= v * i * (
        1 + 1e-12
    )


def test_from_starlight_to_five_suns_the_search_ends() -> None:
    for irradiance in (1e-9, 1e-3, 1.0, 1000.0, 5000.0):
        curve = TYPES[54].curve(irradiance, 25.0)
        v, i = curve.best()
        assert 0 < v < curve.open_v()
        assert curve.current(v) == pytest.approx(i, rel=1e-6)
