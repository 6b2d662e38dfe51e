from pathlib import Path

import pytest
import yaml

from config.alarms import AlarmDef, Catalogue, Deadband, Latching, Level, Priority, load_catalogue
from config.findings import SiteRefusedError
from config.packaged import packaged

CATALOGUE = load_catalogue()
ROWS = CATALOGUE.by_code()
TEXT = packaged("alarms.yaml").read_text("utf-8")

# code, polls, on-delay, off-delay, latching, lockout, LED, severity, priority: the agreed figures of each code
FIGURES = [
    (1, 1, 0, 10, "auto", None, "red quick", 850, "high"),
    (2, 2, 0, 1, "auto", None, "red slow", 500, "low"),
    (3, 1, 0, 1, "auto", None, "red slow", 400, "low"),
    (4, 1, 0, 1, "auto", None, "red slow", 400, "low"),
    (5, 1, 0, 60, "auto+lockout", (10, 86_400), "red slow", 600, "medium"),
    (6, 1, 0, 1, "auto", None, "red slow", 400, "low"),
    (7, 1, 0, 60, "auto+lockout", (5, 3600), "red quick", 600, "medium"),
    (8, 2, 0, 60, "auto+lockout", (6, 86_400), "red quick", 500, "medium"),
    (9, 1, 0, 0, "manual", None, "red quick", 900, "high"),
    (10, 1, 0, 0, "day", None, "red solid", 950, "high"),
    (103, 1, 0, 10, "auto", None, None, 700, "medium"),
]


@pytest.mark.parametrize("figures", FIGURES, ids=lambda figures: f"code {figures[0]}")
def test_a_code_has_its_agreed_figures(figures: tuple[object, ...]) -> None:
    row = ROWS[int(str(figures[0]))]
    lockout = None if row.lockout is None else (row.lockout.count, row.lockout.within_s)
    assert figures == (
        row.code,
        row.on_polls,
        row.on_delay_s,
        row.off_delay_s,
        row.latching.value,
        lockout,
        row.led,
        row.severity,
        row.priority.value,
    )


def test_the_ten_codes_of_the_device_and_the_gateways_own_are_there() -> None:
    assert [row.code for row in CATALOGUE.alarms] == [*range(1, 11), *range(101, 107)]
    assert {row.level for code, row in ROWS.items() if code <= 10} == {Level.UNIT}


def test_only_what_latches_must_be_acknowledged() -> None:
    assert {row.code for row in CATALOGUE.alarms if row.ack} == {9, 10}


def test_every_code_says_who_is_called_when_it_comes_often() -> None:
    assert all(ROWS[code].escalation for code in range(1, 11))


DEADBANDS = [
    # code, limit, value that still holds, value that does not
    (1, 60.0, 57.1, 56.9),
    (3, 47.5, 47.54, 47.56),
    (4, 184.0, 187.6, 187.7),
    (5, 253.0, 248.0, 247.9),
    (6, 51.5, 51.46, 51.44),
    (7, 0.02, 0.0161, 0.0159),
    (8, 90.0, 78.1, 77.9),
    (9, 7000.0, 9999.0, 10_001.0),
]


@pytest.mark.parametrize(("code", "limit", "holds", "gone"), DEADBANDS)
def test_a_deadband_keeps_a_condition_until_the_value_is_well_back(
    code: int, limit: float, holds: float, gone: float
) -> None:
    band = ROWS[code].deadband
    assert band is not None
    assert band.holds(holds, limit, before=True)
    assert not band.holds(gone, limit, before=True)
    assert not band.holds(holds, limit, before=False)
    assert not band.holds(limit, limit, before=False)
    beyond = limit * (1.001 if band.side == "above" else 0.999)
    assert band.holds(beyond, limit, before=False)


def test_a_deadband_needs_a_side() -> None:
    with pytest.raises(ValueError, match="side"):
        Deadband.model_validate({"unit": "V"})


@pytest.mark.parametrize(
    ("steps", "before", "after"),
    [(0, "low", "low"), (1, "low", "medium"), (1, "medium", "high"), (1, "high", "high"), (2, "low", "high")],
)
def test_a_priority_rises_by_steps_to_the_highest(steps: int, before: str, after: str) -> None:
    assert Priority(before).raised(steps) is Priority(after)


MISTAKES = [
    pytest.param("    off_delay_s: 10\n", "    of_delay_s: 10\n", "did you mean off_delay_s", id="a misspelt key"),
    pytest.param(
        "latching: manual\n    ack: true", "latching: manual\n    ack: false", "asks to be acknowledged", id="ack"
    ),
    pytest.param(
        "    lockout: {count: 5, within_s: 3600}\n", "", "lockout and latching", id="no lockout to lock out by"
    ),
    pytest.param("latching: day", "latching: week", "'week' is not known here", id="an unknown latching"),
    pytest.param("    tag: grid_outage\n", "    tag: dc_overvoltage\n", "tag dc_overvoltage stands", id="a tag twice"),
    pytest.param("  - code: 2\n", "  - code: 1\n", "code 1 stands here twice", id="a code twice"),
    pytest.param("{holder: 10, at: unit,", "{holder: 11, at: unit,", "code 11 is in a rule", id="a rule without alarm"),
    pytest.param("{holder: 102, at: branch,", "{holder: 102, at: unit,", "no alarm of a unit", id="a wrong level"),
    pytest.param(
        "tag: twice_a_day, call: dist", "tag: first, call: dist", "rule first stands", id="a rule's tag twice"
    ),
    pytest.param("standing_s: 14400", "count: 2, standing_s: 14400", "counts raises or waits", id="two measures"),
    pytest.param("    tag: clock\n", "    tag: Clock\n", "has the wrong form", id="a tag with a capital"),
    pytest.param("order: [2, 5", "order: [77, 5", "code 77 is in a rule", id="an order of unknown codes"),
    pytest.param("dark: {hide: [101]", "dark: {hide: [112]", "code 112 is in a rule", id="an unknown code in the dark"),
    pytest.param(
        "share: 1, least: 2, branch: 102", "share: 1, least: 2, branch: 122", "122 is in a rule", id="a group"
    ),
    pytest.param("    severity: 850", "    severity: 1850", "use at most 1000", id="a severity off the scale"),
]


@pytest.mark.parametrize(("right", "wrong", "complaint"), MISTAKES)
def test_a_mistake_is_refused_with_file_and_words(right: str, wrong: str, complaint: str, tmp_path: Path) -> None:
    assert right in TEXT
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(SiteRefusedError, match=complaint) as refused:
        load_catalogue(path)
    assert str(refused.value).startswith(f"{path}:")


def test_a_mistake_is_found_at_its_line_and_setting(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("    severity: 850", "    severity: much"), encoding="utf-8")
    line = next(n for n, text in enumerate(TEXT.splitlines(), 1) if "severity: 850" in text)
    with pytest.raises(
        SiteRefusedError, match=rf"mine\.yaml:{line}:15: alarms\[0\]\.severity: 'much' is no whole number"
    ):
        load_catalogue(path)


def test_a_syntax_error_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("alarms: [", encoding="utf-8")
    with pytest.raises(SiteRefusedError, match="no YAML"):
        load_catalogue(path)


def test_a_file_of_ones_own_replaces_ours(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace("latching: manual", "latching: day"), encoding="utf-8")
    assert load_catalogue(path).by_code()[9].latching is Latching.DAY
    assert ROWS[9].latching is Latching.MANUAL


def test_a_row_holds_every_field_it_is_documented_with() -> None:
    raw = yaml.safe_load(TEXT)
    assert Catalogue.model_validate(raw) == CATALOGUE
    assert {key for row in raw["alarms"] for key in row} == set(AlarmDef.model_fields)
