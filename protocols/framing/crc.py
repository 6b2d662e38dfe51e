"""Cyclic redundancy checks."""


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
