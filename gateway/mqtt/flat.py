"""The optional mirror: one plain value per topic, for tools that read no JSON. Pure."""

import json
from collections.abc import Iterator

from drivers.mqtt.session import Message
from gateway.mqtt.payloads import Json
from gateway.mqtt.topics import Flat, Tree


def flat(tree: Tree, slot: str, port: int, state: Json) -> Iterator[Message]:
    """Yield one retained message for each value of a slot's state (port 0) or of an input's (1 … n)."""
    for field, value in state.items():
        yield Message(tree.topic(Flat(slot, port, field)), plain(value).encode(), retain=True)


def plain(value: object) -> str:
    """Return a text as it is, a list with commas, anything else as JSON has it: a missing value is `null`."""
    if isinstance(value, list):
        return ",".join(value)
    return value if isinstance(value, str) else json.dumps(value)
