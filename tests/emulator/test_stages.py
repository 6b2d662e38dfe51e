import pytest

from config.grid_profiles import grid_profile, grid_profiles
from emulator.stages import EARLY_S, Quantity, Stage, dc_limit_a, outage_s, stages

DE = grid_profile("de_vde_ar_n_4105_2018_11")


def of(name: str, code: int) -> list[Stage]:
    return [stage for stage in stages(grid_profile(name), rated_a=2.17, dc_max_v=60.0) if stage.code == code]


def test_the_german_profile_in_volts_and_seconds() -> None:
    every = list(stages(DE, rated_a=2.17, dc_max_v=60.0))
    rows = [(s.code, s.number, s.quantity, s.above, round(s.limit, 6), round(s.act_s + EARLY_S, 6)) for s in every]
    assert rows == [
        (2, 1, Quantity.VOLT, False, 46.0, 0.2),
        (4, 1, Quantity.VOLT, False, 184.0, 3.0),
        (4, 2, Quantity.VOLT, False, 103.5, 0.3),
        (5, 1, Quantity.VOLT, True, 287.5, 0.1),
        (5, 2, Quantity.MEAN, True, 253.0, 0.1),
        (3, 1, Quantity.HERTZ, False, 47.5, 0.1),
        (6, 1, Quantity.HERTZ, True, 51.5, 0.1),
        (1, 1, Quantity.INPUT, True, 60.0, 0.025),
        (7, 1, Quantity.DC, True, 0.02, 0.2),
        (8, 1, Quantity.CASE, True, 90.0, 10.005),
    ]


@pytest.mark.parametrize(
    ("code", "back", "clear_s"),
    [(4, 1.02 * 184, 1), (3, 47.55, 1), (6, 51.45, 1), (1, 57.0, 10), (7, 0.016, 60), (8, 78.0, 60), (2, 1.02 * 46, 1)],
)
def test_a_stage_lets_go_behind_its_drop_out(code: int, back: float, clear_s: float) -> None:
    stage = of("de_vde_ar_n_4105_2018_11", code)[0]
    assert stage.back == pytest.approx(back)
    assert stage.clear_s == clear_s


def test_over_voltage_lets_go_below_and_its_mean_at_the_limit() -> None:
    fast, mean = of("de_vde_ar_n_4105_2018_11", 5)
    assert fast.back == pytest.approx(0.98 * 287.5)
    assert fast.clear_s == 1
    assert (mean.back, mean.clear_s, mean.needs_window) == (mean.limit, 60, True)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("eu_en_50549_1_2019", 0.3),
        ("de_vde_ar_n_4105_2018_11", 0.2),
        ("fr_vde_0126_1_1_vfr2019", 0.2),
        ("nl_en_50549_1_2019", 0.2),
        ("us_ieee_1547_2018_cat_iii", 0.2),
    ],
    ids=["withstands 5 % for 0.25 s", "withstands 15 % for 0.15 s", "no curve", "stage before the curve", "60 Hz"],
)
def test_an_outage_outlasts_what_must_be_withstood_but_no_stage(name: str, seconds: float) -> None:
    assert outage_s(grid_profile(name)) == pytest.approx(seconds)


@pytest.mark.parametrize("name", grid_profiles())
def test_an_outage_is_certain_within_two_seconds(name: str) -> None:
    assert 0.2 <= outage_s(grid_profile(name)) < 2.0


@pytest.mark.parametrize(("rated_a", "limit_a"), [(2.17, 0.02), (5.22, 0.0261)], ids=["the floor", "the share"])
def test_the_dc_limit_is_the_greater_of_both(rated_a: float, limit_a: float) -> None:
    assert dc_limit_a(DE, rated_a) == pytest.approx(limit_a)
