from hypothesis import given
from hypothesis import strategies as st

from protocols.framing import hamming
from tests.support.vectors import one


@given(st.binary(max_size=40))
def test_what_is_encoded_is_decoded(data: bytes) -> None:
    coded = hamming.encode(data)
    assert len(coded) == hamming.encoded_bytes(len(data))
    assert hamming.decode(coded)[0][: len(data)] == data


@given(st.binary(min_size=1, max_size=40), st.data())
def test_one_wrong_bit_in_a_word_is_put_right(data: bytes, draw: st.DataObject) -> None:
    bit = draw.draw(st.integers(0, 14 * len(data) - 1))
    coded = bytearray(hamming.encode(data))
    coded[bit // 8] ^= 0x80 >> bit % 8
    found, mended = hamming.decode(bytes(coded))
    assert (found[: len(data)], mended) == (data, 1)


def test_bits_off_the_air_are_read() -> None:
    vector = one("hoymiles", "cmt_air_fec_raw")
    data, mended = hamming.decode(vector.raw)
    assert (data.hex(), mended) == (vector.decoded["decoded_hex"], 0)


def test_bits_off_the_air_are_made() -> None:
    vector = one("hoymiles", "cmt_air_fec_raw")
    assert hamming.encode(bytes.fromhex(vector.decoded["decoded_hex"])) == vector.raw
