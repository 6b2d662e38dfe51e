"""What the demo has heard on MQTT: the last word of every topic, as any client would keep it."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.mqtt.session import Message

MAX_TOPICS = 2000  # a dozen for each of the demo's slots is enough; anybody may publish on this broker
MAX_NEWS = 8  # lines: what an eye takes in beside the table
MAX_PAYLOAD = 65536  # the longest of ours, the inventory, has a tenth

Payload = Mapping[str, Any]
_NOTHING: Payload = {}


@dataclass(slots=True)
class View:
    """The payloads under `prefix`, by topic below it."""

    prefix: str
    payloads: dict[str, Payload] = field(default_factory=dict)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    news: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_NEWS))

    def hear(self, message: Message) -> None:
        """Keep a message if it is one of ours."""
        topic = message.topic.removeprefix(self.prefix + "/")
        full = len(self.payloads) >= MAX_TOPICS and topic not in self.payloads
        if topic == message.topic or full or len(message.payload) > MAX_PAYLOAD:
            return
        try:
            payload = json.loads(message.payload)
        except (ValueError, RecursionError):  # not JSON, or no UTF-8; brackets without end
            return
        match payload:
            case list():
                self.lists[topic] = payload
            case {"transaction": str(asked), "status": status}:
                error = payload.get("error")
                reason = error.get("message") if isinstance(error, dict) else None
                self.news.append(f"asked: {asked}: {status}" + (f", {reason}" if reason else ""))
            case {"code": int(code), "kind": kind, "name": name, "subject": subject} if _is_shown(payload):
                self.news.append(f"{subject}: {code} {name}: {kind}")
            case dict():
                self.payloads[topic] = payload
            case _:
                pass

    def at(self, topic: str) -> Payload:
        """Return the last payload of a topic; empty while there is none."""
        return self.payloads.get(topic, _NOTHING)

    def alarms(self, slot: str) -> list[int]:
        """Return the codes of a slot's alarms that an operator should look at."""
        listed = self.lists.get(f"inverter/{slot}/alarms", [])
        shown = [alarm.get("code") for alarm in listed if isinstance(alarm, dict) and alarm.get("shown")]
        return [code for code in shown if isinstance(code, int)]

    def slots_with(self, code: int) -> list[str]:
        """Return the slots that show an alarm."""
        slots = (topic.split("/")[1] for topic in self.lists if topic.endswith("/alarms") and topic.count("/") == 2)
        return [slot for slot in slots if code in self.alarms(slot)]

    def heard_from(self, slot: str) -> bool:
        """Tell whether the unit in a slot has answered: its state carries the time of a sample."""
        return self.at(f"inverter/{slot}/state").get("ts") is not None


def _is_shown(event: Payload) -> bool:
    return event.get("kind") in _TOLD and event.get("suppression") == "none"


_TOLD = frozenset({"raise", "clear", "latched", "lockout", "ack", "reset"})
