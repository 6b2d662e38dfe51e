"""Every alarm code of Hoymiles units from its physical cause to a real Mosquitto: two processes, two radio bridges."""

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt.session import Message
from protocols.vendors.hoymiles.events import PRIMARY
from tests.support.listener import Listener
from tests.support.mosquitto import Mosquitto
from tests.support.ten_codes import CODES, RETEST, Code, serial
from tests.support.two_processes import watched

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(240)]

ROOT = "opencombiner/home"
CAUSED_S, RETESTED_S = 20.0, 22.0
PATIENCE_S = 120.0
WELL = 11
RADIOS = {"nrf24": ("1141722201{:02d}", "HM-600"), "cmt2300a": ("1144837610{:02d}", "HMS-1000-2T")}


def _radio(number: int) -> str:
    return list(RADIOS)[number % 2]


def _serial(number: int) -> str:
    return RADIOS[_radio(number)][0].format(number)


def _gateway(folder: Path, radio: str) -> dict[str, object]:
    """Return the units of a radio, each on a branch of its own."""
    numbers = [number for number in range(1, WELL + 1) if _radio(number) == radio]
    model = RADIOS[radio][1]
    return {
        "id": radio,
        "role": "dtu",
        "poll_s": 2,
        "link": {"url": f"pty:{folder}/{radio}", "radio": radio},
        "branches": [
            {"id": f"b{n}", "inverters": [{"slot": f"c{n}", "serial": _serial(n), "model": model}]} for n in numbers
        ],
    }


def _file(folder: Path, broker: Mosquitto) -> Path:
    script = json.dumps([*(code.cause.at(CAUSED_S) for code in CODES), RETEST.at(RETESTED_S)])
    for code in CODES:
        script = script.replace(serial(code.code), _serial(code.code))
    data = {
        "location": "daylight",
        "state_dir": str(folder),
        "grid_profile": "de_vde_ar_n_4105_2018_11",
        "mqtt": {"url": broker.url},
        "gateways": [_gateway(folder, radio) for radio in RADIOS],
        "emulation": {"seed": 5, "clouds": "clear", "script": json.loads(script)},
    }
    file = folder / "site.yaml"
    file.write_text(json.dumps(data), "utf-8")
    return file


def _events(ear: Listener, number: int) -> list[Any]:
    return [(e["code"], e["kind"]) for e in ear.of(f"inverter/c{number}/event") if e["kind"] == "raise"]


def _listed(ear: Listener, number: int) -> list[int]:
    said = ear.of(f"inverter/c{number}/alarms")
    return [alarm["code"] for alarm in said[-1]] if said else []


def _raw(ear: Listener, number: int) -> list[str]:
    return [state["fault_raw"] for state in ear.of(f"inverter/c{number}/state") if state.get("fault_raw")]


def _stands(ear: Listener, code: Code) -> bool:
    number = code.code
    return number in _listed(ear, number) and bool(_events(ear, number)) and str(PRIMARY[number]) in _raw(ear, number)


async def _watch(ear: Listener) -> None:
    await ear.until(lambda: all(_stands(ear, code) for code in CODES), PATIENCE_S)
    for code in CODES:
        assert _events(ear, code.code) == [(code.code, "raise")]
    assert (_events(ear, WELL), _listed(ear, WELL), _raw(ear, WELL)) == ([], [], [])
    asked = {"target": "c9", "code": 9, "action": "reset", "by": "ann", "transaction": "early"}
    await ear.publish(Message(f"{ROOT}/bridge/request/alarm", json.dumps(asked).encode(), 1))
    await ear.until(lambda: bool(ear.of("response/alarm")))
    [refused] = ear.of("response/alarm")
    assert (refused["status"], refused["error"]["code"]) == ("error", "condition_active")


def test_every_code_that_hoymiles_units_report_is_raised_and_listed_with_its_raw_code(tmp_path: Path) -> None:
    assert "Traceback" not in watched(tmp_path, _file, _watch)
