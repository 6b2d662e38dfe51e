"""Every alarm code from its physical cause in a Hoymiles unit to the broker and back, over the radio."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.site import Site
from drivers.mqtt.session import Message
from emulator.instruments import Instruments
from protocols.vendors.hoymiles.events import PRIMARY
from tests.support.dtu_plant import CMT_UNITS, NRF_UNITS
from tests.support.emulated import NOON, UTRECHT
from tests.support.plant import Scene, play

pytestmark = [pytest.mark.day, pytest.mark.timeout(180)]

ROOT = "opencombiner/home"
SETTLED_S = 120.0
CAUSED_S = 900.0  # insulation is measured every ten minutes
BRIEF_S = 60.0
CURED_S = 1500.0  # the power stage rests for 5 min, the mains must fit for one, the log is read every ten
SERIALS = [serial for serial, _ in (*list(NRF_UNITS.items())[2:8], *list(CMT_UNITS.items())[1:6])]
MODELS = NRF_UNITS | CMT_UNITS
WELL = SERIALS[10]


@dataclass(frozen=True)
class Fault:
    """What causes a code, and what cures it; `latched`: it stays until it is reset."""

    instrument: str
    on: Mapping[str, float | str | None]
    off: Mapping[str, float | str | None] | None  # None: the unit recovers by itself
    latched: bool = False
    restore: str = ""

    def cause(self, door: Instruments, where: Mapping[str, str]) -> None:
        getattr(door, self.instrument)(**where, **self.on)

    def cure(self, door: Instruments, where: Mapping[str, str]) -> None:
        if self.off is not None:
            getattr(door, self.restore or self.instrument)(**where, **self.off)


FAULTS = {
    1: Fault("module_swap", {"kind": "in_series"}, {"kind": "right"}),
    2: Fault("grid_outage", {}, {}, restore="grid_restore"),
    3: Fault("grid_frequency", {"hz": 46.5}, {"hz": None}),
    4: Fault("grid_voltage", {"pu": 0.4}, {"pu": None}),
    5: Fault("grid_voltage", {"pu": 1.27}, {"pu": None}),
    6: Fault("grid_frequency", {"hz": 62.5}, {"hz": None}),
    7: Fault("dc_injection", {"ma": 60}, {"ma": None}),
    8: Fault("hardware_event", {}, None),
    9: Fault("insulation", {"ohm": 3000}, {"ohm": None}, latched=True),
    10: Fault("inverter_fault", {"code": 10}, {"code": None}, latched=True),
}
BY_CODE = dict(zip(FAULTS, SERIALS, strict=False))


def where(code: int) -> dict[str, str]:
    return {"target": f"b{code}"} if FAULTS[code].instrument.startswith("grid") else {"serial": BY_CODE[code]}


def described(folder: Path) -> Site:
    """Return a plant where each code has a unit on a branch of its own, half of them on either radio."""

    def gateway(radio: str, units: Mapping[str, str]) -> dict[str, Any]:
        own = [(n, serial) for n, serial in enumerate(SERIALS, start=1) if serial in units]
        return {
            "id": radio,
            "role": "dtu",
            "poll_s": 5,
            "link": {"medium": "serial_bridge", "radio": radio, "url": f"mem://{folder.name}-{radio}"},
            "branches": [
                {"id": f"b{n}", "inverters": [{"serial": serial, "model": MODELS[serial]}]} for n, serial in own
            ],
        }

    return Site.model_validate(
        {
            "location": UTRECHT,
            "state_dir": folder,
            "grid_profile": "de_vde_ar_n_4105_2018_11",
            "mqtt": {"url": f"mem://{folder.name}"},
            "gateways": [gateway("nrf24", NRF_UNITS), gateway("cmt2300a", CMT_UNITS)],
            "emulation": {"seed": 5, "clouds": "clear", "impairments": {"loss": 0.02}},
        }
    )


def _edges(scene: Scene, serial: str) -> list[tuple[int, str]]:
    said = scene.ear.of(f"inverter/{serial}/event")
    return [(event["code"], event["kind"]) for event in said if event["kind"] in {"raise", "clear", "latch", "reset"}]


def _listed(scene: Scene) -> dict[str, list[int]]:
    """Return the codes that are listed of each unit, where there are any."""
    lists = {s: json.loads(scene.broker.retained[f"{ROOT}/inverter/{s}/alarms"].payload) for s in SERIALS}
    return {serial: [alarm["code"] for alarm in listed] for serial, listed in lists.items() if listed}


async def _reset(scene: Scene, code: int) -> None:
    for action in ("ack", "reset"):
        mark, answers = f"{action}{code}", len(scene.ear.of("response/alarm"))
        asked = {"target": BY_CODE[code], "code": code, "action": action, "by": "ann", "transaction": mark}
        await scene.ear.publish(Message(f"{ROOT}/bridge/request/alarm", json.dumps(asked).encode(), 1))
        await scene.ear.until(partial(_answered, scene, answers))


def _answered(scene: Scene, before: int) -> bool:
    return len(scene.ear.of("response/alarm")) > before


async def _through(scene: Scene) -> None:
    door = Instruments(scene.plant)
    await asyncio.sleep(SETTLED_S)
    assert _listed(scene) == {}
    for code, fault in FAULTS.items():
        fault.cause(door, where(code))
    await asyncio.sleep(BRIEF_S)
    FAULTS[7].cure(door, where(7))  # a lasting DC component locks the unit out
    await asyncio.sleep(CAUSED_S)
    for code, fault in FAULTS.items():
        fault.cure(door, where(code))
    await asyncio.sleep(CURED_S)
    assert _listed(scene) == {BY_CODE[code]: [code] for code, fault in FAULTS.items() if fault.latched}
    for code in (9, 10):
        await _reset(scene, code)
    await asyncio.sleep(SETTLED_S)
    assert _listed(scene) == {}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return play(described(tmp_path_factory.mktemp("dtu-codes")), _through, start_utc=NOON)


@pytest.mark.parametrize("code", FAULTS)
def test_a_cause_raises_its_code_once_and_its_cure_ends_it(scene: Scene, code: int) -> None:
    edges = _edges(scene, BY_CODE[code])
    assert {number for number, _ in edges} == {code}
    kinds = [kind for _, kind in edges]
    assert kinds.count("raise") == 1
    assert kinds[0] == "raise"
    assert kinds[-1] in {"clear", "reset"}


@pytest.mark.parametrize("code", FAULTS)
def test_the_units_own_code_is_published(scene: Scene, code: int) -> None:
    told = [state.get("fault_raw") for state in scene.ear.of(f"inverter/{BY_CODE[code]}/state")]
    assert str(PRIMARY[code]) in told
    assert told[-1] == ""


def test_no_other_unit_has_an_alarm(scene: Scene) -> None:
    assert _edges(scene, WELL) == []
