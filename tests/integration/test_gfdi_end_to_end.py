"""A ground fault of an APsystems unit through processes: emulator, pairing, gateway, and a real broker."""

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hil.instruments import InstrumentError
from hil.instruments.remote import RemoteEmulator
from protocols.vendors.apsystems.led import Led
from tests.support.listener import Listener, listening
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.operated import GFDI, ask, codes, edges, listed
from tests.support.processes import Command, command
from tests.support.zigbee_plant import DS3, QS1, described

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(240)]

SLOT = "roof1"
DAMAGED_OHM, PATIENCE_S, LOOK_S = 5_000.0, 60.0, 0.5


def _file(folder: Path, broker: Mosquitto) -> Path:
    site = described(folder, link={"url": f"pty:{folder}/coordinator"}, broker=broker.url, poll_s=1.0, activated=False)
    data = site.model_dump(mode="json") | {"location": "daylight"}
    file = folder / "site.yaml"
    file.write_text(json.dumps(data), "utf-8")
    return file


@contextmanager
def gateway(folder: Path, file: Path) -> Iterator[Command]:
    """Run a gateway and stop it in order."""
    with command(folder / "gateway.log", "run", str(file)) as running:
        yield running
        assert running.stop() == 0
        assert "Traceback" not in running.said


async def connected(address: str) -> RemoteEmulator:
    """Return the emulator's instruments once it listens."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await RemoteEmulator.open(address)
            except InstrumentError:
                await asyncio.sleep(0.2)


async def damaged(emulator: RemoteEmulator, ear: Listener) -> None:
    """Damage a cable, and let the unit look at once; wait until the broker knows."""
    await emulator.act("", "insulation", {"serial": QS1, "ohm": DAMAGED_OHM})
    await emulator.act("", "restart", {"serial": QS1})
    await ear.until(lambda: codes(ear, SLOT) == [GFDI], PATIENCE_S)
    assert listed(ear, SLOT)[0]["cause"] == "gfdi"


async def refused(ear: Listener) -> None:
    answer = await ask(ear, SLOT, "reset")
    assert (answer["status"], answer["error"]["code"]) == ("error", "condition_active")


async def shows(emulator: RemoteEmulator, lamp: Led) -> None:
    """Return once the unit's lamp shows something."""
    for _ in range(round(PATIENCE_S / LOOK_S)):
        if (await emulator.read())[f"{SLOT}.led"] == lamp:
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"the lamp never showed {lamp.name}")


async def up(address: str) -> None:
    """Return once the emulator serves."""
    (await connected(address)).close()


async def said(process: Command, words: str) -> None:
    """Return once a process has said something."""
    for _ in range(round(PATIENCE_S / LOOK_S)):
        if words in process.said:
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError(process.said)


async def before_the_restart(broker: str, address: str) -> None:
    async with listening(broker) as ear:
        emulator = await connected(address)
        await ear.until(lambda: bool(ear.of(f"inverter/{SLOT}/state")), PATIENCE_S)
        await damaged(emulator, ear)
        await refused(ear)
        emulator.close()


async def after_the_restart(broker: str, address: str) -> None:
    async with listening(broker) as ear:
        emulator = await connected(address)
        await emulator.act("", "restart", {"serial": QS1})
        await shows(emulator, Led.RED_STEADY)
        before = len(ear.of(f"inverter/{SLOT}/state"))
        await ear.until(lambda: len(ear.of(f"inverter/{SLOT}/state")) > before + 1, PATIENCE_S)
        assert codes(ear, SLOT) == [GFDI]
        await refused(ear)
        await emulator.act("", "insulation", {"serial": QS1, "ohm": None})
        assert (await ask(ear, SLOT, "ack"))["status"] == "ok"
        assert codes(ear, SLOT) == [GFDI]
        assert (await ask(ear, SLOT, "reset"))["status"] == "ok"
        await ear.until(lambda: codes(ear, SLOT) == [], PATIENCE_S)
        await shows(emulator, Led.RED_FLASHING)  # it does not feed before the grid was good for a minute
        assert edges(ear, SLOT, "raise") == set()
        emulator.close()


def test_pair_run_raise_restart_refuse_clear(tmp_path: Path) -> None:
    broker, address = Mosquitto(tmp_path), f"127.0.0.1:{free_port()}"
    broker.start()
    file = _file(tmp_path, broker)
    with ExitStack() as stack:
        stack.callback(broker.stop)
        with command(tmp_path / "early.log", "pair", str(file)) as pairing:
            assert (pairing.wait(), "is missing: is it plugged in?" in pairing.said) == (1, True)
        stack.enter_context(command(tmp_path / "emulator.log", "emulate", str(file), "--control", address))
        asyncio.run(up(address))
        with command(tmp_path / "stopped.log", "pair", str(file), DS3, "--log-level", "info") as pairing:
            asyncio.run(said(pairing, "link_up"))
            assert pairing.stop(signal.SIGINT) == 130
        with command(tmp_path / "pair.log", "pair", str(file), QS1) as pairing:
            assert pairing.wait() == 0
            assert f"{SLOT} ({QS1}): paired, its address is " in pairing.said
        with gateway(tmp_path, file):
            asyncio.run(before_the_restart(broker.url, address))
            with command(tmp_path / "busy.log", "pair", str(file), DS3) as pairing:
                assert pairing.wait() == 3
                assert "another daemon uses" in pairing.said
        with gateway(tmp_path, file):
            asyncio.run(after_the_restart(broker.url, address))
