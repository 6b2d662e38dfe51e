import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.modems import st7580
from protocols.modems.st7580 import ACK, MAX_PAYLOAD, NAK, Command, Deframer, Frame, Mib, Modulation, Status

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors" / "st7580.json").read_text())
BY_NAME = pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])
LARGEST = st7580.MAX_DATA + 5
FRAMES = st.builds(Frame, st.sampled_from(Command), st.binary(max_size=255))


def frame_of(vector: dict[str, Any]) -> Frame:
    return Frame(Command[vector["decoded"]["command"]], bytes.fromhex(vector["decoded"]["data"]))


@BY_NAME
def test_a_vector_is_what_we_would_send(vector: dict[str, Any]) -> None:
    assert st7580.encode(frame_of(vector)) == bytes.fromhex(vector["hex"])


@BY_NAME
def test_a_vector_decodes_among_noise_byte_by_byte(vector: dict[str, Any]) -> None:
    deframer = Deframer()
    stream = b"\xff\x00" + bytes.fromhex(vector["hex"]) + b"\xee"
    heard = [item for byte in stream for item in deframer.feed(bytes((byte,)))]
    assert heard == [frame_of(vector)]
    assert deframer.dropped_bytes == 3


@BY_NAME
def test_only_requests_and_indications_carry_a_payload(vector: dict[str, Any]) -> None:
    expected = vector["decoded"]["payload"]
    if expected is None:
        with pytest.raises(RemoteProtocolError, match="no payload in"):
            st7580.payload_of(frame_of(vector))
    else:
        assert st7580.payload_of(frame_of(vector)) == bytes.fromhex(expected)


def test_a_repeated_frame_starts_with_another_stx() -> None:
    frame = Frame(Command.PING_REQ, b"\x01")
    assert st7580.encode(frame, repeated=True) == b"\x03" + st7580.encode(frame)[1:]
    assert Deframer().feed(st7580.encode(frame, repeated=True)) == [frame]


def test_handshake_and_status_stand_between_frames() -> None:
    stream = b"\x3f\x02\x06" + st7580.encode(st7580.confirmation()) + b"\x15\x3f\x00"
    assert Deframer().feed(stream) == [Status(2), ACK, st7580.confirmation(), NAK, Status(0)]
    assert [st7580.encode(item) for item in (ACK, NAK, Status(7))] == [b"\x06", b"\x15", b"\x3f\x07"]


@pytest.mark.parametrize(("value", "busy"), [(0x00, False), (0x01, False), (0x02, True), (0x04, True), (0xF9, False)])
def test_status_tells_whether_the_modem_is_busy(value: int, busy: bool) -> None:  # noqa: FBT001 - a row
    assert Status(value).busy is busy


def test_requests_are_built_from_the_ruler() -> None:
    assert st7580.mib_write(Mib.MODEM_CONFIGURATION, b"\x11") == Frame(Command.MIB_WRITE_REQ, b"\x00\x11")
    assert st7580.mib_read(Mib.FIRMWARE_VERSION) == Frame(Command.MIB_READ_REQ, b"\x0a")
    options = st7580.data_options(Modulation.BPSK_CODED, zero_crossing=True)
    assert st7580.data_request(b"\x01\x02", options) == Frame(Command.DL_DATA_REQ, b"\xc4\x01\x02")


def test_what_the_modem_cannot_carry_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError, match="payload of 243 bytes"):
        st7580.data_request(bytes(MAX_PAYLOAD + 1), 0)
    with pytest.raises(LocalProtocolError, match="payload of 0 bytes"):
        st7580.data_request(b"", 0)
    with pytest.raises(LocalProtocolError, match="frame of 256 data bytes"):
        st7580.encode(Frame(Command.MIB_WRITE_REQ, bytes(256)))
    with pytest.raises(LocalProtocolError, match=r"indication of 3 \+ 1 bytes"):
        st7580.indication(b"\x01", bytes(3))
    with pytest.raises(LocalProtocolError, match="confirmation of 4 bytes"):
        st7580.confirmation(bytes(4))
    assert st7580.payload_of(st7580.data_request(bytes(MAX_PAYLOAD), 0)) == bytes(MAX_PAYLOAD)


def test_a_wrong_checksum_counts_as_damage_and_the_next_frame_is_found() -> None:
    deframer = Deframer()
    good = st7580.encode(st7580.indication(b"\xaa\xbb\xcc"))
    bad = good[:-1] + bytes((good[-1] ^ 0x40,))
    assert deframer.feed(bad + good) == [st7580.indication(b"\xaa\xbb\xcc")]
    assert deframer.damaged == 1


def test_a_false_start_does_not_swallow_the_frame_behind_it() -> None:
    deframer = Deframer()
    frame = st7580.indication(b"\xaa\xbb")
    assert deframer.feed(b"\x02\xff\x52" + st7580.encode(frame)) == [frame]
    assert deframer.dropped_bytes == 3
    assert len(deframer) == 0


def test_clear_forgets_half_a_frame() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\x02\x08\x52\x01") == []
    deframer.clear()
    assert (len(deframer), deframer.dropped_bytes) == (0, 4)


@given(st.lists(st.binary(max_size=600), max_size=8))
def test_noise_never_raises_and_the_buffer_stays_below_one_frame(chunks: list[bytes]) -> None:
    deframer = Deframer()
    heard = 0
    for chunk in chunks:
        heard += sum(len(st7580.encode(item)) for item in deframer.feed(chunk))
        assert len(deframer) < LARGEST
    assert heard + deframer.dropped_bytes + len(deframer) == sum(map(len, chunks))


@given(st.lists(FRAMES, max_size=5), st.integers(0, 2**32))
def test_frames_survive_any_cut_of_the_stream(frames: list[Frame], seed: int) -> None:
    rng = random.Random(seed)
    stream = b"".join(map(st7580.encode, frames))
    deframer = Deframer()
    heard: list[st7580.Item] = []
    while stream:
        size = rng.randint(1, 40)
        heard += deframer.feed(stream[:size])
        stream = stream[size:]
    assert heard == frames


@given(st.binary(max_size=300), FRAMES)
def test_a_frame_is_found_after_any_noise(noise: bytes, frame: Frame) -> None:
    deframer = Deframer()
    deframer.feed(noise)
    deframer.clear()
    assert deframer.feed(st7580.encode(frame)) == [frame]
    deframer.feed(noise)
    flood = st7580.encode(frame) * (LARGEST // len(st7580.encode(frame)) + 2)
    assert frame in deframer.feed(flood)
