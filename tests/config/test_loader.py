from collections.abc import Callable
from pathlib import Path

import pytest

from config.findings import MAX_SHOWN, SiteRefusedError
from config.links import PlcLink
from config.loader import LoadedSite, load_site
from config.roles import ROLES
from config.site import Inverter, Location, Mqtt
from protocols.errors import ConfigError
from tests.support.fixed_clock import FixedClock

SITE = """\
id: home
location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}
mqtt:
gateways:
  - id: roof
    role: m-combiner
    link:
      url: /dev/ttyUSB0
      baud: 9600
      echo: no
    branches:
      - id: south
        inverters:
          - {slot: A1, serial: 1410E12345, model: MI-400}
          - serial: 000123
            model: MI-500
"""

MISTAKES = [
    pytest.param(
        "baud: 9600",
        "bitrate: 2400",
        "site.yaml:9:7: gateways[0].link: unknown key 'bitrate'; did you mean bit_rate?",
        id="a misspelt key gets the nearest known one",
    ),
    pytest.param(
        "id: home",
        "zzz: 1",
        "site.yaml:1:1: unknown key 'zzz'; known here: clock, emulation, faces, gateways, grid_profile, id, location, "
        "mqtt, name, state_dir",
        id="a key like no other gets all that are known",
    ),
    pytest.param(
        "mqtt:",
        "mqtt: {password: hunter2}",
        "site.yaml:3:8: mqtt: unknown key 'password'; "
        "a password never stands here: name a file by password_file, or a variable by password_env",
        id="a password in the file, which is not repeated",
    ),
    pytest.param(
        "            model: MI-500\n",
        "",
        "site.yaml:15:13: gateways[0].branches[0].inverters[1].model: is missing; add `model: …`",
        id="a missing key is named at its section",
    ),
    pytest.param(
        "model: MI-500",
        "model:",
        "site.yaml:16:13: gateways[0].branches[0].inverters[1].model: has no value; add `model: …`",
        id="a key without its value is named itself",
    ),
    pytest.param(
        "id: home",
        "id: my home",
        "site.yaml:1:5: id: 'my home' has the wrong form; write 1 to 40 letters, digits, _ and -",
        id="an id with a blank",
    ),
    pytest.param(
        "serial: 000123",
        "serial: 12-34",
        "site.yaml:15:21: gateways[0].branches[0].inverters[1].serial: '12-34' has the wrong form; "
        "write 4 to 16 letters and digits, as printed on the unit",
        id="a serial with a dash",
    ),
    pytest.param(
        "baud: 9600",
        "baud: 9600.5",
        "site.yaml:9:13: gateways[0].link.baud: '9600.5' is no whole number; write a whole number",
        id="a broken number where a whole one belongs",
    ),
    pytest.param(
        "baud: 9600",
        "baud: 100",
        "site.yaml:9:13: gateways[0].link.baud: '100' is too small; use at least 300",
        id="a number below its range",
    ),
    pytest.param(
        "latitude: 52",
        "latitude: 520",
        "site.yaml:2:22: location.latitude: '520' is too large; use at most 90",
        id="a number above its range",
    ),
    pytest.param(
        "latitude: 52",
        "latitude: north",
        "site.yaml:2:22: location.latitude: 'north' is no number; write a number, as 4.5",
        id="a word where a number belongs",
    ),
    pytest.param(
        "latitude: 52",
        "latitude: .nan",
        "site.yaml:2:22: location.latitude: '.nan' is no number; write a number, as 4.5",
        id="YAML's not-a-number",
    ),
    pytest.param(
        "latitude: 52",
        "latitude: nan",
        "site.yaml:2:22: location.latitude: 'nan' is no finite number; write a number, as 4.5",
        id="a not-a-number that Python reads",
    ),
    pytest.param(
        "echo: no",
        "echo: perhaps",
        "site.yaml:10:13: gateways[0].link.echo: 'perhaps' is neither true nor false; write true or false",
        id="a word where true or false belongs",
    ),
    pytest.param(
        "role: m-combiner",
        "role: combiner",
        f"site.yaml:6:11: gateways[0].role: 'combiner' is not known here; use {', '.join(map(repr, ROLES))}",
        id="a choice that does not exist",
    ),
    pytest.param(
        "/dev/ttyUSB0",
        "COM3",
        "site.yaml:8:12: gateways[0].link.url: 'COM3' has the wrong form; "
        "write /dev/ttyUSB0, pty:PATH, socket://host:port, mem://name or replay://FILE",
        id="a link URL of no known kind",
    ),
    pytest.param(
        "{latitude: 52, longitude: 5, timezone: Europe/Amsterdam}",
        "dailight",
        "site.yaml:2:11: location: 'dailight' is no place; "
        "write latitude, longitude and timezone below it, or daylight",
        id="a word that is no place",
    ),
    pytest.param(
        "mqtt:",
        "mqtt: localhost",
        "site.yaml:3:7: mqtt: 'localhost' is no section; write `key: value` lines below it",
        id="a text where a section belongs",
    ),
    pytest.param(
        "id: home",
        "id: [home]",
        "site.yaml:1:5: id: a list is no text; write one value behind the colon",
        id="a list where a text belongs",
    ),
    pytest.param(
        "baud: 9600",
        "baud: {a: 1}",
        "site.yaml:9:13: gateways[0].link.baud: a section is no whole number; write a whole number",
        id="a section where a number belongs",
    ),
    pytest.param(
        "model: MI-500",
        "model: MI-500\n          -",
        "site.yaml:17:12: gateways[0].branches[0].inverters[2]: nothing is no section; "
        "write `key: value` lines below it",
        id="a dash with nothing behind it",
    ),
    pytest.param(
        "baud: 9600",
        "url: /dev/ttyUSB1",
        "site.yaml:9:7: gateways[0].link: 'url' stands here twice, first in line 8; keep one of them",
        id="a key that stands twice",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line"), MISTAKES)
def test_a_mistake_names_line_setting_problem_and_remedy(
    refusal: Callable[[str], list[str]], right: str, wrong: str, line: str
) -> None:
    assert SITE.count(right) == 1
    assert refusal(SITE.replace(right, wrong)) == [line]


def test_a_list_is_refused_where_it_is_empty(refusal: Callable[[str], list[str]]) -> None:
    assert refusal("location: daylight\ngateways: []\n") == [
        "site.yaml:2:11: gateways: is empty; list at least one",
    ]


def test_a_list_is_not_called_empty_because_its_entries_are_wrong(refusal: Callable[[str], list[str]]) -> None:
    assert refusal("location: daylight\ngateways:\n  - roof\n") == [
        "site.yaml:3:5: gateways[0]: 'roof' is no section; write `key: value` lines below it",
    ]


def test_a_text_where_a_list_belongs(refusal: Callable[[str], list[str]]) -> None:
    assert refusal("location: daylight\ngateways: roof\n") == [
        "site.yaml:2:11: gateways: 'roof' is no list; write lines that begin with a dash below it",
    ]


def test_all_mistakes_are_reported_in_the_order_of_the_file(refusal: Callable[[str], list[str]]) -> None:
    text = SITE.replace("id: home", "idd: home").replace("baud: 9600", "url: x").replace("roof", "[]")
    assert refusal(text) == [
        "site.yaml:1:1: unknown key 'idd'; did you mean id?",
        "site.yaml:5:9: gateways[0].id: a list is no text; write one value behind the colon",
        "site.yaml:9:7: gateways[0].link: 'url' stands here twice, first in line 8; keep one of them",
    ]


def test_a_flood_of_mistakes_is_cut(refusal: Callable[[str], list[str]]) -> None:
    lines = refusal(SITE + "".join(f"wrong{n}: 1\n" for n in range(50)))
    assert len(lines) == MAX_SHOWN + 1
    assert lines[-1] == "site.yaml: 30 more; correct these first"


def test_a_long_text_out_of_the_file_is_cut_and_made_harmless(refusal: Callable[[str], list[str]]) -> None:
    (line,) = refusal(SITE.replace("id: home", f'id: "\\e[31m{"x" * 500}"'))
    assert line.startswith("site.yaml:1:5: id: '\\x1b[31mxxx")
    assert len(line) < 150


def test_serials_that_look_like_numbers_stay_texts(load: Callable[[str], LoadedSite]) -> None:
    inverters = load(SITE).site.gateways[0].branches[0].inverters
    assert [inverter.serial for inverter in inverters] == ["1410E12345", "000123"]


@pytest.mark.parametrize(
    "serial",
    ["1410E12345", "000123", "0x1F2E3D", "12345678901234", "1e10", "0o17", "yes1", "116180123456"],
)
def test_a_serial_survives_as_it_is_written(load: Callable[[str], LoadedSite], serial: str) -> None:
    assert load(SITE.replace("000123", serial)).site.gateways[0].branches[0].inverters[1].serial == serial


def test_numbers_and_switches_find_their_types(load: Callable[[str], LoadedSite]) -> None:
    link = load(SITE.replace("9600", "19_200")).site.gateways[0].link
    assert isinstance(link, PlcLink)
    assert link.baud == 19200
    assert link.echo is False


def test_an_empty_section_takes_its_defaults(load: Callable[[str], LoadedSite]) -> None:
    assert load(SITE).site.mqtt == Mqtt()


@pytest.mark.parametrize("nothing", ["", "~", "null", "NULL"])
def test_a_setting_without_a_value_is_unset(load: Callable[[str], LoadedSite], nothing: str) -> None:
    inverter = load(SITE.replace("slot: A1", f"slot: {nothing}")).site.gateways[0].branches[0].inverters[0]
    assert inverter == Inverter(serial="1410E12345", model="MI-400")


def test_daylight_becomes_a_place(load: Callable[[str], LoadedSite]) -> None:
    text = SITE.replace("{latitude: 52, longitude: 5, timezone: Europe/Amsterdam}", "daylight")
    assert load(text).site.location == Location(latitude=30, longitude=-15, timezone="Etc/GMT+1")


def test_an_anchor_saves_repeating_a_module(load: Callable[[str], LoadedSite]) -> None:
    text = SITE.replace("MI-400}", "MI-400, module: &roof {tilt: 12}}") + "            module: *roof\n"
    assert [unit.module.tilt for unit in load(text).site.gateways[0].branches[0].inverters] == [12, 12]


def test_the_line_of_a_setting_can_be_asked_for(load: Callable[[str], LoadedSite]) -> None:
    mark = load(SITE).document.mark(("gateways", 0, "branches", 0, "inverters", 1, "slot"))
    assert mark is not None
    assert mark.line == 15


@pytest.mark.parametrize(
    ("complaint", "line"),
    [
        ("gateways[0].link.url: busy", "site.yaml:8:12: gateways[0].link.url: busy"),
        ("state_dir: /var/lib/opencombiner is no directory", "site.yaml: state_dir: /var/lib/opencombiner is no"),
        ("no setting at all", "site.yaml: no setting at all"),
    ],
    ids=["a setting in the file", "a setting that has its default", "no setting"],
)
def test_a_complaint_at_run_time_gets_its_place(load: Callable[[str], LoadedSite], complaint: str, line: str) -> None:
    loaded = load(SITE)
    assert loaded.placed(complaint).removeprefix(f"{loaded.path.parent}/").startswith(line)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SiteRefusedError, match="cannot be read: No such file or directory; give the path") as refused:
        load_site(tmp_path / "site.yaml", FixedClock())
    assert isinstance(refused.value, ConfigError)
