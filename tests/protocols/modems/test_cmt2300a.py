import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems import cmt2300a
from tests.support.vectors import Vector, load

PACKETS = [vector for vector in load("hoymiles") if vector.decoded["kind"] == "cmt_air_after_fec"]
each_packet = pytest.mark.parametrize("vector", PACKETS, ids=lambda vector: vector.name)
frames = st.binary(min_size=1, max_size=cmt2300a.MAX_FRAME)


@each_packet
def test_a_captured_packet_is_read_and_made(vector: Vector) -> None:
    frame = bytes.fromhex(vector.decoded["frame_hex"])
    assert len(PACKETS) == 2
    assert cmt2300a.frame_of(vector.raw) == frame
    assert cmt2300a.packet(frame) == vector.raw


@each_packet
def test_a_damaged_packet_is_refused(vector: Vector) -> None:
    damaged = bytearray(vector.raw)
    damaged[5] ^= 1
    with pytest.raises(RemoteProtocolError, match="wrong CRC on the air"):
        cmt2300a.frame_of(bytes(damaged))


@given(frames, st.binary(max_size=5))
def test_a_frame_survives_the_air_and_the_noise_behind_it(frame: bytes, noise: bytes) -> None:
    assert cmt2300a.off_air(cmt2300a.on_air(frame) + noise) == frame


@pytest.mark.parametrize("bits", ["", "00", "ffff", "1b70"])
def test_noise_is_no_packet(bits: str) -> None:
    with pytest.raises(RemoteProtocolError, match="no whole packet"):
        cmt2300a.off_air(bytes.fromhex(bits))


@pytest.mark.parametrize("size", [0, 33])
def test_a_frame_that_the_chip_does_not_take_is_our_mistake(size: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"a frame of {size} bytes"):
        cmt2300a.packet(bytes(size))


def test_a_full_frame_takes_35_ms_on_the_air() -> None:
    assert cmt2300a.air_s(27) == pytest.approx(0.035, abs=0.0005)
