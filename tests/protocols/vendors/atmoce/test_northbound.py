"""The M-Gateway's map against bytes that were made without it, and its whole values."""

import pytest

from protocols.vendors.atmoce import northbound as y
from tests.support.vectors import by_channel, load

VECTORS = load("m_gateway")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_the_map_says_what_its_bytes_say(vector: object) -> None:
    [each] = [one for one in VECTORS if one is vector]
    values = by_channel(y.MAP, each.decoded["values"])
    assert y.MAP.unpack(each.raw) == values
    assert y.MAP.pack(values) == each.raw


def test_a_cut_is_a_piece_of_the_map_with_zeros_around() -> None:
    values = by_channel(y.MAP, VECTORS[0].decoded["values"])
    raw = VECTORS[0].raw
    assert y.cut(values, 60066, 13) == raw[132:158]
    assert y.cut(values, 60332, 5) == raw[664:668] + bytes(6)
    assert y.cut(values, 59999, 3) == bytes(2) + raw[:4]


def test_each_register_is_at_the_edge_of_a_value_or_inside_one() -> None:
    starts = [register for register in range(y.FIRST, y.END) if y.whole(register, 1)]
    assert starts == [
        60010,
        60026,
        *(60066, 60067, 60068),
        *range(60089, 60097),
        60098,
        *(60301, 60304),
        *range(60310, 60314),
    ]  # the values of one register


def test_settings_are_whole_and_nothing_else() -> None:
    assert y.settings(60316, bytes.fromhex("fffffb5000000064")) == {y.DISPATCH_W: -1200, y.CHARGE_MAX: 100}
    assert y.settings(60304, bytes(4)) is None  # what follows is no register
    assert y.settings(60330, bytes(4)) is None
