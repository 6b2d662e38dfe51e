"""`protocols` decides and never waits: nothing that waits, reads a clock or logs comes in with it."""

import subprocess
import sys

import pytest

FRESH = """
import pkgutil, sys
from importlib import import_module
import protocols
for _, name, _ in pkgutil.walk_packages(protocols.__path__, "protocols."):
    import_module(name)
print(*sorted(sys.modules))
"""


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.')\n{FRESH}"]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout.split()  # noqa: S603 - our own line


@pytest.mark.parametrize("module", ["asyncio", "socket", "ssl", "select", "logging", "threading", "datetime"])
def test_a_fresh_interpreter_does_not_load(loaded: list[str], module: str) -> None:
    assert module not in loaded


def test_every_part_was_imported(loaded: list[str]) -> None:
    parts = {"protocols.layout", "protocols.modbus.rtu", "protocols.sunspec.view", "protocols.vendors.atmoce.profile"}
    assert parts <= set(loaded)
