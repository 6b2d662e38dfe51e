from pathlib import Path

import pytest

from config.findings import SiteRefusedError
from config.grid_profiles import grid_profile, grid_profiles, on_wire
from config.packaged import packaged
from protocols.grid_profile import Stage
from protocols.vendors.atmoce import blocks, layout

EN = "eu_en_50549_1_2019"
TEXT = packaged(f"grid_profiles/{EN}.yaml").read_text("utf-8")


def test_the_package_holds_at_least_these() -> None:
    assert {
        EN,
        "de_vde_ar_n_4105_2018_11",
        "nl_en_50549_1_2019",
        "fr_vde_0126_1_1_vfr2019",
        "gb_g98_g99",
        "au_as_nzs_4777_2_2020_a",
        "us_ieee_1547_2018_cat_iii",
    } <= set(grid_profiles())


@pytest.mark.parametrize("name", grid_profiles())
def test_every_packaged_profile_is_whole_and_named_as_its_file(name: str) -> None:
    profile = grid_profile(name)
    assert profile.id == name
    assert profile.sources
    assert set(profile.confidence) >= {"trip", "enter_service"}
    assert profile is grid_profile(name)


@pytest.mark.parametrize("name", grid_profiles())
def test_every_packaged_profile_fits_on_the_wire(name: str) -> None:
    held = on_wire(grid_profile(name))
    again = blocks.profile_from(layout.GRID_PROFILE_BLOCK.unpack(blocks.grid_profile(held)))
    assert again == held


def test_the_wire_has_the_stages_the_mean_and_the_window() -> None:
    held = on_wire(grid_profile("de_vde_ar_n_4105_2018_11"))
    assert held.lv == (Stage(80.0, 3.0), Stage(45.0, 0.3))
    assert (held.hv, held.lf, held.hf) == ((Stage(125.0, 0.1),), (Stage(47.5, 0.1),), (Stage(51.5, 0.1),))
    assert held.hv_avg10 == 110.0
    assert (held.enter_service.v_lo, held.enter_service.hz_hi, held.enter_service.ramp_s) == (85.0, 50.1, 600.0)
    assert on_wire(grid_profile("gb_g98_g99")).hv_avg10 is None


def test_a_file_of_ones_own_is_found_by_its_path(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(TEXT.replace(f"id: {EN}", "id: own_profile").replace("delay_s: 60", "delay_s: 90"))
    profile = grid_profile(str(file))
    assert (profile.id, profile.enter_service.delay_s) == ("own_profile", 90)


def test_an_unknown_name_tells_the_known_ones() -> None:
    with pytest.raises(SiteRefusedError, match=rf"no such grid profile; use .*{EN}.*path of a file"):
        grid_profile("mars_2050")


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(SiteRefusedError, match=r"nowhere\.yaml: cannot be read"):
        grid_profile("nowhere.yaml")


MISTAKES = [
    (
        "lf: [{hz: 47.5, t: 0.5}]",
        "lf: [{hz: 47.5, t: 0.5, w: 1}]",
        r":13:27: trip\.lf\[0\]: unknown key 'w'; known here: hz, t",
    ),
    ("ramp_s: 600}", "rampe_s: 600}", r":18:81: enter_service: unknown key 'rampe_s'; did you mean ramp_s\?"),
    (
        "points: [[93.0, 30.0], [97.0, 0.0]",
        "points: [[93.0, -30.0], [97.0, 0.0]",
        r":20:45: volt_var\.points: the curve is inverted; its output must not rise with voltage",
    ),
    (
        "[[93.0, 30.0], [97.0, 0.0]",
        "[[98.0, 30.0], [97.0, 0.0]",
        r":20:45: volt_var\.points: voltages of the curve must rise",
    ),
    ("lv: [{v: 85.0, t: 1.5}]", "lv: [{v: 85.0, t: 1.5}, {v: 90.0, t: 0.2}]", r":10:7: trip\.lv: limits must fall"),
    ("hz_lo: 49.5", "hz_lo: 51.5", r":18:16: enter_service: the window is empty; let v_lo lie below v_hi"),
    (f"id: {EN}", "id: No Good", r":1:5: id: 'No Good' has the wrong form; write 2 to 32 small letters"),
    ("mean: rms", "mean: median", r":12:38: trip\.hv_avg10\.mean: 'median' is not known here; use 'rms' or 'linear'"),
    (
        "trip_ohm: 7000",
        "trip_ohm: 700",
        r":23:13: insulation: the limits are out of order; let floor_ohm be at most trip_ohm",
    ),
    ("anti_islanding: {ena: true, t: 2.0}", "", r":1:1: anti_islanding: is missing; add `anti_islanding: …`"),
    ("mean: rms", "mean: rms, v: 3", r":12:43: trip\.hv_avg10: 'v' stands here twice"),
]


@pytest.mark.parametrize(("right", "wrong", "line"), MISTAKES, ids=[wrong or "left out" for _, wrong, _ in MISTAKES])
def test_a_mistake_names_file_line_setting_and_remedy(tmp_path: Path, right: str, wrong: str, line: str) -> None:
    assert TEXT.count(right) == 1
    file = tmp_path / "own.yaml"
    file.write_text(TEXT.replace(right, wrong))
    with pytest.raises(SiteRefusedError, match=rf"own\.yaml{line}"):
        grid_profile(str(file))
