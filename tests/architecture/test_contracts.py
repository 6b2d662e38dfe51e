"""Each import contract is shown to catch a planted breach."""

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import tree

PYPROJECT = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}

# contract, file that breaks it, its text
BREACHES = [
    ("house", "protocols/planted.py", "import drivers.link"),
    ("house", "drivers/planted.py", "import config.site"),
    ("house", "config/planted.py", "import gateway.snapshot"),
    ("house", "gateway/planted.py", "import emulator"),
    ("house", "emulator/planted.py", "import gateway"),
    ("house", "emulator/planted.py", "import opencombiner"),
    ("house", "gateway/planted.py", "import hil.run"),
    ("house", "hil/planted.py", "import opencombiner.cli"),
    ("terminal", "hil/planted.py", "import rich.console"),
    ("daemon", "gateway/fleet/planted.py", "import gateway.telemetry.outbox"),
    ("daemon", "gateway/telemetry/planted.py", "import gateway.fleet"),
    ("daemon", "gateway/telemetry/planted.py", "import gateway.mqtt"),
    ("daemon", "gateway/snapshot.py", "import gateway.fleet"),
    ("daemon", "gateway/planted.py", ""),
    ("sans-io", "protocols/planted.py", "import asyncio"),
    ("sans-io", "protocols/planted.py", "from datetime import datetime"),
    ("standard-library", "protocols/planted.py", "import structlog"),
    ("vendors", "protocols/vendors/planted/__init__.py", "import protocols.vendors.atmoce"),
    ("bytes", "drivers/planted.py", "import protocols.registry"),
    ("bytes", "drivers/planted.py", "import protocols.vendors.atmoce"),
    ("edges", "emulator/planted.py", "import drivers.plc"),
    ("mqtt", "gateway/mqtt/planted.py", "import aiomqtt"),
    ("mqtt", "drivers/mqtt/planted.py", "import paho.mqtt.client"),
    ("modbus-server", "gateway/faces/planted.py", "import pymodbus.server"),
    ("protobuf", "gateway/faces/planted.py", "import google.protobuf.message"),
    ("daemon", "gateway/faces/planted.py", "import gateway.mqtt"),
    ("broker", "emulator/planted.py", "import amqtt.broker"),
    ("serial", "emulator/planted.py", "import serial"),
    ("yaml", "opencombiner/planted.py", "import yaml"),
    ("validation", "gateway/fleet/planted.py", "import pydantic"),
    ("sql", "gateway/telemetry/planted.py", "import sqlite3"),
    ("terminal", "gateway/planted.py", "import rich.console"),
    ("wall-clock", "gateway/planted.py", "import time"),
]


def _lint(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return tree.run(tree.tool("lint-imports"), "--no-logo", "--no-cache", *options, folder=folder)


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    for package in tree.PACKAGES:
        shutil.copytree(tree.ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree.ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _children(package: str) -> set[str]:
    found = (tree.ROOT / package).iterdir()
    names = {path.stem for path in found if path.suffix == ".py" or (path / "__init__.py").exists()}
    return {f"{package}.{name}" for name in names - {"__init__"}}


def test_the_tree_as_it_is_keeps_every_contract(copied_tree: Path) -> None:
    done = _lint(copied_tree)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(("contract", "file", "text"), BREACHES, ids=lambda value: value or "a room without a layer")
def test_a_breach_is_caught(copied_tree: Path, contract: str, file: str, text: str) -> None:
    planted = copied_tree / file
    planted.parent.mkdir(exist_ok=True)
    with planted.open("a") as opened:
        opened.write(f"\n{text}\n")
    done = _lint(copied_tree, "--contract", contract)
    assert done.returncode == 1, done.stdout
    assert f"{CONTRACTS[contract]['name']} BROKEN" in done.stdout
    assert file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".") in done.stdout


def test_every_contract_has_a_planted_breach() -> None:
    assert {contract for contract, _, _ in BREACHES} == set(CONTRACTS)


@pytest.mark.parametrize(
    ("contract", "package", "allowed"),
    [
        pytest.param(
            "bytes", "protocols", {"errors", "framing", "modbus", "modems"}, id="drivers see four of protocols"
        ),
        pytest.param(
            "edges",
            "drivers",
            {"lines", "link", "stream", "transport", "clock", "mqtt", "together"},
            id="the emulator sees seven of drivers",
        ),
    ],
)
def test_a_contract_names_every_room_but_the_allowed(contract: str, package: str, allowed: set[str]) -> None:
    forbidden = set(CONTRACTS[contract]["forbidden_modules"])
    assert forbidden == _children(package) - {f"{package}.{name}" for name in allowed}


def test_protocols_import_the_standard_library_only() -> None:
    assert tree.offenders(sorted((tree.ROOT / "protocols").rglob("*.py")), _foreign) == {}


def _foreign(path: Path) -> set[str]:
    """Return the packages that a file imports from elsewhere than the standard library and `protocols`."""
    nodes = list(ast.walk(tree.parsed(path)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"protocols"}
