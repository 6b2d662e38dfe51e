"""The constraints file pins everything that gets installed, and nothing that does not fit."""

import tomllib
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import tree

PROJECT = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
PINS = {
    canonicalize_name(pin.name): pin
    for pin in map(Requirement, (tree.ROOT / "constraints.txt").read_text().splitlines())
}
EXTRAS = PROJECT["project"]["optional-dependencies"].values()
DIRECT = [
    *PROJECT["build-system"]["requires"],
    *PROJECT["project"]["dependencies"],
    *(requirement for extra in EXTRAS for requirement in extra),
]


def _needs(name: str) -> list[str]:
    """Return what an installed distribution needs here; nothing when it is not installed (the build backend)."""
    try:
        needed = map(Requirement, requires(name) or ())
    except PackageNotFoundError:
        return []
    return [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]


def _closure() -> set[str]:
    found: set[str] = set()
    waiting = [Requirement(each).name for each in DIRECT]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += _needs(name)
    return found


@pytest.mark.parametrize("requirement", [Requirement(each) for each in DIRECT], ids=str)
def test_a_requirement_admits_its_pin(requirement: Requirement) -> None:
    [pin] = PINS[canonicalize_name(requirement.name)].specifier
    assert pin.operator == "=="
    assert requirement.specifier.contains(pin.version)


def test_everything_that_gets_installed_is_pinned() -> None:
    assert _closure() - PINS.keys() == set()
