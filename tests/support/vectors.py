"""Frames and payloads that were made without our codecs: `tests/vectors/*.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocols.layout import Layout
from protocols.points import Channel, Value

VECTORS = Path(__file__).parents[1] / "vectors"


@dataclass(frozen=True)
class Vector:
    name: str
    raw: bytes
    decoded: Mapping[str, Any]
    frames: tuple[bytes, ...] = ()  # of a message that came in several

    def payload(self) -> bytes:
        """Return what the frame carries for a layout."""
        match self.decoded.get("kind"):
            case "read_answer":
                return self.raw[3:-2]
            case "write_request":
                return self.raw[7:-2]
            case _:
                return self.raw


def load(file: str) -> list[Vector]:
    rows = json.loads((VECTORS / f"{file}.json").read_text())
    return [
        Vector(row["name"], bytes.fromhex(row["hex"]), row["decoded"], tuple(map(bytes.fromhex, row["hex"].split())))
        for row in rows
    ]


def one(file: str, name: str) -> Vector:
    return next(vector for vector in load(file) if vector.name == name)


def by_channel(layout: Layout, named: Mapping[str, Value]) -> dict[Channel, Value]:
    """Return a vector's values by channel: its keys are `point` or `point.port`."""
    names = {f"{c.point.name}.{c.port}" if c.port else c.point.name: c for c in layout.channels}
    return {names[name]: value for name, value in named.items()}
