import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.loader import load_site
from drivers import pcapng
from drivers.clock import SystemClock
from drivers.mqtt import memory
from drivers.pcapng import Interface, Packet
from drivers.recording import Recording
from emulator.server import Plant
from gateway.log import LogTap
from opencombiner.cli import app
from opencombiner.exit_code import ExitCode
from opencombiner.serving import serve, tape_of
from protocols.modbus import rtu
from protocols.modbus.pdu import ReadRequest
from tests.support.hub import hub_site
from tests.support.listener import Listener, listening

run = CliRunner().invoke
START_UTC = 1_782_000_000


def described(folder: Path, links: dict[str, str]) -> Path:
    """Write a site with a unit behind each link; nobody serves its broker unless a test does."""
    gateways = [
        {
            "id": name,
            "role": "m-combiner",
            "poll_s": 0.5,
            "link": {"url": url, "bit_rate": 100_000},
            "branches": [{"id": f"{name}-1", "inverters": [{"serial": f"AT{name}", "slot": name, "model": "MI-400"}]}],
        }
        for name, url in links.items()
    ]
    site = folder / "site.yaml"
    data = {
        "location": "daylight",
        "state_dir": str(folder),
        "mqtt": {"url": f"mem://{folder.name}"},
        "gateways": gateways,
    }
    site.write_text(json.dumps(data), "utf-8")
    return site


def _heard(ear: Listener) -> dict[str, float]:
    """Return the power of the roof's unit by the time of its sample."""
    return {state["ts"]: state["p_ac_w"] for state in ear.of("inverter/roof/state") if state["ts"] is not None}


def links_in(path: Path) -> list[str]:
    return [item.name for item in pcapng.items(path.read_bytes()) if isinstance(item, Interface)]


@pytest.mark.parametrize(
    ("options", "links"),
    [([], ["roof", "barn"]), (["--gateway", "barn"], ["barn"])],
    ids=["every link", "one link"],
)
def test_capture_ends_in_time_and_says_how_much_it_wrote(tmp_path: Path, options: list[str], links: list[str]) -> None:
    out = tmp_path / "x.pcapng"
    site = described(tmp_path, {"roof": "mem://roof", "barn": "mem://barn"})
    result = run(app, ["capture", str(site), "--out", str(out), "--seconds", "1", *options])
    assert (result.exit_code, result.stdout) == (ExitCode.OK, f"{out}: 0 packets\n")  # nobody serves its links
    assert links_in(out) == links


def test_units_that_dial_a_broker_do_not_keep_other_links_from_being_captured(tmp_path: Path) -> None:
    out, site = tmp_path / "x.pcapng", described(tmp_path, {"roof": "mem://roof"})
    data = json.loads(site.read_text())
    data["gateways"] += json.loads(hub_site(tmp_path).model_dump_json(exclude_unset=True))["gateways"]
    site.write_text(json.dumps(data))
    result = run(app, ["capture", str(site), "--out", str(out), "--seconds", "1"])
    assert (result.exit_code, links_in(out)) == (ExitCode.OK, ["roof"])


def test_a_gateway_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    out = tmp_path / "x.pcapng"
    site = described(tmp_path, {"roof": "mem://roof"})
    result = run(app, ["capture", str(site), "--out", str(out), "--gateway", "barn"])
    assert result.exit_code == ExitCode.USAGE
    assert "known: roof" in result.stderr
    assert not out.exists()


@pytest.mark.parametrize("options", [[], ["--gateway", "hub"]], ids=["all links", "that one"])
def test_units_that_dial_a_broker_have_no_link_to_capture(tmp_path: Path, options: list[str]) -> None:
    site, out = tmp_path / "site.yaml", tmp_path / "x.pcapng"
    plan = hub_site(tmp_path, url="mqtt://127.0.0.1:1")
    site.write_text(plan.model_dump_json(exclude_unset=True))  # JSON is YAML
    result = run(app, ["capture", str(site), "--out", str(out), *options])
    assert result.exit_code == ExitCode.USAGE
    assert "to capture" in result.stderr
    assert not out.exists()


def test_a_capture_is_never_written_over(tmp_path: Path) -> None:
    out = tmp_path / "x.pcapng"
    out.write_bytes(b"precious")
    result = run(app, ["capture", str(described(tmp_path, {"roof": "mem://roof"})), "--out", str(out)])
    assert result.exit_code == ExitCode.FAILED
    assert result.stderr.splitlines()[-1] == f"{out} cannot be written: File exists"
    assert out.read_bytes() == b"precious"


def test_a_replay_ends_with_its_recording_and_lists_what_is_missing(tmp_path: Path) -> None:
    out = tmp_path / "x.pcapng"
    request = rtu.encode(9, ReadRequest(0, 1).encode())
    head = pcapng.section("test") + pcapng.interface("roof", "")
    times = (START_UTC * 10**9, (START_UTC + 1) * 10**9)
    out.write_bytes(head + b"".join(pcapng.packet(0, at_ns, request, inbound=False) for at_ns in times))
    site = described(tmp_path, {"roof": f"replay://{out}"})
    result = run(app, ["run", str(site), "--log-level", "error"])
    assert result.exit_code == ExitCode.OK
    assert "not in the recording: roof, node 1: 03" in result.stderr
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".db"] == []  # the ledger is not touched


def test_what_was_captured_is_said_again_as_it_was_then(tmp_path: Path) -> None:
    """On real time: what virtual time cannot show is that the command's own wiring works."""
    out = tmp_path / "x.pcapng"
    site = described(tmp_path, {"roof": "mem://serving-line"})
    again = tmp_path / f"{tmp_path.name}-again"
    again.mkdir()
    replaying = described(again, {"roof": f"replay://{out}"})

    async def hear(path: Path, seconds: float | None, tape: Path | None) -> Listener:
        loaded, stop = load_site(path, SystemClock()), asyncio.Event()
        memory.broker(loaded.site.mqtt.url.removeprefix("mem://")).start()
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, stop.set)
        async with listening(loaded.site.mqtt.url) as ear:
            await serve(
                loaded,
                stop,
                LogTap(),
                recording=None if tape else Recording(out),
                tape=tape_of(loaded.site, tape, None) if tape else None,
            )
        return ear

    async def then() -> Listener:
        loaded = load_site(site, SystemClock()).site
        plant = Plant(loaded, loaded.location, SystemClock(), asyncio.get_running_loop().time())
        serving = asyncio.create_task(plant.serve())
        await plant.ready.wait()
        ear = await hear(site, 2.0, out)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return ear

    said = _heard(asyncio.run(then()))
    since = datetime.fromtimestamp(SystemClock().utc(), UTC).isoformat()
    repeated = _heard(asyncio.run(hear(replaying, None, None)))
    heard = [item for item in pcapng.items(out.read_bytes()) if isinstance(item, Packet) and item.inbound]
    assert len(heard) > 3
    assert set(said.values()) & set(repeated.values())  # a machine that stands still for a moment may skip some of them
    assert min(repeated) < since  # the recording's time
