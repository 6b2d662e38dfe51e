"""A wheel built from the tree, in environments that know nothing of the checkout."""

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest

from config.faces import AnyFace
from tests.support import tree
from tests.support.documented import python_of
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.processes import Command, command

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]

EXTRAS = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
PINS = dict.fromkeys(("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"), str(tree.ROOT / "constraints.txt"))
UNITS = ("roof-1", "roof-2")


def _checked(*words: str) -> None:
    done = subprocess.run([sys.executable, *words], env=os.environ | PINS, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    assert done.returncode == 0, done.stderr


def _pip(*words: str) -> None:
    _checked("-m", "pip", *words)


def _environment(folder: Path, wheel: Path, extras: str = "") -> Path:
    """Return the program, installed into a fresh environment."""
    _checked("-m", "venv", "--without-pip", str(folder))
    _pip("--python", str(folder / "bin" / "python"), "install", f"{wheel}{extras}")
    return folder / "bin" / "opencombiner"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(tree.ROOT))
    [built] = folder.glob("opencombiner-*.whl")
    return built


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _environment(tmp_path_factory.mktemp("bare"), wheel)


@pytest.fixture(scope="module")
def full(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    extras = sorted({"emulator", "uvloop"} & EXTRAS.keys())
    return _environment(tmp_path_factory.mktemp("full"), wheel, f"[{','.join(extras)}]")


def _site(folder: Path, *, link: str, broker: str) -> str:
    """Write a site file and return its path."""
    inverters = [{"slot": slot, "serial": f"WHEEL{at}", "model": "MI-450"} for at, slot in enumerate(UNITS)]
    site = {
        "location": "daylight",
        "state_dir": str(folder),
        "mqtt": {"url": broker},
        "gateways": [
            {
                "id": "combiner",
                "role": "m-combiner",
                "poll_s": 1,
                "link": {"url": link, "bit_rate": 9600, "turnaround_s": 0.01, "baud": 57600},
                "branches": [{"id": "roof", "inverters": inverters}],
            }
        ],
    }
    file = folder / "site.yaml"
    file.write_text(json.dumps(site), "utf-8")
    return str(file)


def test_its_code_and_its_data_are_not_the_checkouts(bare: Path, tmp_path: Path) -> None:
    print_places = "import config.packaged as p, gateway; print(gateway.__file__); print(p.packaged('demo.yaml'))"
    done = tree.run(str(bare.with_name("python")), "-c", print_places, folder=tmp_path)
    assert [Path(line).is_relative_to(bare.parent.parent) for line in done.stdout.splitlines()] == [True, True]


def test_its_faces_need_nothing_else(bare: Path, tmp_path: Path) -> None:
    kinds = [face.tags()[0] for face in get_args(get_args(AnyFace)[0])]
    load = "import sys, importlib; [importlib.import_module('gateway.faces.' + kind).serve for kind in sys.argv[1:]]"
    done = tree.run(str(bare.with_name("python")), "-c", load, *kinds, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "dtu_tcp" in kinds  # it reads a file of the package


def test_it_knows_its_version(bare: Path, tmp_path: Path, wheel: Path) -> None:
    done = tree.run(str(bare), "--version", folder=tmp_path)
    assert done.stdout.split() == ["opencombiner", wheel.name.split("-")[1]]


def test_it_prints_the_schema_of_the_checkout(bare: Path, tmp_path: Path) -> None:
    done = tree.run(str(bare), "schema", folder=tmp_path)
    assert done.stdout == (tree.ROOT / "config" / "data" / "site.schema.json").read_text("utf-8")


def test_it_checks_its_own_example(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(tree.run(str(bare), "example", folder=tmp_path).stdout, "utf-8")
    done = tree.run(str(bare), "check", "site.yaml", "--json", folder=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True)


@pytest.mark.skipif("emulator" not in EXTRAS, reason="the emulator needs no extra")
def test_without_its_extra_the_emulator_names_it(bare: Path, tmp_path: Path) -> None:
    site = _site(tmp_path, link=f"pty:{tmp_path}/modem", broker="mqtt://localhost")
    done = tree.run(str(bare), "emulate", site, folder=tmp_path)
    assert done.returncode == 3
    assert "opencombiner[emulator]" in done.stderr
    assert "Traceback" not in done.stderr


def test_its_fixtures_are_found_by_pytest(full: Path, tmp_path: Path) -> None:
    _pip("--python", str(full.with_name("python")), "install", "pytest")
    (tmp_path / "test_roof.py").write_text(python_of("hil.md"), "utf-8")
    done = tree.run(str(full.with_name("pytest")), "-q", "--strict-markers", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_it_runs_a_scenario_of_its_own_and_draws_the_report(full: Path, tmp_path: Path) -> None:
    where = tree.run(str(full.with_name("python")), "-c", "import hil; print(hil.__path__[0])", folder=tmp_path)
    scenarios = sorted(Path(where.stdout.strip(), "scenarios").glob("over_voltage_trip*.yaml"))
    done = tree.run(
        str(full), "hil", "run", str(scenarios[0]), "--set", "profile=gb_g98_g99", "--report", "r", folder=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "<svg" in (tmp_path / "r" / "report.html").read_text("utf-8")


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    broker = Mosquitto(folder)
    broker.start()
    try:
        yield broker.url
    finally:
        broker.stop()


async def _hear_good_values(url: str) -> None:
    def good(ear: Listener, slot: str) -> bool:
        state: dict[str, Any] = ear.last(f"opencombiner/home/inverter/{slot}/state") or {}
        return state.get("quality") == "good"

    async with listening(url) as ear:
        await ear.until(lambda: all(good(ear, slot) for slot in UNITS))


def _uses_uvloop(running: Command) -> bool:
    return "uvloop" in Path(f"/proc/{running.pid}/maps").read_text("utf-8")


@pytest.mark.parametrize("link", ["pty", "socket"])
@pytest.mark.parametrize(
    ("gateway_in", "uvloop"), [("bare", False), ("full", True)], ids=["on asyncio's loop", "on uvloop"]
)
def test_it_runs_a_plant(
    request: pytest.FixtureRequest, full: Path, tmp_path: Path, *, link: str, gateway_in: str, uvloop: bool
) -> None:
    program: Path = request.getfixturevalue(gateway_in)
    url = f"pty:{tmp_path}/modem" if link == "pty" else f"socket://127.0.0.1:{free_port()}"
    with _broker(tmp_path) as broker:
        site = _site(tmp_path, link=url, broker=broker)
        with (
            command(tmp_path / "emulator.log", "emulate", site, program=(str(full),), folder=tmp_path) as emulator,
            command(tmp_path / "gateway.log", "run", site, program=(str(program),), folder=tmp_path) as gateway,
        ):
            asyncio.run(_hear_good_values(broker))
            assert (_uses_uvloop(emulator), _uses_uvloop(gateway)) == (True, uvloop)
            assert (gateway.stop(), emulator.stop()) == (0, 0), gateway.said + emulator.said
    assert "Traceback" not in gateway.said + emulator.said
