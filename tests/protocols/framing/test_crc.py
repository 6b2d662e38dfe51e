import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.framing.crc import crc8_xor, crc16_modbus, crc16_umts

CHECK = b"123456789"  # what catalogues of CRCs are checked with


def test_the_catalogued_check_values() -> None:
    assert crc16_modbus(CHECK) == 0x4B37
    assert crc16_umts(CHECK) == 0xFEE8


def bitwise(frame: bytes) -> int:
    """The CRC-8 of the polynomial x^8 + 1, bit by bit."""
    crc = 0
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x01 if crc & 0x80 else crc << 1) & 0xFF
    return crc


@given(st.binary(max_size=64))
def test_the_exclusive_or_is_the_crc_8_of_its_polynomial(frame: bytes) -> None:
    assert crc8_xor(frame) == bitwise(frame)


@pytest.mark.parametrize(("frame", "crc"), [("957222020072220200830003008303e800b2000afd26", 0x1E), ("", 0)])
def test_a_published_crc_8(frame: str, crc: int) -> None:
    assert crc8_xor(bytes.fromhex(frame)) == crc
