from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from config.document import MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse, read
from config.findings import SiteRefusedError
from tests.support import tree

BROKEN = [
    pytest.param(
        "a:\n\tb: 1\n", "site.yaml:2:1: a tab stands in the indentation; indent with blanks", id="a tab as indentation"
    ),
    pytest.param(
        "a: [1, 2\nb: 3\n",
        "site.yaml:2:2: no YAML: expected ',' or ']', but got ':'; "
        "check the indentation, brackets and quotes here and in the line before",
        id="a bracket that nobody closes",
    ),
    pytest.param(
        "a: b: c\n",
        "site.yaml:1:5: no YAML: mapping values are not allowed here; "
        "put a text that contains a colon in quotes; check the indentation",
        id="a colon inside a text",
    ),
    pytest.param(
        "a: 'b\n",
        "site.yaml:2:1: no YAML: found unexpected end of stream; "
        "check the indentation, brackets and quotes here and in the line before",
        id="a quote that nobody closes",
    ),
    pytest.param(
        "a: *b\n",
        "site.yaml:1:4: no YAML: found undefined alias 'b'; define the anchor before it",
        id="an alias without its anchor",
    ),
    pytest.param(
        "a: 1\n---\nb: 2\n",
        "site.yaml:2:1: no YAML: found another document; keep one document, without a line `---`",
        id="two documents",
    ),
    pytest.param("", "site.yaml: is empty; describe the plant in it", id="an empty file"),
    pytest.param("# nothing\n", "site.yaml: is empty; describe the plant in it", id="a file of comments"),
    pytest.param(
        "- a\n", "site.yaml:1:1: a list is no section; write `key: value` lines below it", id="a list of settings"
    ),
    pytest.param(
        b"id: caf\xe9\n", "site.yaml:1:8: byte 0xe9 is no UTF-8; save the file as UTF-8", id="another encoding"
    ),
    pytest.param(
        "id: a\nname: b\x07\n", "site.yaml:2:1: character U+0007 is not allowed in YAML; remove it", id="a bell"
    ),
    pytest.param(
        b"#" * (MAX_BYTES + 1), "site.yaml: is larger than 1048576 bytes; give a site file", id="a file without end"
    ),
    pytest.param(
        "[" * 100_000, "site.yaml:1:20: no YAML: more than 20 levels; give a site file", id="brackets without end"
    ),
]


@pytest.mark.parametrize(("text", "line"), BROKEN)
def test_what_is_no_yaml_is_refused(refusal: Callable[[str | bytes], list[str]], text: str | bytes, line: str) -> None:
    assert refusal(text) == [line]


def refused(text: str) -> str:
    with pytest.raises(SiteRefusedError, match="site") as error:
        parse(Path("site.yaml"), text)
    return str(error.value)


def test_an_alias_that_holds_itself_is_refused() -> None:
    assert "more than 20 levels or 50000 values" in refused("a: &a [*a]\n")


def test_aliases_cannot_multiply_without_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "more than 20 levels or 50000 values" in refused("\n".join(lines))


def test_a_large_plant_stays_inside_the_bounds() -> None:
    unit = "- {slot: A%d, serial: %08d, model: MI-400, node: 1, module: {rated_w: 430, tilt: 15, azimuth: 90}}\n"
    text = "".join(unit % (n, n) for n in range(1000))
    assert len(text) < MAX_BYTES / 5
    assert len(parse(Path("site.yaml"), text).values) < MAX_VALUES / 4


def test_the_depth_of_a_site_is_far_from_the_bound() -> None:
    deepest = ("gateways", 0, "branches", 0, "inverters", 0, "module", "tilt")
    assert len(deepest) < MAX_DEPTH / 2


@pytest.mark.parametrize(
    ("text", "data"),
    [
        pytest.param("a: 007", {"a": "007"}, id="a number with leading zeros"),
        pytest.param("a: 1e5", {"a": "1e5"}, id="a float"),
        pytest.param("a: 2026-01-01", {"a": "2026-01-01"}, id="a date"),
        pytest.param("a: on", {"a": "on"}, id="a switch"),
        pytest.param("a: 12:30", {"a": "12:30"}, id="a base-60 number"),
        pytest.param("a: 'null'", {"a": "null"}, id="a quoted null"),
        pytest.param("a: null", {"a": None}, id="a plain null"),
        pytest.param("a:", {"a": None}, id="an empty value"),
        pytest.param("1: [x, {y: z}]", {"1": ["x", {"y": "z"}]}, id="a key that looks like a number"),
        pytest.param("\ufeffa: b", {"a": "b"}, id="a byte order mark"),
    ],
)
def test_plain_scalars_stay_texts(tmp_path: Path, text: str, data: object) -> None:
    assert parse(tmp_path, text.removeprefix("\ufeff")).data == data


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "a: !!python/object:os.system x", "the tag 'tag:yaml.org,2002:python/object:os.system'", id="python"
        ),
        pytest.param("a: !secret x", "the tag '!secret' means nothing here", id="an own tag"),
        pytest.param("? [a]\n: b", "a key must be a single word", id="a list as key"),
    ],
)
def test_yaml_that_no_site_file_needs_is_a_finding(text: str, problem: str) -> None:
    (finding,) = parse(Path("site.yaml"), text).findings
    assert finding.problem.startswith(problem)


@pytest.mark.parametrize("file", sorted((tree.ROOT / "config" / "data").rglob("*_*.yaml")), ids=lambda file: file.stem)
def test_without_libyaml_a_file_reads_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read(file)
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert read(file) == fast


def test_a_serial_that_looks_like_a_number_stays_a_text_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "serial: 000123\nother: 1410E12345\nlist: [1, ~, yes]\n"
    fast = parse(Path("site.yaml"), text)
    assert fast.data == {"serial": "000123", "other": "1410E12345", "list": ["1", None, "yes"]}
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert parse(Path("site.yaml"), text) == fast
