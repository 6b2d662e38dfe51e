import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems.znp.frame import MAX_DATA, MAX_FRAME, UART_BYTES, Deframer, Frame, decode_all, encode, passes
from tests.support.vectors import Vector, load

CAPTURES = [vector for vector in load("apsystems") if vector.raw[:1] == b"\xfe"]
frames = st.builds(
    Frame,
    st.builds(
        lambda kind, low, number: (kind | low) << 8 | number,
        st.sampled_from([0x20, 0x40, 0x60]),
        st.integers(0, 31),
        st.integers(0, 255),
    ),
    st.binary(max_size=MAX_DATA),
)


@pytest.mark.parametrize("vector", CAPTURES, ids=lambda vector: vector.name)
def test_captured_frames_are_cut_and_built_again(vector: Vector) -> None:
    assert b"".join(encode(frame) for frame in decode_all(vector.raw)) == vector.raw


@pytest.mark.parametrize("vector", CAPTURES, ids=lambda vector: vector.name)
def test_bytes_may_come_one_by_one_with_junk_between_them(vector: Vector) -> None:
    deframer, raw = Deframer(), b"\xf8\xf0" + vector.raw + b"\xf8"
    found = [frame for byte in raw for frame in deframer.feed(bytes((byte,)))]
    assert found == decode_all(vector.raw)
    assert deframer.dropped_bytes == 3


@given(frames, st.lists(st.binary(max_size=40), max_size=5))
def test_a_frame_behind_noise_is_found_once_the_noise_is_over(frame: Frame, noise: list[bytes]) -> None:
    deframer = Deframer()
    found = [each for chunk in noise for each in deframer.feed(chunk)]
    found += deframer.feed(encode(frame))
    found += deframer.feed(bytes(MAX_FRAME))  # whatever a start in the noise announces
    assert frame in found


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_noise_never_raises_and_never_fills_the_buffer(noise: list[bytes]) -> None:
    deframer = Deframer()
    for chunk in noise:
        deframer.feed(chunk)
        assert len(deframer) < MAX_FRAME


def test_the_start_of_a_frame_that_never_ends_hides_no_other() -> None:
    whole = Frame(0x6101, b"\x79\x07")
    deframer = Deframer()
    assert deframer.feed(b"\xfe\xf0\x44\x81" + encode(whole)) == [whole]


def test_forgetting_counts_what_is_lost() -> None:
    deframer = Deframer()
    deframer.feed(b"\xfe\x05\x44")
    deframer.clear()
    assert (len(deframer), deframer.dropped_bytes) == (0, 3)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param("FE0345C49C75006A", "bad FCS", id="a damaged frame"),
        pytest.param("FE7244810000", "ends inside", id="a frame that is cut short"),
        pytest.param("F8F8", "no ZNP frame", id="nothing but junk"),
    ],
)
def test_a_damaged_capture_says_why(raw: str, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        decode_all(bytes.fromhex(raw))


def test_a_frame_has_a_longest_length() -> None:
    with pytest.raises(LocalProtocolError, match="251 data bytes"):
        encode(Frame(0x4481, bytes(MAX_DATA + 1)))


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        pytest.param("poll_answer_yc600_B", True, id="an answer of a YC600 passes the small buffer"),
        pytest.param("poll_answer_ds3_A", False, id="an answer of a DS3 is lost in it"),
    ],
)
def test_the_small_serial_buffer(name: str, fits: bool) -> None:  # noqa: FBT001 - a column of the table
    raw = next(vector.raw for vector in CAPTURES if vector.name == name)
    assert passes(decode_all(raw)[-1], UART_BYTES) is fits
