"""Every alarm code from its physical cause to a real Mosquitto: two processes, and a pty between them."""

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt.session import Message
from tests.support.listener import Listener
from tests.support.mosquitto import Mosquitto
from tests.support.ten_codes import CODES, RETEST, Code, described
from tests.support.two_processes import watched

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(240)]

ROOT = "opencombiner/home"
CAUSED_S, RETESTED_S, CURED_S = 15.0, 17.0, 50.0
PATIENCE_S = 120.0
CURED_SOON = range(1, 7)  # 7 and 8 recover only after minutes, 9 and 10 wait for a reset


def _file(folder: Path, broker: Mosquitto) -> Path:
    script = [code.cause.at(CAUSED_S) for code in CODES] + [RETEST.at(RETESTED_S)]
    script += [code.cure.at(CURED_S) for code in CODES if code.cure is not None]
    site = described(
        folder,
        link=f"pty:{folder}/modem",
        mqtt={"url": broker.url},
        emulation={"seed": 5, "clouds": "clear", "script": script},
    )
    data = site.model_dump(mode="json") | {"location": "daylight"}
    file = folder / "site.yaml"
    file.write_text(json.dumps(data), "utf-8")
    return file


def _listed(ear: Listener, code: Code) -> list[int]:
    said = ear.of(f"inverter/{code.slot}/alarms")
    return [alarm["code"] for alarm in said[-1]] if said else []


def _edges(ear: Listener, code: Code, kind: str) -> list[Any]:
    return [e for e in ear.of(f"inverter/{code.slot}/event") if (e["code"], e["kind"]) == (code.code, kind)]


async def _ask(ear: Listener, code: Code, action: str) -> Any:
    mark = f"t{len(ear.heard)}"
    asked = {"target": code.slot, "code": code.code, "action": action, "by": "ann", "transaction": mark}
    await ear.publish(Message(f"{ROOT}/bridge/request/alarm", json.dumps(asked).encode(), 1))
    await ear.until(lambda: any(said.get("transaction") == mark for said in ear.of("response/alarm")))
    return next(said for said in ear.of("response/alarm") if said["transaction"] == mark)


async def _watch(ear: Listener) -> None:
    await ear.until(lambda: all(code.code in _listed(ear, code) for code in CODES), PATIENCE_S)
    await ear.until(lambda: all(_edges(ear, code, "raise") for code in CODES), PATIENCE_S)
    for code in CODES:
        if code.latched:
            refused = await _ask(ear, code, "reset")
            assert (refused["status"], refused["error"]["code"]) == ("error", "condition_active")
    await ear.until(lambda: all(_listed(ear, code) == [] for code in CODES if code.code in CURED_SOON), PATIENCE_S)
    for code in CODES:
        if code.latched:
            assert _listed(ear, code) == [code.code]
            assert (await _ask(ear, code, "ack"))["status"] == "ok"
            assert (await _ask(ear, code, "reset"))["status"] == "ok"
    await ear.until(lambda: all(_listed(ear, code) == [] for code in CODES if code.latched), PATIENCE_S)
    for code in CODES:
        assert len({event["id"] for event in _edges(ear, code, "raise")}) == 1


def test_every_code_is_raised_listed_and_ended_by_the_right_rule(tmp_path: Path) -> None:
    assert "Traceback" not in watched(tmp_path, _file, _watch)
