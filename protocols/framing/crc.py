"""Cyclic redundancy checks."""

from functools import reduce
from operator import xor


def _table(poly: int) -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ poly if crc & 1 else crc >> 1
        rows.append(crc)
    return tuple(rows)


_MODBUS = _table(0xA001)


def crc16_modbus(frame: bytes | bytearray) -> int:
    """Return the CRC-16 of Modbus RTU: reflected polynomial 0xA001, initial value 0xFFFF."""
    crc = 0xFFFF
    for byte in frame:
        crc = crc >> 8 ^ _MODBUS[(crc ^ byte) & 0xFF]
    return crc


def _table_msb(poly: int) -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ poly if crc & 0x8000 else crc << 1) & 0xFFFF
        rows.append(crc)
    return tuple(rows)


_UMTS = _table_msb(0x8005)


def crc16_umts(frame: bytes | bytearray) -> int:
    """Return the CRC-16/UMTS: polynomial 0x8005, not reflected, initial value 0."""
    crc = 0
    for byte in frame:
        crc = (crc << 8 & 0xFFFF) ^ _UMTS[crc >> 8 ^ byte]
    return crc


def crc8_xor(frame: bytes | bytearray) -> int:
    """Return the CRC-8 with polynomial x^8 + 1, initial value 0: the exclusive or of all bytes.

    It sees neither swapped bytes nor two equal errors in one bit.
    """
    return reduce(xor, frame, 0)
