from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError
from protocols.modems.radio_bridge import Deframer, encode
from protocols.modems.radio_frame import MAX_FRAME, RadioFrame
from tests.support.vectors import load

UART = [v.raw for v in load("hoymiles") if v.decoded["kind"] == "uart_frame"]
FIRMWARE = [raw for v in load("hoymiles") if v.decoded["kind"] == "uart_firmware_record" for raw in v.frames]
payloads = st.binary(max_size=21)
either = pytest.mark.parametrize("stuffed", [True, False], ids=["stuffed", "bare"])


def frame(payload: bytes) -> bytes:
    return RadioFrame(0x95, 0x7E7F7D01, 0x7D7E7F02, 0x81, payload).encode()


@either
@pytest.mark.parametrize("raw", [*UART, *FIRMWARE], ids=lambda raw: raw.hex()[:24])
def test_a_captured_frame_is_cut_out_and_made(raw: bytes, stuffed: bool) -> None:  # noqa: FBT001 - a row
    assert Deframer(stuffed=stuffed).feed(raw) == [raw[1:-1]]
    assert encode(raw[1:-1], stuffed=stuffed) == raw


@given(st.lists(payloads, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_stuffed_frames_survive_whatever_they_hold_and_however_they_come(sent: list[bytes], rng: Random) -> None:
    stream = b"".join(encode(frame(payload), stuffed=True) for payload in sent)
    deframer, heard = Deframer(stuffed=True), list[bytes]()
    while stream:
        size = rng.randint(1, 9)
        heard += deframer.feed(stream[:size])
        stream = stream[size:]
    assert heard == [frame(payload) for payload in sent]


def test_a_bare_frame_may_hold_the_end_mark() -> None:
    held = RadioFrame(0x95, 0x7F000001, 0x7F000002, 0x81, bytes(12)).encode()
    assert Deframer(stuffed=False).feed(encode(held, stuffed=False)) == [held]


@either
@given(noise=st.binary(max_size=300))
def test_a_frame_behind_noise_is_found_and_the_buffer_stays_small(noise: bytes, stuffed: bool) -> None:  # noqa: FBT001 - a row
    deframer = Deframer(stuffed=stuffed)
    deframer.feed(noise)
    assert len(deframer) <= 2 + 2 * MAX_FRAME
    deframer.clear()
    assert deframer.feed(UART[0]) == [UART[0][1:-1]]


@either
def test_a_frame_that_was_cut_off_does_not_hide_the_next(stuffed: bool) -> None:  # noqa: FBT001 - a row
    deframer = Deframer(stuffed=stuffed)
    assert deframer.feed(UART[3][:9] + UART[4]) == [UART[4][1:-1]]
    assert deframer.dropped_bytes == 9


@pytest.mark.parametrize("size", [10, 33])
def test_a_length_that_no_radio_frame_has_is_our_mistake(size: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"a bridge frame of {size} bytes"):
        encode(bytes(size), stuffed=True)
