import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from protocols.errors import RemoteProtocolError
from protocols.modbus import rtu
from protocols.modbus.rtu import Deframer
from tests.support.vectors import Vector, load

VECTORS = load("modbus") + load("atmoce")
REQUEST = bytes.fromhex("1103110000144269")
ANSWER = next(vector.raw for vector in VECTORS if vector.name == "17 feeds 312.4 W")
EXCEPTION = bytes.fromhex("118302c134")
LONGEST = next(vector.raw for vector in VECTORS if vector.name == "the longest answer")


def fed(*chunks: bytes) -> list[bytes]:
    deframer = Deframer()
    return [frame for chunk in chunks for frame in deframer.feed(chunk)]


def one_by_one(stream: bytes) -> list[bytes]:
    return fed(*(bytes((byte,)) for byte in stream))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_frame_is_found(vector: Vector) -> None:
    assert fed(vector.raw) == [vector.raw]
    assert one_by_one(vector.raw) == [vector.raw]
    assert fed(b"\x55\x03\xff" + vector.raw) == [vector.raw]
    assert fed(vector.raw + b"\x55\x10\xff") == [vector.raw]


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_a_frame_may_come_in_two_parts(cut: int) -> None:
    assert fed(ANSWER[:cut], ANSWER[cut:]) == [ANSWER]


def test_requests_and_answers_may_be_mixed() -> None:
    frames = [REQUEST, ANSWER, REQUEST, EXCEPTION, LONGEST, REQUEST]
    assert fed(b"".join(frames)) == frames
    assert one_by_one(b"".join(frames)) == frames
    assert one_by_one(b"\x00\x03".join(frames)) == frames


def test_every_vector_is_found_in_one_stream() -> None:
    frames = [vector.raw for vector in VECTORS]
    assert fed(b"".join(frames)) == frames
    assert one_by_one(b"".join(frames)) == frames


@pytest.mark.parametrize(
    "decoy",
    [
        pytest.param("01 03 fa 00 00", id="the head of the longest answer"),
        pytest.param("01 10 00 00 00 7b f6", id="the head of the longest write"),
        pytest.param("01 10", id="a function that needs seven bytes to know its length"),
        pytest.param("01 03 04 01 03 04 01 03 04", id="heads inside heads"),
        pytest.param("01 06 01 06 01 06", id="writes without end"),
        pytest.param("11 03 11 00 00 14 42 68", id="a request with a bad CRC"),
        pytest.param("ff ff 00 00 00 00 00 00 00", id="bytes whose CRC is zero at every length"),
    ],
)
@pytest.mark.parametrize("frame", [REQUEST, ANSWER, EXCEPTION, LONGEST], ids=["request", "answer", "exception", "long"])
def test_a_decoy_does_not_delay_the_frame_behind_it(decoy: str, frame: bytes) -> None:
    noise = bytes.fromhex(decoy)
    assert fed(noise + frame) == [frame]
    assert fed(noise, frame) == [frame]
    deframer = Deframer()
    found = [len(deframer.feed(bytes((byte,)))) for byte in noise + frame]
    assert found == [0] * (len(noise + frame) - 1) + [1]


def test_what_looks_like_a_frame_inside_a_longer_one_does_not_cost_the_longer_one() -> None:
    data = EXCEPTION.ljust(6, b"\0")
    outer = rtu.encode(17, bytes((3, len(data))) + data)
    assert fed(outer) == [outer]
    assert one_by_one(outer)[-1] == outer


def test_two_frames_inside_a_decoy_are_found() -> None:
    decoy = bytes.fromhex("0103fa")
    assert fed(decoy + REQUEST, ANSWER) == [REQUEST, ANSWER]


@pytest.mark.parametrize(
    "stream",
    ["f8 03 00 00 00 01", "11 07 00 00", "11 87 02"],
    ids=["node above 247", "unknown function", "exception of an unknown function"],
)
def test_what_cannot_be_a_frame_is_none_even_with_a_good_crc(stream: str) -> None:
    body = bytes.fromhex(stream)
    frame = rtu.encode(body[0], body[1:])
    assert fed(frame) == []


def test_what_is_no_frame_is_counted() -> None:
    deframer = Deframer()
    deframer.feed(b"\xff\xff\xff" + ANSWER + b"\xff\xff\xff\xff\xff\xff")
    assert (deframer.dropped_bytes, len(deframer)) == (5, 4)
    deframer.clear()
    assert (deframer.dropped_bytes, len(deframer)) == (9, 0)


def test_a_whole_frame_leaves_nothing_behind() -> None:
    deframer = Deframer()
    deframer.feed(ANSWER)
    assert (deframer.dropped_bytes, len(deframer)) == (0, 0)


def test_a_partial_frame_can_be_forgotten() -> None:
    deframer = Deframer()
    deframer.feed(ANSWER[:20])
    assert len(deframer) > 0
    deframer.clear()
    assert deframer.feed(ANSWER[20:]) == []
    assert deframer.feed(ANSWER) == [ANSWER]


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_noise_never_raises_and_the_buffer_stays_small(chunks: list[bytes]) -> None:
    deframer = Deframer()
    for chunk in chunks:
        deframer.feed(chunk)
        assert len(deframer) <= rtu.MAX_ADU


NOISE = st.lists(st.sampled_from([0x00, 0x01, 0x03, 0x04, 0x06, 0x10, 0x11, 0x83, 0xFA, 0xFF]) | st.integers(0, 255))


@given(NOISE.map(bytes), st.integers(1, 247), st.binary(min_size=2, max_size=60), st.integers(1, 50))
@example(bytes.fromhex("0103fa"), 1, bytes(40), 7)
def test_the_frame_behind_any_noise_is_found_when_its_last_byte_comes(
    noise: bytes, node: int, data: bytes, size: int
) -> None:
    body = data[: len(data) // 2 * 2]
    frame = rtu.encode(node, bytes((3, len(body))) + body)
    assume(not one_by_one(noise + frame[:-1]))  # by chance the noise holds a true frame, or makes one with ours
    deframer = Deframer()
    stream = noise + frame[:-1]
    for at in range(0, len(stream), size):
        assert deframer.feed(stream[at : at + size]) == []
    assert deframer.feed(frame[-1:]) == [frame]


@given(NOISE.map(bytes), st.integers(1, 64))
def test_no_byte_is_lost_from_the_count(noise: bytes, size: int) -> None:
    deframer = Deframer()
    frames = [f for at in range(0, len(noise), size) for f in deframer.feed(noise[at : at + size])]
    assume(not frames)
    assert deframer.dropped_bytes + len(deframer) == len(noise)


@pytest.mark.parametrize(
    ("adu", "complaint"),
    [
        pytest.param(b"", "ADU of 0 bytes", id="nothing"),
        pytest.param(REQUEST[:4], "ADU of 4 bytes", id="too short"),
        pytest.param(bytes(257), "ADU of 257 bytes", id="too long"),
        pytest.param(REQUEST[:-1] + b"\0", "bad CRC-16", id="damaged"),
    ],
)
def test_a_broken_adu_is_refused(adu: bytes, complaint: str) -> None:
    with pytest.raises(RemoteProtocolError, match=complaint):
        rtu.decode(adu)


def test_any_single_bit_error_is_seen() -> None:
    for bit in range(8 * len(ANSWER)):
        damaged = bytearray(ANSWER)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(RemoteProtocolError, match="bad CRC-16"):
            rtu.decode(bytes(damaged))
