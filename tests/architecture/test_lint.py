"""The linter is shown to catch what the house rules forbid."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support import tree

RUFF = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
MAX_IGNORES = 15
BANNED = sorted(RUFF["flake8-tidy-imports"]["banned-api"])

STATEMENTS = "def long() -> int:\n    x = 0\n" + "    x += 1\n" * 40 + "    return x\n"
BRANCHES = "def branchy(x: int) -> int:\n" + "".join(f"    if x == {n}:\n        x += 1\n" for n in range(9))
CATCH_ALL = "try:\n    pass\nexcept Exception:\n    pass\n"


def _findings(text: str) -> str:
    command = ("check", "--no-cache", "--output-format", "concise", "--stdin-filename", "gateway/planted.py", "-")
    return tree.run(tree.tool("ruff"), *command, text=text).stdout


def _use(api: str) -> str:
    module, _, attribute = api.partition(".")
    return f"import {module}\n\nprint({module}.{attribute})\n"


@pytest.mark.parametrize("api", BANNED)
def test_a_banned_way_to_tell_time_is_caught(api: str) -> None:
    assert "TID251" in _findings(_use(api))


@pytest.mark.parametrize(
    "api", ["asyncio.wait_for", "time.time", "time.monotonic", "time.sleep", "datetime.datetime.now"]
)
def test_the_usual_ways_to_tell_time_are_banned(api: str) -> None:
    assert api in BANNED


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(STATEMENTS, "PLR0915", id="more than 40 statements"),
        pytest.param(BRANCHES, "C901", id="complexity over 8"),
        pytest.param("from . import snapshot\n", "TID252", id="a relative import"),
        pytest.param(CATCH_ALL, "BLE001", id="a blind except"),
        pytest.param("print('x')\n", "T201", id="a print"),
    ],
)
def test_a_breach_of_the_house_rules_is_caught(text: str, code: str) -> None:
    assert code in _findings(text)


def test_few_rules_are_switched_off() -> None:
    assert len(RUFF["ignore"]) <= MAX_IGNORES


def test_every_exception_to_a_rule_gives_its_reason() -> None:
    assert tree.offenders(tree.files(".py"), _bare_marks) == {}


def _bare_marks(path: Path) -> list[str]:
    marks = re.findall(r"# (?:noqa\b|type: ignore).*", path.read_text())
    return [mark for mark in marks if not re.match(r"# (noqa: [A-Z]+\d+(, ?[A-Z]+\d+)* - \S|type: ignore\[)", mark)]
