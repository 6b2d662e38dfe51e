import pytest

from protocols.decode import identify
from protocols.errors import RemoteProtocolError
from protocols.vendors.rockcore.kinds import KINDS
from tests.support.vectors import Vector, load

VECTORS = load("rockcore")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_payload_tells_what_it_is(vector: Vector) -> None:
    verdict = identify(KINDS, [vector.raw])
    assert (verdict.kind, verdict.alternatives) == (vector.decoded["kind"], ())
    assert verdict.guessed is (vector.name == "values that no unit can measure")


def test_what_is_no_quantity_is_shown_as_it_came() -> None:
    [vector] = [vector for vector in VECTORS if vector.name == "keys that nobody knows"]
    assert identify(KINDS, [vector.raw]).decoded.fields == {
        "t": 1782035999500,
        "p3": 0,
        "p8": 0,
        "ctrl1_1": 2760,
        "zz": "x",
        "answer": "0",
    }


def test_a_message_is_one_payload() -> None:
    with pytest.raises(RemoteProtocolError, match="2 payloads; a message is one"):
        identify(KINDS, [b"{}", b"{}"])
