from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError
from protocols.framing.fragments import Collector, Fragment, split


@given(st.binary(max_size=192), st.integers(0, 100))
def test_fragments_in_any_order_are_the_payload(payload: bytes, seed: int) -> None:
    pieces = list(split(payload, 16, 12))
    Random(seed).shuffle(pieces)
    collector = Collector(12)
    for piece in pieces:
        assert collector.missing is not None
        assert collector.add(piece)
    assert collector.missing is None
    assert collector.payload == payload


def test_too_long_a_payload_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError, match="193 bytes are 13 fragments, at most 12"):
        list(split(bytes(193), 16, 12))


def test_what_is_missing_comes_first_then_what_follows_the_newest() -> None:
    collector = Collector(12)
    missing = [collector.missing]
    for number in (1, 4, 2, 3):
        collector.add(Fragment(number, False, b"x"))
        missing.append(collector.missing)
    assert missing == [1, 2, 2, 3, 5]


@pytest.mark.parametrize("number", [0, 4, 13])
def test_a_fragment_behind_the_last_or_of_no_number_is_dropped(number: int) -> None:
    collector = Collector(12)
    collector.add(Fragment(3, True, b"x"))
    assert not collector.add(Fragment(number, False, b"y"))
    assert len(collector) == 1


def test_a_last_fragment_ends_what_was_thought_longer() -> None:
    collector = Collector(12)
    for fragment in (Fragment(5, False, b"late"), Fragment(1, False, b"a"), Fragment(2, True, b"b")):
        collector.add(fragment)
    assert (collector.missing, collector.ended, collector.payload) == (None, True, b"ab")


def test_a_fragment_that_comes_again_is_no_news() -> None:
    collector = Collector(12)
    assert collector.add(Fragment(1, False, b"a"))
    assert not collector.add(Fragment(1, False, b"a"))
