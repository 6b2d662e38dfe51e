from dataclasses import replace
from struct import unpack as unpack_words

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.grid_profile import Stage
from protocols.vendors.hoymiles import grid_settings
from protocols.vendors.hoymiles.grid_settings import SECTIONS, GridSettings, Section, from_profile, pack, unpack
from tests.support.device import PROFILE
from tests.support.vectors import Vector, load, one

REAL = [v for v in load("hoymiles") if v.decoded.get("data") == "GridProfile"]


def payload(vector: Vector) -> bytes:
    return vector.raw[:-2] if vector.decoded["kind"] == "payload_with_crc16" else vector.raw


@pytest.mark.parametrize("vector", REAL, ids=lambda vector: vector.name)
def test_a_real_profile_is_read_to_its_end(vector: Vector) -> None:
    found = unpack(payload(vector))
    told = vector.decoded["sections"]
    assert len(REAL) == 5
    assert f"{found.id:04x}" == vector.decoded["profile_id"]
    assert [(f"0x{s.id:02X}", f"0x{s.version:02X}") for s in found.sections] == [
        (s["section"], s["version"]) for s in told
    ]
    assert [[word & 0xFFFF for word in s.raw] for s in found.sections] == [s["raw"] for s in told]


@pytest.mark.parametrize("vector", REAL, ids=lambda vector: vector.name)
def test_a_real_profile_is_written_again(vector: Vector) -> None:
    assert pack(unpack(payload(vector))) == payload(vector)


def test_the_settings_of_spain() -> None:
    values = unpack(payload(one("hoymiles", "gridprofile_es1606"))).values()
    assert (
        values
        == {
            "nominal_v": 230.0, "lv1_v": 195.5, "lv1_s": 1.2, "hv1_v": 253.0, "hv1_s": 1.2,
            "hv2_v": 264.5, "hv2_s": 0.16,
            "nominal_hz": 50.0, "lf1_hz": 48.0, "lf1_s": 3.6, "hf1_hz": 50.5, "hf1_s": 0.4, "anti_islanding": 1,
            "reconnect_s": 180.0, "reconnect_hv_v": 253.0, "reconnect_lv_v": 195.5, "reconnect_hf_hz": 50.4,
            "reconnect_lf_hz": 48.0, "short_reconnect_s": 5.0, "short_interruption_s": 3.0,
            "ramp_pct_per_s": 20.0, "soft_start_pct_per_s": 10.0, "active_power_control": 1,
        }
    )  # fmt: skip


def test_a_power_factor_is_signed_and_a_recovery_frequency_in_tenths() -> None:
    values = unpack(payload(one("hoymiles", "gridprofile_de2021"))).values()
    assert (values["fixed_pf_value"], values["freq_watt_recovery_hf_hz"]) == (-0.95, 50.2)


@given(st.data())
def test_sections_of_every_kind_survive_the_wire(data: st.DataObject) -> None:
    keys = data.draw(st.lists(st.sampled_from(sorted(SECTIONS)), min_size=1, max_size=5))
    words = st.integers(-0x8000, 0x7FFF)
    sections = tuple(Section(*key, tuple(data.draw(words) for _ in SECTIONS[key])) for key in keys)
    settings = GridSettings(0x0A00, 0x2001, sections)
    assert unpack(pack(settings)) == settings


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        ("10002000", "a grid profile of 4 bytes"),
        ("10002000 9999", "no section 99 99"),
        ("10002000 0001 08fc", "cut off"),
        ("10002000 00", "no section"),
        ("00" * 142, "a grid profile of 142 bytes"),
    ],
)
def test_what_is_no_profile_is_refused(raw: str, match: str) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        unpack(bytes.fromhex(raw))


def test_a_profile_that_is_too_long_is_our_mistake() -> None:
    section = Section(0x00, 0x0C, (0,) * 12)
    with pytest.raises(LocalProtocolError, match="a grid profile of"):
        pack(GridSettings(1, 1, (section,) * 6))


def test_a_device_s_profile_becomes_sections() -> None:
    values = from_profile(PROFILE).values()
    assert (values["lv1_v"], values["lv2_v"], values["hv1_v"], values["hv_avg10_v"]) == (184.0, 103.5, 287.5, 253.0)
    assert (values["lf1_hz"], values["hf1_hz"], values["reconnect_s"], values["lv2_s"]) == (47.5, 51.5, 60.0, 0.3)
    assert from_profile(PROFILE).id == 0x0300


@pytest.mark.parametrize(
    ("hv", "hv_avg10", "version"),
    [
        ((Stage(115.0, 1.0),), None, 0x02),
        ((Stage(115.0, 1.0),), 110.0, 0x0A),
        ((Stage(110.0, 1.0), Stage(115.0, 0.2)), 110.0, 0x0B),
        ((Stage(110.0, 1.0), Stage(115.0, 0.2), Stage(120.0, 0.1)), 110.0, 0x0C),
    ],
)
def test_the_voltage_section_is_the_one_that_holds_all_stages(
    hv: tuple[Stage, ...], hv_avg10: float | None, version: int
) -> None:
    settings = from_profile(replace(PROFILE, hv=hv, hv_avg10=hv_avg10))
    assert (settings.sections[0].id, settings.sections[0].version) == (0x00, version)
    assert unpack(pack(settings)) == settings


def test_names_go_both_ways_and_unknown_ones_are_custom() -> None:
    assert grid_settings.profile_name(0x0300) == "de_vde_ar_n_4105_2018_11"
    assert grid_settings.profile_id("de_vde_ar_n_4105_2018_11") == 0x0300
    assert grid_settings.profile_id("my_own") == grid_settings.CUSTOM
    assert grid_settings.profile_name(0x4242) == "hoymiles_4242"


def test_words_are_big_endian() -> None:
    raw = pack(GridSettings(0x1000, 0x2000, (Section(0x20, 0x00, (1,)),)))
    assert unpack_words(">HHBBh", raw) == (0x1000, 0x2000, 0x20, 0x00, 1)
