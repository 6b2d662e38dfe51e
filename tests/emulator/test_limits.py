from collections.abc import Callable
from math import inf

import pytest

from config.grid_profile import Curve
from config.grid_profiles import grid_profile
from emulator.limits import Cap, Limits, lowest, on_curve
from emulator.track import Line
from protocols.states import ThrotSrc

EN = grid_profile("eu_en_50549_1_2019")
AU = grid_profile("au_as_nzs_4777_2_2020_a")
CURVE = Curve(ena=True, points=((110.0, 100.0), (113.04, 20.0)))


def at_50(_: float) -> float:
    return 50.0


def watt(limits: Limits, t: float, hertz: Callable[[float], float] = at_50) -> float:
    return limits.watt(t, hertz)


@pytest.mark.parametrize(("v", "out"), [(90.0, 100.0), (110.0, 100.0), (111.52, 60.0), (113.04, 20.0), (120.0, 20.0)])
def test_a_curve_is_linear_between_its_points_and_level_beyond(v: float, out: float) -> None:
    assert on_curve(CURVE, v) == pytest.approx(out)


def test_the_rating_alone_has_no_source() -> None:
    assert Limits(EN, 500.0).lowest(0.0, 60.0, at_50) == Cap(Line(0.0, 60.0, 500.0, 500.0), None)


def test_the_owners_limit() -> None:
    limits = Limits(EN, 500.0)
    limits.owner_pct = 20.0
    assert limits.lowest(0.0, 60.0, at_50) == Cap(Line(0.0, 60.0, 100.0, 100.0), ThrotSrc.MAX_W)


def test_the_ramp_rises_to_the_rating() -> None:
    limits = Limits(EN, 500.0)
    limits.connect(1000.0, ramp=True)
    assert [watt(limits, 1000.0 + t) for t in (0, 60, 300, 600, 900)] == pytest.approx([0, 50, 250, 500, 500])
    assert limits.lowest(1060.0, 1120.0, at_50).line == Line(1060.0, 1120.0, 50.0, 100.0)
    assert limits.ramp_end == 1600
    limits.connect(5000.0, ramp=False)
    assert watt(limits, 5000.0) == 500


def test_no_ramp_where_the_profile_has_none() -> None:
    limits = Limits(grid_profile("gb_g98_g99"), 500.0)
    limits.connect(1000.0, ramp=True)
    assert watt(limits, 1000.0) == 500


@pytest.mark.parametrize(
    ("name", "hertz", "share"),
    [
        ("eu_en_50549_1_2019", 50.2, 1.0),
        ("eu_en_50549_1_2019", 50.7, 0.8),
        ("eu_en_50549_1_2019", 51.45, 0.5),
        ("gb_g98_g99", 51.4, 0.8),
        ("us_ieee_1547_2018_cat_iii", 60.636, 0.8),
    ],
    ids=["at the start", "40 % a hertz", "further on", "20 % a hertz from 50.4", "from 60.036"],
)
def test_power_falls_with_the_frequency_from_what_it_was(name: str, hertz: float, share: float) -> None:
    limits = Limits(grid_profile(name), 500.0)
    limits.observe(0.0, 230.0, 60.05 if name.startswith("us") else 50.45, 320.0)
    limits.observe(1.0, 230.0, hertz, 111.0)
    expected = 500 if share == 1.0 else 320 * share
    assert watt(limits, 2.0, lambda _: hertz) == pytest.approx(expected)


def test_the_droop_never_goes_below_nothing_and_ends_with_the_frequency() -> None:
    limits = Limits(EN, 500.0)
    limits.observe(0.0, 230.0, 50.3, 400.0)
    assert watt(limits, 0.0, lambda _: 53.0) == 0
    assert limits.droop.active
    limits.observe(1.0, 230.0, None, 0.0)
    assert not limits.droop.active


def test_the_droop_follows_a_frequency_that_moves() -> None:
    limits = Limits(EN, 500.0)
    limits.observe(0.0, 230.0, 50.45, 400.0)
    cap = limits.lowest(0.0, 10.0, lambda t: 50.45 + 0.05 * t)
    assert [cap.line.first, cap.line.last] == pytest.approx([360.0, 280.0])
    assert cap.source is ThrotSrc.FREQ_WATT


def test_p_of_u_goes_step_by_step_to_its_curve_and_back() -> None:
    limits = Limits(AU, 500.0)
    high, low = 1.1152 * 230, 230.0
    limits.observe(0.0, high, 50.0, 500.0)
    assert limits.volt_watt.due == 2.0
    shares = []
    for n in range(1, 6):
        limits.volt_watt.tick(2.0 * n, high)
        shares.append(watt(limits, 2.0 * n) / 500)
    assert shares == pytest.approx([1 - 0.4 * (1 - 0.55**n) for n in range(1, 6)], rel=1e-3)
    assert limits.lowest(20.0, 21.0, at_50).source is ThrotSrc.VOLT_WATT
    for n in range(6, 30):
        limits.volt_watt.tick(2.0 * n, low)
    assert (limits.volt_watt.share, limits.volt_watt.due) == (1.0, inf)


def test_p_of_u_waits_for_its_step() -> None:
    limits = Limits(AU, 500.0)
    limits.observe(0.0, 260.0, 50.0, 500.0)
    limits.volt_watt.tick(1.9, 260.0)
    assert limits.volt_watt.share == 1.0


def test_p_of_u_is_nothing_where_it_is_not_enabled() -> None:
    limits = Limits(EN, 500.0)
    limits.observe(0.0, 270.0, 50.0, 500.0)
    assert limits.volt_watt.due == inf


def test_without_voltage_nothing_is_fed_in() -> None:
    limits = Limits(EN, 500.0)
    limits.observe(0.0, 45.9, 50.0, 300.0)
    assert limits.lowest(0.0, 1.0, at_50) == Cap(Line(0.0, 1.0, 0.0, 0.0), ThrotSrc.LVRT)
    limits.observe(0.0, 46.0, 50.0, 300.0)
    assert watt(limits, 0.0) == 500


def test_heat_takes_power_away_in_steps() -> None:
    limits = Limits(EN, 500.0)
    limits.warm(79.0)
    assert watt(limits, 0.0) == 500
    limits.warm(84.0)
    assert limits.lowest(0.0, 1.0, at_50) == Cap(Line(0.0, 1.0, 375.0, 375.0), ThrotSrc.DERATED)
    limits.warm(84.3)
    assert watt(limits, 0.0) == 375
    limits.warm(84.6)
    assert watt(limits, 0.0) == pytest.approx(500 * (1 - 0.5 * 4.6 / 8))
    assert limits.derate_band == pytest.approx((84.1, 85.1))


def test_a_change_shows_in_the_settings() -> None:
    limits = Limits(AU, 500.0)
    seen = [limits.settings]
    changes: tuple[Callable[[], object], ...] = (
        lambda: setattr(limits, "owner_pct", 50.0),
        lambda: limits.warm(85.0),
        lambda: limits.observe(0.0, 230.0, 50.5, 200.0),
        lambda: limits.observe(0.0, 10.0, 50.5, 200.0),
        lambda: limits.connect(7.0, ramp=True),
    )
    for change in changes:
        change()
        seen.append(limits.settings)
    assert len(set(seen)) == len(seen)


def cap(first: float, last: float, source: ThrotSrc | None = None) -> Cap:
    return Cap(Line(0.0, 10.0, first, last), source)


@pytest.mark.parametrize(
    ("caps", "line"),
    [
        ([cap(5, 5), cap(9, 9)], (10.0, 5, 5)),
        ([cap(5, 5), cap(9, 1)], (5.0, 5, 5)),
        ([cap(0, 20), cap(15, 15)], (7.5, 0, 15)),
        ([cap(5, 5), cap(5, 1)], (10.0, 5, 1)),
        ([cap(9, 9), cap(9, 9)], (10.0, 9, 9)),
        ([cap(0, 20), cap(15, 15), cap(6, 6)], (3.0, 0, 6)),
    ],
    ids=["level", "another falls below", "a ramp reaches the rating", "equal at first", "equal", "the first to cross"],
)
def test_the_lowest_limit_counts_up_to_where_another_becomes_lower(
    caps: list[Cap], line: tuple[float, float, float]
) -> None:
    assert lowest(iter(caps)).line == Line(0.0, *line)
