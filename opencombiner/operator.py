"""The demo's operator: resets the alarm that needs a hand, once too early and once when its cause is gone."""

import asyncio
import json

from drivers.mqtt.session import Message, Session
from opencombiner.view import View

CODE = 9  # low insulation: latched until somebody resets it
TOO_EARLY_S = 10.0  # after the alarm: the cause still stands
REPAIRED_S = 45.0  # after the alarm: the demo's script has taken the cause away
_LOOK_S = 1.0
_SETTLED_S = 8.0  # until what was asked shows in the list of alarms


async def operate(session: Session, view: View) -> None:
    """Look after alarm CODE as an owner would, until cancelled."""
    while True:
        slot = next(iter(view.slots_with(CODE)), None)
        if slot is not None:
            await asyncio.sleep(TOO_EARLY_S)
            await _ask(session, view, slot, "reset")
            await asyncio.sleep(REPAIRED_S - TOO_EARLY_S)
            for action in ("ack", "reset"):
                await _ask(session, view, slot, action)
                await asyncio.sleep(_SETTLED_S)
        await asyncio.sleep(_LOOK_S)


async def _ask(session: Session, view: View, slot: str, action: str) -> None:
    asked = {"target": slot, "code": CODE, "action": action, "by": "demo", "transaction": f"{action} {CODE} {slot}"}
    await session.publish(Message(f"{view.prefix}/bridge/request/alarm", json.dumps(asked).encode(), qos=1))
