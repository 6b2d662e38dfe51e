"""What a serial number tells: twelve hexadecimal digits, of which the first four name the product.

    1164 A00D4D9B      product 1164, radio address a0 0d 4d 9b; older serials have digits only: year, week, number

The last eight digits are the address on the radio, for inverters and DTUs alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from protocols.layout import Layout
from protocols.vendors.hoymiles import layout as y

DEFAULT_DTU = "99978563412"  # what open software calls itself; an inverter answers whoever asks
DIGITS = 12
_ADDRESS_DIGITS = 8
_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXY"  # of the short form: without I, O, Q and Z
_SHORT_CHARS = 9
_SHORT_FIRST, _SHORT_END = 0x2400_0000_0000, 0x3800_0000_0000


class Radio(Enum):
    """How a product is spoken to."""

    NRF = "nrf24"
    CMT = "cmt2300a"
    WIFI = "wifi"  # the DTU is built in: TCP 10081 only


@dataclass(frozen=True, slots=True)
class Family:
    """A product family; `layout` is that of its live payload, None where no source tells it or no radio carries it."""

    name: str
    radio: Radio
    ports: int
    phases: int
    layout: Layout | None
    generation: int = 3

    @property
    def names_dtu(self) -> bool:
        """Tell whether its answers bear the DTU's address; HM and MI repeat their own instead."""
        return self.radio is Radio.CMT


_N, _C, _W = Radio.NRF, Radio.CMT, Radio.WIFI
_ROWS = (
    ("1121", Family("HM-1T", _N, 1, 1, y.ONE_INPUT)),
    ("1141", Family("HM-2T", _N, 2, 1, y.HM_2T)),
    ("1161", Family("HM-4T", _N, 4, 1, y.HM_4T)),
    ("1124", Family("HMS-1T", _C, 1, 1, y.ONE_INPUT)),
    ("1125 1400", Family("HMS-1Tv2", _C, 1, 1, y.HMS_1T_V2)),
    ("1143 1144 1410 114A 1146", Family("HMS-2T", _C, 2, 1, y.HMS_2T)),
    ("1164 1166 1420", Family("HMS-4T", _C, 4, 1, y.HMS_4T)),
    ("1361", Family("HMT-4T", _C, 4, 3, y.HMT_4T)),
    ("1381 1382", Family("HMT-6T", _C, 6, 3, y.HMT_6T)),
    ("1520", Family("MIT-8T", _C, 4, 3, y.MIT_8T)),  # eight inputs on four trackers, and four are told
    ("2841", Family("HERF-1T", _N, 1, 1, y.HMS_1T_V2)),
    ("2821", Family("HERF-2T", _N, 2, 1, y.HMS_2T)),
    ("2801", Family("HERF-4T", _N, 4, 1, y.HM_4T)),
    ("1011 1020 1021", Family("MI-1T", _N, 1, 1, None, generation=2)),
    ("1040 1041", Family("MI-2T", _N, 2, 1, None, generation=2)),
    ("1060 1061", Family("MI-4T", _N, 4, 1, None, generation=2)),
    ("1022", Family("MI-1T", _N, 1, 1, y.ONE_INPUT)),
    ("1042", Family("MI-2T", _N, 2, 1, y.HM_2T)),
    ("1062", Family("MI-4T", _N, 4, 1, y.HM_4T)),
    ("1403 1412 1145 1165 1167 1222 1422 1423", Family("HMS-W", _W, 4, 1, None)),
    ("1362", Family("HMT-W", _W, 6, 3, None)),
)
FAMILIES: Mapping[str, Family] = {prefix: family for prefixes, family in _ROWS for prefix in prefixes.split()}

_DTU_ROWS = (
    ("10D2", "DTU-G100"),
    ("10D3 10D8 10D9 4110 4111 4130 4132 4133", "DTU-WLite"),
    ("10D6 10D7 4131", "DTU-Lite"),
    ("10F7 10F8 10FB 10FC 10FD 4100 4101 4120 4121", "DTU-Pro"),
    ("4141 4143 4144 1403 1412 1145 1165 1167 1222 1422 1423 1362", "built in"),
    ("4301", "DTS-WiFi-G1"),
    ("10C0", "meter DDSU666"),
    ("37FF", "meter DTSU666"),
)
DTUS: Mapping[str, str] = {prefix: name for prefixes, name in _DTU_ROWS for prefix in prefixes.split()}


def family(serial: str) -> Family | None:
    """Return the family of an inverter by its serial, None where the prefix tells nothing; the short form will do."""
    try:
        return FAMILIES.get(full(serial)[:4])
    except ValueError:
        return None


def carrier(serial: str) -> str | None:
    """Return the name of the radio by which an inverter is spoken to, None where the prefix tells nothing."""
    found = family(serial)
    return None if found is None else found.radio.value


def dtu_type(serial: str) -> str | None:
    """Return what kind of DTU or meter bears a serial, None where the prefix tells nothing."""
    return DTUS.get(serial.upper()[:4])


def address(serial: str) -> int:
    """Return the radio address of an inverter or a DTU. Raises ValueError when the serial has none."""
    digits = full(serial)[-_ADDRESS_DIGITS:]
    if len(digits) < _ADDRESS_DIGITS:
        raise ValueError(f"{serial!r} is too short for a serial")
    return int(digits, 16)


def inverter_address(serial: str) -> int:
    """Return the radio address of an inverter, whose serial must be whole. Raises ValueError."""
    if len(full(serial)) != DIGITS:
        raise ValueError(f"{serial!r}: the serial of an inverter has {DIGITS} digits")
    return address(serial)


def number(serial: str) -> int:
    """Return a serial as the integer that the TCP interface sends. Raises ValueError."""
    return int(full(serial), 16)


def from_number(value: int) -> str:
    """Return the serial that an integer stands for."""
    return f"{value:0{DIGITS}X}"


def short(value: int) -> str | None:
    """Return the nine characters that the label of some Wi-Fi models shows, None where a label shows all digits."""
    if not _SHORT_FIRST <= value < _SHORT_END:
        return None
    return "".join(_LETTERS[value >> place & 0x1F] for place in _PLACES)


_PLACES = (42, 37, 32, 25, 20, 15, 10, 5, 0)  # of the lowest bit of each character


def full(serial: str) -> str:
    """Return a serial in upper case, the nine characters of a short form as twelve digits. Raises ValueError."""
    shown = serial.strip().upper()
    if len(shown) != _SHORT_CHARS:
        return shown
    try:
        value = sum(_LETTERS.index(char) << place for char, place in zip(shown, _PLACES, strict=True))
    except ValueError:
        raise ValueError(f"{serial!r}: no serial has such characters") from None
    return from_number(value)
