"""A scenario in real time: emulator with its control interface, gateway and broker are processes of their own."""

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from opencombiner.exit_code import ExitCode
from tests.support.listener import listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.processes import command

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(180)]
SCENARIO = """\
name: over
plant: {branches: {roof: 1}}
timeline:
  - {id: over, at_s: 5, name: grid_voltage, args: {pu: "${(trip.hv[1].v + 2) / 100}"}}
  - {id: early, after_s: 4, name: alarm, args: {target: roof-1, code: 9, action: reset}}
lasts_s: 20
expect:
  - {trip: {code: 5, of: roof-1, stage: 1}, since: over}
  - {alarm: {code: 5, of: roof-1}, since: over, within_s: 10}
  - {answer: {to: early, status: error}, since: early, within_s: 5}
  - {led: {of: roof-1, shows: red_slow}, since: over, within_s: 10}
"""


def _site(folder: Path, broker: Mosquitto) -> Path:
    link = {"url": f"pty:{folder / 'plc'}", "bit_rate": 9600, "turnaround_s": 0.01, "baud": 57600}
    inverter = {"slot": "roof-1", "serial": "E2E001", "model": "MI-400"}
    branches = [{"id": "roof", "inverters": [inverter]}]
    site = {
        "location": "daylight",
        "state_dir": str(folder),
        "mqtt": {"url": broker.url},
        "grid_profile": "gb_g98_g99",
        "gateways": [{"id": "gw", "role": "m-combiner", "poll_s": 1, "link": link, "branches": branches}],
        "emulation": {"clouds": "clear", "grid": "still"},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(site))
    return path


def _until_it_feeds_in(broker: Mosquitto) -> None:
    async def main() -> None:
        async with listening(broker.url) as ear:
            await ear.until(lambda: any(said["state"] in {"running", "throttled"} for said in ear.of("roof-1/state")))

    asyncio.run(main())


def test_a_scenario_runs_against_processes(tmp_path: Path) -> None:
    with ExitStack() as stack:
        broker = Mosquitto(tmp_path)
        broker.start()
        stack.callback(broker.stop)
        site = _site(tmp_path, broker)
        address = f"127.0.0.1:{free_port()}"
        stack.enter_context(command(tmp_path / "e.log", "emulate", str(site), "--control", address))
        stack.enter_context(command(tmp_path / "g.log", "run", str(site)))
        _until_it_feeds_in(broker)
        backend = {"backend": "emulator", "control": address}
        bench = {"site": "site.yaml", "mqtt": {"url": broker.url}, "instruments": {"gridsim": backend, "das": backend}}
        (tmp_path / "bench.yaml").write_text(json.dumps(bench))
        (tmp_path / "s.yaml").write_text(SCENARIO)
        arguments = ("hil", "run", str(tmp_path / "s.yaml"), "--bench", str(tmp_path / "bench.yaml"))
        kit = stack.enter_context(command(tmp_path / "h.log", *arguments, "--report", str(tmp_path / "report")))
        assert kit.wait() == ExitCode.INCONCLUSIVE, kit.said  # nobody looks at the lamps of a bench
    [case] = json.loads((tmp_path / "report" / "report.json").read_text())["cases"]
    assert [one["verdict"] for one in case["expectations"]] == ["pass", "pass", "pass", "inconclusive"], case
    assert max(value for _, value in case["series"]["grid.v"]["points"]) > 260
