"""A round trip proves nothing about offsets: every layout is held against bytes that were made without it."""

import pytest

from protocols.layout import Layout
from protocols.points import Channel, Value
from tests.support.layouts import every_layout
from tests.support.vectors import VECTORS, Vector, by_channel, load

LAYOUTS = every_layout()
ALL = [vector for file in sorted(VECTORS.glob("*.json")) for vector in load(file.stem) if "layout" in vector.decoded]


def slots(vector: Vector) -> list[tuple[Layout, bytes, dict[Channel, Value]]]:
    layout = LAYOUTS[vector.decoded["layout"]]
    rows = vector.decoded.get("slots") or [vector.decoded["values"]]
    payload = vector.payload()
    cut = [payload[at : at + layout.size] for at in range(0, len(payload), layout.size)]
    return [(layout, part, by_channel(layout, row)) for part, row in zip(cut, rows, strict=True)]


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector.name)
def test_a_layout_reads_the_vector(vector: Vector) -> None:
    for layout, payload, values in slots(vector):
        assert layout.unpack(payload) == values


@pytest.mark.parametrize("vector", ALL, ids=lambda vector: vector.name)
def test_a_layout_writes_the_vector(vector: Vector) -> None:
    for layout, payload, values in slots(vector):
        assert layout.pack(values) == payload


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_every_layout_has_a_vector(name: str) -> None:
    assert name in {vector.decoded["layout"] for vector in ALL}


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_in_some_vector_every_field_of_a_layout_differs_from_its_neighbour(name: str) -> None:
    """A swap of two fields must show: no two channels may agree in all vectors of a layout."""
    layout = LAYOUTS[name]
    columns: dict[Channel, list[Value]] = {channel: [] for channel in layout.channels}
    for vector in ALL:
        if vector.decoded["layout"] == name:
            for _, _, values in slots(vector):
                for channel, value in values.items():
                    columns[channel].append(value)
    seen = list(columns.values())
    assert len({repr(column) for column in seen}) == len(seen)
