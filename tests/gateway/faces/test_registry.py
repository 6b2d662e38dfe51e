"""A plant without faces pays nothing for them, and one with a face at a port that is taken is told which."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from opencombiner.exit_code import ExitCode
from tests.support import tree
from tests.support.emulated import UTRECHT

FRESH = "import sys; sys.path.insert(0, '.'); import gateway.app; print(*sorted(sys.modules))"


@pytest.mark.parametrize(
    "module",
    [
        "pymodbus",
        "google.protobuf",
        "gateway.faces.modbus_server",
        "gateway.faces.sunspec",
        "gateway.faces.dtu_tcp",
        "gateway.faces.ecu_tcp",
        "gateway.faces.ecu_sunspec",
    ],
)
def test_the_daemon_does_not_load(module: str) -> None:
    command = [sys.executable, "-I", "-c", FRESH]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=tree.ROOT)  # noqa: S603 - our own line
    assert "gateway.faces.registry" in done.stdout.split()
    assert module not in done.stdout.split()


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_port_that_is_taken_is_named_with_its_place_in_the_file(tmp_path: Path) -> None:
    unit = {"serial": "A0001", "model": "MI-450"}
    branch = {"id": "b1", "inverters": [unit]}
    gateway = {"id": "g", "role": "m-combiner", "link": {"url": f"pty:{tmp_path}/line"}, "branches": [branch]}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site = {
            "location": UTRECHT.model_dump(),
            "state_dir": str(tmp_path),
            "mqtt": {"url": "mqtt://127.0.0.1:1"},
            "gateways": [gateway],
            "faces": [{"kind": "sunspec", "port": port}],
        }
        file = tmp_path / "site.yaml"
        file.write_text(json.dumps(site))
        done = tree.run(sys.executable, "-m", "opencombiner", "run", str(file))
    assert done.returncode == ExitCode.REFUSED
    said = " ".join((done.stdout + done.stderr).split())
    assert f"faces[0].port: cannot listen at 127.0.0.1:{port}; another program has it" in said
    assert "site.yaml:1:" in said
