"""What a command loads, and what it leaves alone: memory that a small computer keeps for itself."""

import gc
import json

import pytest

from opencombiner.lifetime import run_until_stopped
from tests.support import tree

LOADED = """
import gc, json, sys
sys.argv = ["opencombiner", "example"]
from opencombiner.__main__ import main
try:
    main()
except SystemExit:
    pass
print(json.dumps({"modules": sorted(sys.modules), "collects": gc.isenabled()}), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, object]:
    found: dict[str, object] = json.loads(tree.run(tree.tool("python"), "-c", LOADED).stderr)
    return found


@pytest.mark.parametrize("name", ["rich.console", "numpy", "amqtt", "uvloop"])
def test_the_command_line_loads_without(name: str, loaded: dict[str, object]) -> None:
    assert isinstance(loaded["modules"], list)
    assert "structlog" in loaded["modules"]
    assert name not in loaded["modules"]


def test_rich_can_be_imported_afterwards() -> None:
    code = "from opencombiner.__main__ import _load_structlog; _load_structlog(); import rich.console"
    assert tree.run(tree.tool("python"), "-c", code).returncode == 0


def test_nothing_is_collected_while_loading(loaded: dict[str, object]) -> None:
    assert loaded["collects"] is False


def test_a_service_collects_what_it_makes_and_leaves_what_was_loaded_alone() -> None:
    async def main(_: object) -> tuple[bool, int]:
        return gc.isenabled(), gc.get_freeze_count()

    try:
        collects, frozen = run_until_stopped(main)
    finally:
        gc.unfreeze()
    assert collects
    assert frozen > 0
