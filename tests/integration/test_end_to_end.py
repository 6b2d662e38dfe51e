"""Emulator and gateway as processes of their own, a real pty or socket between them, a real Mosquitto behind."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGTERM
from typing import Any

import pytest

from tests.support.discovery_rules import breaches
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.processes import Command, command

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(180)]

UNITS = ("roof-1", "roof-2", "roof-3")
BASE = "opencombiner/home"
MODELS = ("MI-400", "MI-450", "MI-500")


@dataclass
class House:
    """A small plant: its site file, its broker, and its two processes."""

    file: Path
    broker: Mosquitto
    emulator: Command
    gateway: Command

    def hear(self, act: Callable[[Listener], Awaitable[None]]) -> None:
        """Listen at the broker for the time of `act`."""

        async def main() -> None:
            async with listening(self.broker.url) as ear:
                await act(ear)

        asyncio.run(main())


def _file(folder: Path, link: str, modem: str, broker: Mosquitto) -> Path:
    inverters = [
        {"slot": slot, "serial": f"E2E00{number}", "model": model}
        for number, (slot, model) in enumerate(zip(UNITS, MODELS, strict=True))
    ]
    site = {
        "location": "daylight",
        "state_dir": str(folder),
        "mqtt": {"url": broker.url},
        "gateways": [
            {
                "id": "combiner",
                "role": "m-combiner",
                "poll_s": 1,
                "link": {"url": link, "modem": modem, "bit_rate": 9600, "turnaround_s": 0.01, "baud": 57600},
                "branches": [{"id": "roof", "inverters": inverters}],
            }
        ],
        "emulation": {"seed": 3, "impairments": {"loss": 0.02, "noise_per_min": 30}},
    }
    file = folder / "site.yaml"
    file.write_text(json.dumps(site), "utf-8")
    return file


@pytest.fixture
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    link, modem = getattr(request, "param", ("pty", "transparent"))
    url = f"pty:{tmp_path}/modem" if link == "pty" else f"socket://127.0.0.1:{free_port()}"
    broker = Mosquitto(tmp_path)
    with ExitStack() as stack:
        broker.start()
        stack.callback(broker.stop)
        file = _file(tmp_path, url, modem, broker)
        emulator = stack.enter_context(command(tmp_path / "emulator.log", "emulate", str(file)))
        gateway = stack.enter_context(command(tmp_path / "gateway.log", "run", str(file)))
        yield House(file, broker, emulator, gateway)


def _all(ear: Listener, leaf: str, holds: Callable[[Any], bool], *, since: int = 0) -> bool:
    """Tell whether the newest JSON of every unit's topic holds, looking at what came after `since` messages."""
    for slot in UNITS:
        said = [m for m in ear.heard[since:] if m.topic == f"{BASE}/inverter/{slot}/{leaf}"]
        if not said or not holds(json.loads(said[-1].payload)):
            return False
    return True


def _producing(state: Any) -> bool:
    return state["quality"] == "good" and state["p_ac_w"] is not None and state["p_ac_w"] > 0


@pytest.mark.parametrize(
    "house",
    [
        pytest.param(("pty", "transparent"), id="transparent modem on a pty"),
        pytest.param(("pty", "st7580"), id="ST7580 on a pty"),
        pytest.param(("socket", "transparent"), id="transparent modem behind a socket"),
        pytest.param(("socket", "st7580"), id="ST7580 behind a socket"),
    ],
    indirect=True,
)
def test_every_unit_appears_on_mqtt_and_in_discovery(house: House) -> None:
    async def watch(ear: Listener) -> None:
        await ear.until(lambda: _all(ear, "state", _producing))
        await ear.until(lambda: _all(ear, "info", lambda info: info["model"] in MODELS))
        await ear.until(lambda: (ear.last(f"{BASE}/site/state") or {}).get("reporting") == len(UNITS))
        configs = [said for said in ear.heard if said.topic.startswith("homeassistant/device/")]
        assert len({said.topic for said in configs}) == len(UNITS) + 2  # the site and the gateway itself
        for said in configs:
            assert breaches(said.topic, json.loads(said.payload), "homeassistant") == []
        assert (ear.last(f"{BASE}/site/state") or {})["complete"] is True

    house.hear(watch)


@pytest.mark.parametrize("number", [SIGTERM, SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_clean_stop_says_offline_and_keeps_the_energy(house: House, number: int) -> None:
    async def watch(ear: Listener) -> None:
        await ear.until(lambda: _all(ear, "state", _producing))
        assert house.gateway.stop(SIGTERM if number == SIGTERM else SIGINT) == 0
        await ear.until_said(f"{BASE}/bridge/state", b'{"state":"offline"}')

    house.hear(watch)
    assert "Traceback" not in house.gateway.said
    assert (house.file.parent / "opencombiner.db").stat().st_size > 0


def test_a_killed_gateway_is_reported_by_the_broker(house: House) -> None:
    async def watch(ear: Listener) -> None:
        await ear.until(lambda: _all(ear, "state", _producing))
        house.gateway.stop(SIGKILL)
        await ear.until_said(f"{BASE}/bridge/state", b'{"state":"offline"}')

    house.hear(watch)


def test_a_pulled_link_is_offline_until_it_is_back(house: House, tmp_path: Path) -> None:
    async def watch(ear: Listener) -> None:
        await ear.until(lambda: _all(ear, "state", _producing))
        house.emulator.stop(SIGKILL)
        await ear.until(lambda: _all(ear, "availability", lambda word: word["state"] == "offline"))
        await ear.until(lambda: _all(ear, "state", lambda state: state["quality"] == "stale"))
        since = len(ear.heard)
        with command(tmp_path / "emulator-2.log", "emulate", str(house.file)):
            await ear.until(lambda: _all(ear, "state", _producing, since=since))
            await ear.until(lambda: _all(ear, "availability", lambda word: word["state"] == "online", since=since))
            assert house.gateway.stop() == 0

    house.hear(watch)
    lines = [json.loads(line)["event"] for line in house.gateway.said.splitlines()]
    since_up = lines[lines.index("link_up") :]  # at first the emulator may not be there yet
    assert (since_up.count("link_up"), since_up.count("link_down")) == (2, 1)


def test_a_broker_that_comes_back_empty_hears_everything_again(house: House) -> None:
    async def before(ear: Listener) -> None:
        await ear.until(lambda: _all(ear, "state", _producing))

    async def after(ear: Listener) -> None:
        await ear.until(lambda: _all(ear, "state", _producing))
        await ear.until(lambda: ear.last(f"{BASE}/bridge/state") == {"state": "online"})
        configs = {said.topic for said in ear.heard if said.topic.startswith("homeassistant/device/")}
        assert len(configs) == len(UNITS) + 2

    house.hear(before)
    house.broker.stop()
    house.broker.start()
    house.hear(after)
