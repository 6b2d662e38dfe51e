"""Radio bridges and a power line in one daemon: processes of their own, real ptys, a real Mosquitto."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from drivers.mqtt.session import Message
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto
from tests.support.processes import Command, command

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(180)]

ROOT = "opencombiner/home"
UNITS = {
    "line": ("AT000001", "MI-500"),
    "hms-a": ("114483761097", "HMS-1000-2T"),
    "hms-b": ("1410A01121AE", "HMS-1000-2T"),
    "hm": ("116183063371", "HM-1500"),
}


@dataclass
class House:
    """A site file, a broker and two processes."""

    file: Path
    broker: Mosquitto
    emulator: Command


def _gateway(name: str, role: str, link: dict[str, object], slots: tuple[str, ...]) -> dict[str, object]:
    inverters = [{"slot": slot, "serial": UNITS[slot][0], "model": UNITS[slot][1]} for slot in slots]
    branch = {"id": f"{name}-branch", "inverters": inverters}
    return {"id": name, "role": role, "poll_s": 1, "link": link, "branches": [branch]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    broker = Mosquitto(tmp_path)
    with ExitStack() as stack:
        broker.start()
        stack.callback(broker.stop)
        bridge = {"medium": "serial_bridge", "stuffed": False}
        site = {
            "location": "daylight",
            "state_dir": str(tmp_path),
            "mqtt": {"url": broker.url},
            "gateways": [
                _gateway("plc", "m-combiner", {"url": f"pty:{tmp_path}/plc", "bit_rate": 9600}, ("line",)),
                _gateway(
                    "cmt", "dtu", bridge | {"url": f"pty:{tmp_path}/cmt", "radio": "cmt2300a"}, ("hms-a", "hms-b")
                ),
                _gateway("nrf", "dtu", {"url": f"pty:{tmp_path}/nrf", "radio": "nrf24"}, ("hm",)),
            ],
            "emulation": {"seed": 3, "impairments": {"loss": 0.1}},
        }
        file = tmp_path / "site.yaml"
        file.write_text(json.dumps(site), "utf-8")
        emulator = stack.enter_context(command(tmp_path / "emulator.log", "emulate", str(file)))
        stack.enter_context(command(tmp_path / "gateway.log", "run", str(file)))
        yield House(file, broker, emulator)


def _states(ear: Listener, leaf: str = "state", since: int = 0) -> list[Any]:
    said = {m.topic: m.payload for m in ear.heard[since:]}
    found = [said.get(f"{ROOT}/inverter/{slot}/{leaf}") for slot in UNITS]
    return [json.loads(payload) for payload in found if payload]


def _producing(ear: Listener, since: int = 0) -> bool:
    states = _states(ear, since=since)
    return len(states) == len(UNITS) and all(s["quality"] == "good" and (s["p_ac_w"] or 0) > 0 for s in states)


def test_a_mixed_plant_is_polled_limited_pulled_and_found_again(house: House, tmp_path: Path) -> None:
    async def main() -> None:
        async with listening(house.broker.url) as ear:
            await ear.until(lambda: _producing(ear), within_s=60)
            asked = {"target": "hms-a", "command": "limit", "value": 20, "unit": "%", "by": "test", "transaction": "t"}
            await ear.publish(Message(f"{ROOT}/bridge/request/command", json.dumps(asked).encode(), qos=1))
            await ear.until(lambda: bool(ear.of("bridge/response/command")), within_s=30)
            assert ear.of("bridge/response/command")[0]["data"]["applied"] == 20.0
            await ear.until(lambda: ear.last(f"{ROOT}/inverter/hms-a/state")["p_ac_w"] <= 201, within_s=30)
            house.emulator.stop(SIGKILL)
            offline = ["offline"] * len(UNITS)
            await ear.until(lambda: [word["state"] for word in _states(ear, "availability")] == offline, within_s=60)
            since = len(ear.heard)
            with command(tmp_path / "emulator-2.log", "emulate", str(house.file)):
                await ear.until(lambda: _producing(ear, since), within_s=60)

    asyncio.run(main())
