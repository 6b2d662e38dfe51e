"""A site file with each kind of mistake: the error names file, line, setting, problem and remedy, one line each."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.checks import admit
from config.document import MAX_BYTES, MAX_VALUES
from config.findings import SiteRefusedError
from config.loader import load_site
from opencombiner.cli import app
from opencombiner.exit_code import ExitCode
from tests.support.fixed_clock import FixedClock

SITE = """\
id: home
location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}
mqtt: {url: "mqtt://localhost:1883"}
gateways:
  - id: roof
    role: m-combiner
    link: {url: /dev/ttyUSB0, baud: 9600}
    branches:
      - id: south
        inverters:
          - {slot: A1, serial: 400E00001, model: MI-400, node: 7}
          - {slot: A2, serial: 400E00002, model: MI-400}
  - id: barn
    role: m-combiner
    link: {url: /dev/ttyUSB1}
    branches:
      - id: barn
        inverters:
          - {slot: B1, serial: 500E00004, model: MI-500}
emulation:
  script:
    - {at_s: 5, name: grid_voltage, args: {pu: 1.1}}
"""
PLACE = "location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}\n"
BARN = "    role: m-combiner\n    link: {url: /dev/ttyUSB1}"
BOMB = "x0: &x0 [a,a,a,a,a,a,a,a]\n" + "".join(f"x{n}: &x{n} [{','.join([f'*x{n - 1}'] * 8)}]\n" for n in range(1, 9))
UNIT = r"gateways\[\d\]\.branches\[0\]\.inverters\[\d\]"
# kind of mistake, what is right, what is wrong instead, the line, the setting, what helps
MISTAKES = [
    ("an unknown key", "baud:", "bauds:", 7, r"gateways\[0\]\.link: unknown key", "did you mean baud"),
    ("a wrong type", "baud: 9600", "baud: fast", 7, r"gateways\[0\]\.link\.baud", "write a whole number"),
    ("out of range", "latitude: 52", "latitude: 520", 2, r"location\.latitude", "use at most 90"),
    ("a missing section", PLACE, "", 1, "location", "add"),
    ("a missing key", ", model: MI-500", "", 19, rf"{UNIT}\.model", "add `model"),
    ("an unknown role", BARN, BARN.replace("m-combiner", "oven"), 14, "gateways", "use"),
    ("an unknown model", "model: MI-500", "model: MI-9", 19, rf"{UNIT}\.model", "use MI-400"),
    (
        "a doubled id of a gateway",
        "id: barn\n    role",
        "id: roof\n    role",
        13,
        r"gateways\[1\]\.id",
        "its own gateway",
    ),
    (
        "a doubled id of a branch",
        "- id: barn\n        inv",
        "- id: south\n        inv",
        17,
        r"branches\[0\]\.id",
        "its own branch",
    ),
    ("a doubled slot", "slot: B1", "slot: A1", 19, rf"{UNIT}\.slot", "its own slot"),
    ("a doubled serial", "500E00004", "400E00001", 19, rf"{UNIT}\.serial", "its own serial"),
    ("a doubled node", "400E00002,", "400E00002, node: 7,", 12, rf"{UNIT}\.node", "its own node"),
    ("a clash of links", "/dev/ttyUSB1", "/dev/ttyUSB0", 15, r"gateways\[1\]\.link\.url", "its own link"),
    ("a bad link", "/dev/ttyUSB1", "COM3", 15, r"gateways\[1\]\.link\.url", "write /dev/ttyUSB0"),
    ("a link without its port", "/dev/ttyUSB1", "socket://host", 15, r"gateways\[1\]\.link\.url", "write /dev/ttyUSB0"),
    ("a bad broker", "mqtt://localhost:1883", "http://localhost", 3, r"mqtt\.url", "write mqtt://"),
    ("a broken address", "mqtt://localhost:1883", "mqtt://[::1", 3, r"mqtt\.url", "write mqtt://"),
    ("a bad time zone", "Europe/Amsterdam", "Mars/Base", 2, r"location\.timezone", "write an IANA name"),
    ("an unknown grid profile", "id: home", "id: home\ngrid_profile: mars", 2, "grid_profile", "use au_as"),
    ("an unknown instrument", "name: grid_voltage", "name: hammer", 22, r"emulation\.script\[0\]\.name", "use one of"),
    ("a wrong argument", "pu: 1.1", "pu: much", 22, r"emulation\.script\[0\]\.args\.pu", "write a number"),
    ("an argument that nothing has", "pu: 1.1", '"p\\e[2Ju": 1', 22, r"emulation\.script\[0\]", ""),
    ("a key that stands twice", "id: home", "id: home\nid: home", 2, "'id' stands here twice", "keep one"),
    ("a tab for blanks", BARN, "\trole: m-combiner", 14, "a tab", "indent with blanks"),
    ("a wrong indentation", BARN, "   role: m-combiner\n    link: {}", 14, "no YAML", "indentation"),
    ("an anchor bomb", "id: home", BOMB, None, "no YAML: more than", "give a site file"),
    ("a tag that runs code", "id: home", "id: !!python/object/apply:os.system [ls]", 1, "the tag", "remove it"),
    ("a control character", "id: home", "id: home\x07", 1, "U\\+0007", "remove it"),
]


def refusal(path: Path) -> list[str]:
    with pytest.raises(SiteRefusedError, match="site") as refused:
        admit(load_site(path, FixedClock()))
    return str(refused.value).split("\n")


@pytest.mark.parametrize(
    ("right", "wrong", "line", "setting", "remedy"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake(tmp_path: Path, right: str, wrong: str, line: int | None, setting: str, remedy: str) -> None:
    assert right in SITE
    path = tmp_path / "site.yaml"
    path.write_text(SITE.replace(right, wrong, 1), "utf-8")
    told = refusal(path)
    place = rf"{re.escape(str(path))}:{line or '[0-9]+'}:[0-9]+: "
    assert any(re.match(f"{place}.*{setting}.*; .*{re.escape(remedy)}", one) for one in told), told
    assert all(one.isprintable() for one in told)
    done = CliRunner().invoke(app, ["check", str(path)])
    assert (done.exit_code, "Traceback" in done.output) == (ExitCode.REFUSED, False)


def is_missing(path: Path) -> Path:
    return path


def is_a_folder(path: Path) -> Path:
    path.mkdir()
    return path


def is_empty(path: Path) -> Path:
    path.touch()
    return path


def is_binary(path: Path) -> Path:
    path.write_bytes(bytes(range(256)) * 4)
    return path


def is_huge(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(100 * MAX_BYTES)  # a hole: it takes no room
    return path


def has_no_end(path: Path) -> Path:
    path.symlink_to("/dev/zero")
    return path


def may_not_be_read(path: Path) -> Path:
    path.symlink_to("/proc/self/mem")  # there for everybody, and for nobody to read from its beginning
    return path


def has_many_values(path: Path) -> Path:
    path.write_text(f"a: [{'1,' * (MAX_VALUES + 1)}1]\n")
    return path


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (is_missing, "cannot be read: No such file or directory; give the path of a site file that you may read"),
        (is_a_folder, "cannot be read: Is a directory; give the path of a site file that you may read"),
        (is_empty, "is empty; describe the plant in it"),
        (is_binary, "byte 0x80 is no UTF-8; save the file as UTF-8"),
        (is_huge, f"is larger than {MAX_BYTES} bytes; give a site file"),
        (has_no_end, f"is larger than {MAX_BYTES} bytes; give a site file"),
        (may_not_be_read, "cannot be read: Input/output error; give the path of a site file that you may read"),
        (has_many_values, f"more than 20 levels or {MAX_VALUES} values; give a site file"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_file_that(tmp_path: Path, make: Callable[[Path], Path], problem: str) -> None:
    path = make(tmp_path / "site.yaml")
    (told,) = refusal(path)
    assert told.startswith(str(path))
    assert told.endswith(problem)


def test_a_file_in_order_is_admitted(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE, "utf-8")
    assert admit(load_site(path, FixedClock())) == ()
