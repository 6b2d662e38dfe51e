"""A bench of processes: an emulator under control, a gateway, a Mosquitto; and the file that names them."""

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path

from tests.support.listener import listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.processes import command


def bench(stack: ExitStack, folder: Path, branches: tuple[str, ...], words: tuple[str, ...]) -> Path:
    """Start everything for the time of `stack`, one unit a branch; return the file, with the emulator as `words`."""
    broker = Mosquitto(folder)
    broker.start()
    stack.callback(broker.stop)
    site = folder / "site.yaml"
    site.write_text(json.dumps(_site(folder, broker, branches)))
    address = f"127.0.0.1:{free_port()}"
    stack.enter_context(command(folder / "e.log", "emulate", str(site), "--control", address))
    stack.enter_context(command(folder / "g.log", "run", str(site)))
    _until_all_feed_in(broker, branches)
    instruments = {word: {"backend": "emulator", "control": address} for word in words}
    file = folder / "bench.yaml"
    file.write_text(json.dumps({"site": "site.yaml", "mqtt": {"url": broker.url}, "instruments": instruments}))
    return file


def _site(folder: Path, broker: Mosquitto, branches: tuple[str, ...]) -> dict[str, object]:
    link = {"url": f"pty:{folder / 'plc'}", "bit_rate": 9600, "turnaround_s": 0.01, "baud": 57600}
    drawn = [
        {"id": branch, "inverters": [{"slot": f"{branch}-1", "serial": f"E2E{number:03d}", "model": "MI-400"}]}
        for number, branch in enumerate(branches, start=1)
    ]
    return {
        "location": "daylight",
        "state_dir": str(folder),
        "mqtt": {"url": broker.url},
        "grid_profile": "gb_g98_g99",
        "gateways": [{"id": "gw", "role": "m-combiner", "poll_s": 1, "link": link, "branches": drawn}],
        "emulation": {"clouds": "clear", "grid": "still"},
    }


def _until_all_feed_in(broker: Mosquitto, branches: tuple[str, ...]) -> None:
    async def main() -> None:
        async with listening(broker.url) as ear:
            await ear.until(
                lambda: all(
                    any(said["state"] in {"running", "throttled"} for said in ear.of(f"{branch}-1/state"))
                    for branch in branches
                )
            )

    asyncio.run(main())
