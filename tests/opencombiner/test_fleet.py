"""`emulate --units`: a shard of a fleet, from the command line to its ports."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.loader import load_site
from config.packaged import packaged
from config.plant import units
from drivers.clock import SystemClock
from drivers.stream import open_stream
from opencombiner.cli import app
from opencombiner.emulation import emulate_fleet, fleet_of
from opencombiner.exit_code import ExitCode
from protocols.errors import LinkDownError
from tests.support.mosquitto import free_port

PLACE = "location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    text = packaged("demo.yaml").read_text("utf-8")
    daylight = next(line for line in text.splitlines() if line.startswith("location:"))
    path.write_text(text.replace(daylight, PLACE), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words", "said"),
    [
        pytest.param("", "", ["--shard", "3/2"], "--shard 3/2: write which of how many", id="no such shard"),
        pytest.param("", "", ["--base", "20000"], "--base 20000: write HOST:PORT", id="no host"),
        pytest.param(PLACE, "location: daylight", [], "daylight depends on when", id="a place that wanders"),
        pytest.param("", "", ["--base", "127.0.0.1:65535"], "beyond 65535", id="too many ports"),
    ],
)
def test_what_cannot_be_is_refused(site: Path, old: str, new: str, words: list[str], said: str) -> None:
    site.write_text(site.read_text("utf-8").replace(old, new) if old else site.read_text("utf-8"), "utf-8")
    result = CliRunner().invoke(app, ["emulate", str(site), "--units", "100", *words])
    assert result.exit_code == ExitCode.REFUSED, result.output
    assert said in result.output


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_shard_serves_its_links_and_no_others(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = free_port()
    fleet = fleet_of(load_site(site, SystemClock()), 30, f"127.0.0.1:{base}")

    async def reachable(number: int) -> bool:
        try:
            stream = await open_stream(f"socket://127.0.0.1:{base + number}", baud=57600)
        except LinkDownError:
            return False
        stream.close()
        return True

    async def main() -> list[bool]:
        stop = asyncio.Event()
        serving = asyncio.ensure_future(emulate_fleet(fleet, (1, 2), None, SystemClock(), stop))
        async with asyncio.timeout(30):
            while "units on" not in capsys.readouterr().out:  # noqa: ASYNC110 - a terminal tells no event
                await asyncio.sleep(0.05)
        found = [await reachable(number) for number in range(3)]
        stop.set()
        await serving
        return found

    assert asyncio.run(main()) == [True, False, True]


def test_the_site_file_of_a_shard_can_be_read(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencombiner.cli.run_until_stopped", lambda _: None)
    file = tmp_path / "shard.yaml"
    words = ["emulate", str(site), "--units", "30", "--shard", "2/2", "--write", str(file)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    written = load_site(file, SystemClock()).site
    assert len(list(units(written))) == 12
    assert [gateway.link.url for gateway in written.gateways] == ["socket://127.0.0.1:20001"]
