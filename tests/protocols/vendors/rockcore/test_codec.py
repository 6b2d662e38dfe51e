"""The two messages against vectors, and against whatever else may come."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import RemoteProtocolError
from protocols.points import Channel, Value
from protocols.push import Heard
from protocols.vendors.rockcore import keys, message
from protocols.vendors.rockcore.codec import hear, values
from protocols.vendors.rockcore.message import Uplink, encode_answer, encode_uplink, parse_answer, parse_uplink
from tests.support.vectors import Vector, load

VECTORS = load("rockcore")
REPORTS = [vector for vector in VECTORS if vector.decoded["kind"] != "answer"]
ANSWERS = [vector for vector in VECTORS if vector.decoded["kind"] == "answer"]
NOON_UTC = 1_782_035_999.612


def named(found: Heard | dict[Channel, Value]) -> dict[str, Value]:
    of = found.values if isinstance(found, Heard) else found
    return {f"{c.point.name}.{c.port}" if c.port else c.point.name: value for c, value in of.items()}


@pytest.mark.parametrize("vector", REPORTS, ids=lambda vector: vector.name)
def test_a_report_is_read_and_answered_as_the_vector_says(vector: Vector) -> None:
    heard = hear(vector.raw, vector.decoded["at"] / 1000, 30.0)
    assert named(heard) == {
        name: pytest.approx(value) if isinstance(value, float) else value
        for name, value in vector.decoded["values"].items()
    }
    assert json.loads(heard.answer) == vector.decoded["answer"]
    assert heard.t_ms == vector.decoded["t"]


@pytest.mark.parametrize("vector", ANSWERS, ids=lambda vector: vector.name)
def test_an_answer_is_read_and_written_as_the_vector_says(vector: Vector) -> None:
    said = parse_answer(vector.raw)
    assert (said.kind.value, said.value) == (vector.decoded["type"], vector.decoded["value"])
    assert (said.sent_ms, said.echoed_ms) == (vector.decoded["tsend"], vector.decoded["trecv"])
    assert encode_answer(said) == vector.raw


def test_every_key_stands_in_a_vector() -> None:
    seen = {row["k"] for vector in REPORTS for row in json.loads(vector.raw)["data"]}
    inputs = [f"p{letter}{n}" for letter in "abcd" for n in (1, 2)]
    assert seen >= {"g4", "fa3", "fb3", "pa3", "pb3", "p1", "p2", "p4", "p5", "p6", "p7", *inputs}


printable = st.characters(exclude_categories=["C", "Z"])
raws = st.one_of(
    st.integers(-(1 << 53), 1 << 53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(printable, max_size=64),
)


@given(st.integers(0, 1 << 53), st.dictionaries(st.text(printable, min_size=1, max_size=64), raws, max_size=40))
def test_what_is_written_is_read_again(t_ms: int, raw: dict[str, Any]) -> None:
    payload = encode_uplink(t_ms, raw)
    if len(payload) <= message.MAX_BYTES:
        assert parse_uplink(payload) == Uplink(t_ms, raw)


@given(st.integers(0, 1 << 53), st.dictionaries(st.sampled_from([*keys.KEYS, "g4", "fa3"]), raws, max_size=20))
def test_whatever_a_unit_says_gets_an_answer_that_it_can_read(t_ms: int, raw: dict[str, Any]) -> None:
    payload = encode_uplink(t_ms, raw)
    if len(payload) > message.MAX_BYTES:
        return
    said = parse_answer(hear(payload, NOON_UTC, 30.0).answer)
    assert (said.echoed_ms, said.sent_ms, said.interval_s) == (t_ms, 1_782_035_999_612, 30)
    assert said.kind.value == ("register" if "g4" in raw else "err" if "fa3" in raw else "save")


@given(st.dictionaries(st.sampled_from(list(keys.KEYS)), raws))
def test_a_value_is_in_its_range_or_not_there(raw: dict[str, Any]) -> None:
    found = values(raw)
    for name in raw:
        key = keys.KEYS[name]
        value = found[key.channel]
        assert value is None or (isinstance(value, int | float) and key.least <= value * key.div <= key.most)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=r"no JSON|no report|a time|a row"):
        hear(noise, NOON_UTC, 30.0)


ROW = '{"k":"pa1","v":%s}'
REPORT = '{"meta":{"t":%s},"data":[%s]}'


HOSTILE = {
    "nothing": (b"", "no JSON"),
    "no text": (b"\xff\xfe\x00", "no JSON"),
    "null": (b"null", "no report"),
    "a list": (b"[]", "no report"),
    "no time": (b'{"data":[]}', "no report"),
    "an empty meta": (b'{"meta":{},"data":[]}', "no report"),
    "rows in a mapping": (b'{"meta":{"t":1},"data":{}}', "no report"),
    "brackets without end": (b"[" * 8000, "no JSON"),
    "too long": (b" " * 8193, "8193 bytes, more than 8192"),
    "a negative time": (REPORT % ("-1", ""), "a time that cannot be"),
    "a broken time": (REPORT % ("1.5", ""), "a time that cannot be"),
    "a time that is true": (REPORT % ("true", ""), "a time that cannot be"),
    "a time in quotes": (REPORT % ('"1"', ""), "a time that cannot be"),
    "a time after the end of the world": (REPORT % (1 << 54, ""), "a time that cannot be"),
    "a time that is no number": (REPORT % ("NaN", ""), "NaN is no JSON"),
    "a value that is no number": (REPORT % ("1", ROW % "NaN"), "NaN is no JSON"),
    "less than any number": (REPORT % ("1", ROW % "-Infinity"), "-Infinity is no JSON"),
    "more than any number": (REPORT % ("1", ROW % "1e999"), "a row"),
    "a number of 5000 digits": (REPORT % ("1", ROW % ("9" * 5000)), "no JSON"),
    "a number that JSON readers round": (REPORT % ("1", ROW % (1 << 60)), "a row"),
    "a null": (REPORT % ("1", ROW % "null"), "a row"),
    "a boolean": (REPORT % ("1", ROW % "true"), "a row"),
    "a list for a value": (REPORT % ("1", ROW % "[1]"), "a row"),
    "a long text": (REPORT % ("1", ROW % f'"{"x" * 65}"'), "a row"),
    "half a surrogate pair": (REPORT % ("1", ROW % '"\\ud800"'), "a row"),
    "a key with a line break": (REPORT % ("1", '{"k":"a\\nb","v":1}'), "a row"),
    "a value without a key": (REPORT % ("1", '{"v":1}'), "a row"),
    "an empty key": (REPORT % ("1", '{"k":"","v":1}'), "a row"),
    "a long key": (REPORT % ("1", f'{{"k":"{"k" * 65}","v":1}}'), "a row"),
    "a row that is a number": (REPORT % ("1", "7"), "a row"),
    "257 rows": (REPORT % ("1", ",".join(['{"k":"a","v":1}'] * 257)), "257 keys, more than 256"),
}


@pytest.mark.parametrize(("payload", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_report_is_refused(payload: bytes | str, reason: str) -> None:
    with pytest.raises(RemoteProtocolError, match=reason):
        hear(payload if isinstance(payload, bytes) else payload.encode(), NOON_UTC, 30.0)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "reset"},
        {"value": 1},
        {"value": "x" * 65},
        {"tsend": -1},
        {"trecv": None},
        {"interval": 0},
        {"interval": 90000},
    ],
    ids=str,
)
def test_a_wrong_answer_is_refused(change: dict[str, Any]) -> None:
    right = {"type": "save", "value": "0", "tsend": 2, "trecv": 1, "interval": 30}
    assert parse_answer(json.dumps(right).encode()).interval_s == 30
    with pytest.raises(RemoteProtocolError, match=r"no answer|a time"):
        parse_answer(json.dumps(right | change).encode())
