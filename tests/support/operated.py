"""What an operator sees of a unit's ground fault at the broker, and what he asks."""

import json
from typing import Any

from drivers.mqtt.session import Message
from tests.support.listener import Listener

ROOT = "opencombiner/home"
GFDI = 9


def listed(ear: Listener, slot: str) -> list[dict[str, Any]]:
    return list(ear.last(f"{ROOT}/inverter/{slot}/alarms") or ())


def codes(ear: Listener, slot: str) -> list[int]:
    return [alarm["code"] for alarm in listed(ear, slot)]


def edges(ear: Listener, slot: str, kind: str) -> set[str]:
    """Return the ids of what was said of alarm 9, however often."""
    events = ear.of(f"inverter/{slot}/event")
    return {event["id"] for event in events if event.get("code") == GFDI and event["kind"] == kind}


async def ask(ear: Listener, slot: str, action: str) -> dict[str, Any]:
    mark = f"t{len(ear.heard)}"
    asked = {"target": slot, "code": GFDI, "action": action, "by": "ann", "transaction": mark}
    await ear.publish(Message(f"{ROOT}/bridge/request/alarm", json.dumps(asked).encode(), 1))
    answers: list[dict[str, Any]] = []

    def answered() -> bool:
        answers[:] = [said for said in ear.of("response/alarm") if said["transaction"] == mark]
        return bool(answers)

    await ear.until(answered, within_s=120.0)
    return answers[0]
