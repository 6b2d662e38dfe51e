"""What the demo has heard on MQTT: the last word of every topic, as any client would keep it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.mqtt.session import Message

MAX_TOPICS = 2000  # a dozen for each of the demo's slots is enough; anybody may publish on this broker
MAX_PAYLOAD = 65536  # the longest of ours, the inventory, has a tenth

Payload = Mapping[str, Any]
_NOTHING: Payload = {}


@dataclass(slots=True)
class View:
    """The payloads under `prefix`, by topic below it."""

    prefix: str
    payloads: dict[str, Payload] = field(default_factory=dict)

    def hear(self, message: Message) -> None:
        """Keep a message if it is one of ours."""
        topic = message.topic.removeprefix(self.prefix + "/")
        full = len(self.payloads) >= MAX_TOPICS and topic not in self.payloads
        if topic == message.topic or full or len(message.payload) > MAX_PAYLOAD:
            return
        try:
            payload = json.loads(message.payload)
        except ValueError:  # not JSON, or no UTF-8
            return
        if isinstance(payload, dict):
            self.payloads[topic] = payload

    def at(self, topic: str) -> Payload:
        """Return the last payload of a topic; empty while there is none."""
        return self.payloads.get(topic, _NOTHING)

    def heard_from(self, slot: str) -> bool:
        """Tell whether the unit in a slot has answered: its state carries the time of a sample."""
        return self.at(f"inverter/{slot}/state").get("ts") is not None
