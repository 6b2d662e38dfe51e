"""Serial numbers and families: 12 decimal digits, on the air one digit per nibble."""

from collections.abc import Mapping
from enum import Enum

from protocols.errors import ConfigError, RemoteProtocolError

SERIAL_BYTES = 6
DIGITS = 2 * SERIAL_BYTES


class Family(Enum):
    """Units whose answers are built alike."""

    YC500 = "YC500"
    YC600 = "YC600"
    YC1000 = "YC1000"
    QS1 = "QS1"
    QS1A = "QS1A"
    DS3 = "DS3"
    QS2 = "QS2"
    QT2 = "QT2"


PREFIXES: Mapping[str, Family] = {  # first three digits
    **dict.fromkeys(("403", "404"), Family.YC500),
    **dict.fromkeys(("406", "407", "408", "409"), Family.YC600),
    **dict.fromkeys(("501", "502", "503", "504"), Family.YC1000),
    **dict.fromkeys(("801", "802", "805"), Family.QS1),
    **dict.fromkeys(("804", "806"), Family.QS1A),  # mixed with QS1: the length of its answers tells
    **dict.fromkeys(("702", "703", "704", "705", "706", "707"), Family.DS3),
    "901": Family.QT2,
}
_TENS: Mapping[str, Family] = {  # first digit: for units that may be encrypted, and for new prefixes
    "4": Family.YC600,
    "5": Family.YC1000,
    "7": Family.DS3,
    "8": Family.QS1,
    "9": Family.QT2,
}
MODEL_BYTES: Mapping[int, Family] = {
    0x05: Family.YC1000,
    0x06: Family.YC1000,
    0x07: Family.YC600,
    0x17: Family.YC600,
    0x08: Family.QS1,
    0x18: Family.QS1A,
    **dict.fromkeys((0x20, 0x21, 0x22), Family.DS3),  # every captured DS3, -L, -H and -S says 20
    **dict.fromkeys((0x29, 0x30, 0x31, 0x32), Family.QT2),
    0x36: Family.QS2,
}
PORTS: Mapping[Family, int] = {
    Family.YC500: 2,
    Family.YC600: 2,
    Family.YC1000: 4,
    Family.QS1: 4,
    Family.QS1A: 4,
    Family.DS3: 2,
    Family.QS2: 4,
    Family.QT2: 4,
}
_MAY_ENCRYPT = ("20", "42", "72", "82")
SERIALS = tuple(  # read as hexadecimal numbers; QS1 first
    range(int(prefix, 16) << bits, int(prefix, 16) + 1 << bits)
    for prefix in (*sorted(PREFIXES, key=lambda prefix: (prefix[0] != "8", prefix)), *_MAY_ENCRYPT)
    for bits in (4 * (DIGITS - len(prefix)),)
)


def family(serial: str) -> Family | None:
    """Return the family that a serial's first digits tell, None for one that no source knows."""
    return PREFIXES.get(serial[:3]) or _TENS.get(serial[:1])


def may_encrypt(serial: str) -> bool:
    """Tell whether a unit may be one of those with an encrypted link layer: second digit 2."""
    return serial[1:2] == "2"


def serial_bytes(serial: str) -> bytes:
    """Return a serial as it stands on the air; raises ConfigError when it has not 12 digits."""
    if len(serial) != DIGITS or not (serial.isascii() and serial.isdigit()):
        raise ConfigError(f"an APsystems serial number has 12 digits, not {serial!r}")
    return bytes.fromhex(serial)


def serial_of(raw: bytes) -> str:
    """Return the serial in six bytes; raises RemoteProtocolError when a nibble is no digit."""
    text = raw.hex()
    if len(raw) != SERIAL_BYTES or not text.isdigit():
        raise RemoteProtocolError(f"no serial number: {text}")
    return text
