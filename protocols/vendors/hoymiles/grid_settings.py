"""The grid profile in an inverter: identity, version, then sections, each id, version and so many signed words.

    1000 2000 | 00 01  08fc 07a3 000c 09e2 000c 0a55 0010 | 10 00  1388 12c0 0024 13ba 0004 | 20 00  0001 | …
    ES RD1699   voltage, version 1: 230.0 V; from 195.5 V 1.2 s; from 253.0 V 1.2 s; from 264.5 V 0.16 s

A section's name is the table's key; what its words mean is the row's text: name and divisor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.grid_profile import GridProfile, Stage

MAX_BYTES = 141
_HEAD = Struct(">HH")


@dataclass(frozen=True, slots=True)
class Setting:
    """One word of a section: name, value = word / div, unit."""

    name: str
    div: int
    unit: str | None = None


def _row(text: str) -> tuple[Setting, ...]:
    return tuple(_setting(*word.split("/")) for word in text.split())


def _setting(name: str, div: str = "1") -> Setting:
    unit = next((unit for end, unit in _UNITS.items() if name.endswith(end)), None)
    return Setting(name, int(div), unit)


_UNITS = {
    "_v": "V",
    "_s": "s",
    "_hz": "Hz",
    "_pct": "%",
    "_pct_per_s": "%/s",
    "_pct_per_v": "%/V",
    "_pct_per_hz": "%/Hz",
}

_V0 = "nominal_v/10 lv1_v/10 lv1_s/10 hv1_v/10 hv1_s/10"
_V2 = f"{_V0} lv2_v/10 lv2_s/100"
_HV2 = "hv2_v/10 hv2_s/100"
_F0 = "nominal_hz/100 lf1_hz/100 lf1_s/10 hf1_hz/100 hf1_s/10"
_RECONNECT = "reconnect_s/10 reconnect_hv_v/10 reconnect_lv_v/10 reconnect_hf_hz/100 reconnect_lf_hz/100"
_FREQ_WATT = "freq_watt freq_watt_start_hz/100 freq_watt_pct_per_hz/10 freq_watt_recovery_pct_per_s/100"
_VOLT_VAR = "volt_var vv_v1_v/10 vv_q1_pct/10 vv_v2_v/10 vv_v3_v/10 vv_v4_v/10 vv_q4_pct/10"
_MEAN = "hv_avg10_v/10"

SECTIONS: Mapping[tuple[int, int], tuple[Setting, ...]] = {
    key: _row(text)
    for key, text in {
        (0x00, 0x00): _V0,
        (0x00, 0x01): f"{_V0} {_HV2}",
        (0x00, 0x02): _V2,
        (0x00, 0x03): f"nominal_v/10 lv1_v/10 lv1_s/10 hv1_s/10 lv2_v/10 lv2_s/100 {_HV2}",  # no hv1_v in any source
        (0x00, 0x08): f"{_V0} {_MEAN}",
        (0x00, 0x0A): f"{_V2} {_MEAN}",
        (0x00, 0x0B): f"{_V2} {_HV2} {_MEAN}",
        (0x00, 0x0C): f"{_V2} {_HV2} hv3_v/10 hv3_s/100 {_MEAN}",
        (0x00, 0x35): f"{_V2} {_HV2} lv3_v/10 lv3_s/100 cease_low_v/10 cease_high_v/10",
        (0x10, 0x00): _F0,
        (0x10, 0x03): f"{_F0} lf2_hz/100 lf2_s/10 hf2_hz/100 hf2_s/10",
        (0x20, 0x00): "anti_islanding",
        (0x30, 0x03): _RECONNECT,
        (0x30, 0x07): f"{_RECONNECT} short_reconnect_s/10 short_interruption_s/10",
        (0x40, 0x00): "ramp_pct_per_s/100 soft_start_pct_per_s/100",
        (0x50, 0x00): _FREQ_WATT,
        (0x50, 0x01): f"{_FREQ_WATT} freq_watt_recovery_hf_hz/10",
        (0x50, 0x08): f"{_FREQ_WATT} freq_watt_recovery_hf_hz/10 freq_watt_recovery_lf_hz/100",
        (0x50, 0x11): f"{_FREQ_WATT} freq_watt_settling_s/10",
        (0x60, 0x00): "volt_watt volt_watt_start_v/10 volt_watt_end_v/10 volt_watt_pct_per_v/100",
        (0x60, 0x04): "volt_watt volt_watt_start_v/10 volt_watt_end_v/10 volt_watt_pct_per_v/100",
        (0x70, 0x00): "active_power_control",
        (0x70, 0x02): "active_power_control active_power_pct_per_s/100",
        (0x80, 0x00): _VOLT_VAR,
        (0x80, 0x01): f"{_VOLT_VAR} vv_settling_s/10",
        (0x90, 0x00): "fixed_pf fixed_pf_value/100",
        (0xA0, 0x02): "reactive_power_control reactive_power_pct",
        (0xB0, 0x00): "watt_pf watt_pf_start_pct/10 watt_pf_at_rated/100",
    }.items()
}

NAMES: Mapping[int, str] = {  # identity → profile in config/data, or what it is called where we have none
    0x0200: "us_ieee_1547_2018_cat_iii",
    0x0300: "de_vde_ar_n_4105_2018_11",
    0x0301: "de_vde_ar_n_4105_2011",
    0x0A00: "eu_en_50549_1_2019",
    0x0C00: "at_tor_erzeuger",
    0x0C04: "at_tor_erzeuger",
    0x0D04: "fr_nf_en_50549_1",
    0x1000: "es_rd_1699",
    0x1200: "pl_en_50438",
    0x2900: "nl_en_50549_1_2019",
    0x3700: "ch",
}
CUSTOM = 0xFFFF


def profile_name(identity: int) -> str:
    """Return the name of a grid profile by its identity in the inverter."""
    return NAMES.get(identity, f"hoymiles_{identity:04x}")


def profile_id(name: str) -> int:
    """Return the identity of a grid profile by its name; custom where there is none."""
    return next((identity for identity, known in NAMES.items() if known == name), CUSTOM)


def version_text(version: int) -> str:
    """Return a version as people write it: 2001 is 2.0.1."""
    return f"{version >> 12}.{version >> 8 & 0x0F}.{version & 0xFF}"


@dataclass(frozen=True, slots=True)
class Section:
    """One section, its words as they stand."""

    id: int
    version: int
    raw: tuple[int, ...]

    def values(self) -> dict[str, float]:
        """Return the settings by name, in their units."""
        row = SECTIONS[self.id, self.version]
        pairs = zip(row, self.raw, strict=True)
        return {each.name: raw if each.div == 1 else raw / each.div for each, raw in pairs}


@dataclass(frozen=True, slots=True)
class GridSettings:
    """What an inverter holds."""

    id: int
    version: int
    sections: tuple[Section, ...]

    def values(self) -> dict[str, float]:
        """Return the settings of all sections by name."""
        return {name: value for section in self.sections for name, value in section.values().items()}


def unpack(payload: bytes) -> GridSettings:
    """Return the settings in a payload. Raises RemoteProtocolError for sections that no source lists."""
    if not _HEAD.size < len(payload) <= MAX_BYTES:
        raise RemoteProtocolError(f"a grid profile of {len(payload)} bytes")
    identity, version = _HEAD.unpack_from(payload)
    sections, at = [], _HEAD.size
    while at < len(payload):
        key = payload[at], payload[at + 1] if at + 1 < len(payload) else -1
        if key not in SECTIONS:
            raise RemoteProtocolError(f"no section {key[0]:02x} {key[1]:02x} in a grid profile")
        words = Struct(f">{len(SECTIONS[key])}h")
        if at + 2 + words.size > len(payload):
            raise RemoteProtocolError("a grid profile is cut off")
        sections.append(Section(*key, words.unpack_from(payload, at + 2)))
        at += 2 + words.size
    return GridSettings(identity, version, tuple(sections))


def pack(settings: GridSettings) -> bytes:
    """Return the payload of settings. Raises LocalProtocolError when it is too long."""
    parts = [_HEAD.pack(settings.id, settings.version)]
    parts += [bytes((s.id, s.version)) + Struct(f">{len(s.raw)}h").pack(*s.raw) for s in settings.sections]
    payload = b"".join(parts)
    if len(payload) > MAX_BYTES:
        raise LocalProtocolError(f"a grid profile of {len(payload)} bytes")
    return payload


def section(key: tuple[int, int], values: Mapping[str, float]) -> Section:
    """Return a section with these settings. Raises LocalProtocolError when one is missing."""
    try:
        return Section(*key, tuple(round(values[each.name] * each.div) for each in SECTIONS[key]))
    except KeyError as error:
        raise LocalProtocolError(f"section {key[0]:02x} {key[1]:02x}: no {error.args[0]}") from error


def from_profile(profile: GridProfile) -> GridSettings:
    """Return a profile as an inverter holds it; stages beyond those that it has sections for are left out."""
    values = _profile_values(profile)
    voltage = next(version for version in _VOLTAGE if all(each.name in values for each in SECTIONS[0, version]))
    frequency = 3 if {"lf2_hz", "hf2_hz"} <= values.keys() else 0
    keys = ((0x00, voltage), (0x10, frequency), (0x20, 0x00), (0x30, 0x03), (0x40, 0x00), (0x70, 0x00))
    return GridSettings(profile_id(profile.id), _VERSION, tuple(section(key, values) for key in keys))


_VERSION = 0x2000
_VOLTAGE = (0x0C, 0x0B, 0x0A, 0x08, 0x01, 0x02, 0x00)  # the most telling first


def _profile_values(profile: GridProfile) -> dict[str, float]:
    enter, nominal_v = profile.enter_service, profile.v_nom
    values = {"nominal_v": nominal_v, "nominal_hz": profile.hz_nom, "anti_islanding": 1.0, "active_power_control": 1.0}
    for name, unit, scale, stages in (
        ("lv", "v", nominal_v / 100, profile.lv),
        ("hv", "v", nominal_v / 100, profile.hv),
        ("lf", "hz", 1.0, profile.lf),
        ("hf", "hz", 1.0, profile.hf),
    ):
        values |= _stages(name, unit, scale, stages)
    if profile.hv_avg10 is not None:
        values["hv_avg10_v"] = nominal_v / 100 * profile.hv_avg10
    ramp = 100 / enter.ramp_s if enter.ramp_s else 100.0
    return values | {
        "reconnect_s": enter.delay_s,
        "reconnect_hv_v": nominal_v / 100 * enter.v_hi,
        "reconnect_lv_v": nominal_v / 100 * enter.v_lo,
        "reconnect_hf_hz": enter.hz_hi,
        "reconnect_lf_hz": enter.hz_lo,
        "ramp_pct_per_s": 20.0,
        "soft_start_pct_per_s": ramp,
    }


def _stages(name: str, unit: str, scale: float, stages: tuple[Stage, ...]) -> dict[str, float]:
    found = {}
    for number, stage in enumerate(stages, start=1):
        found[f"{name}{number}_{unit}"] = stage.limit * scale
        found[f"{name}{number}_s"] = stage.trip_s
    return found
