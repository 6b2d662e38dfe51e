"""The keys of an uplink: what each means, in which step, and which values can be true.

pa1 pa2 pa3   input a: power 1 W, voltage 0.5 V, energy 1 Wh        (b, c, d: the inputs 2 to 4)
p1 p2 p4 p5   AC voltage 1 V, frequency 0.01 Hz, case 1 °C, AC power 1 W (every 15 minutes)
p6 p7         energy 1 Wh from a value that the factory left, Wi-Fi signal 1 %
fa3           flags of input a, coding unknown: handed on as they are
g1 … g6       registration, coding unknown; g4 is wanted back
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.points import (
    ALRM,
    DCV,
    DCW,
    DCWH_INJ,
    HZ,
    LNV,
    SIGNAL,
    TMP_CAB,
    TOT_WH_INJ,
    Channel,
    W,
)

REGISTER, FAULTS = "g4", "fa3"  # the keys that decide how a message is answered
REPORT_S = 30.0  # between two reports, as the answers ask for
SLOW_S = 900.0  # between two reports of the AC power
_INPUTS = "abcd"
_COUNTER = 0xFFFF_FFFF  # no wrap was ever seen; this is the widest that a 32-bit processor counts


@dataclass(frozen=True, slots=True)
class Key:
    """A key's quantity: raw / `div` is its value; a raw value outside `least` … `most` means "not available"."""

    name: str
    channel: Channel
    div: int
    least: int
    most: int
    every_s: float = REPORT_S


def _of_input(letter: str, port: int) -> tuple[Key, ...]:
    return (
        Key(f"p{letter}1", Channel(DCW, port), 1, 0, 3000),
        Key(f"p{letter}2", Channel(DCV, port), 2, 0, 400),
        Key(f"p{letter}3", Channel(DCWH_INJ, port), 1, 0, _COUNTER),
    )


KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        *(key for port, letter in enumerate(_INPUTS, start=1) for key in _of_input(letter, port)),
        Key("p1", Channel(LNV), 1, 0, 500),
        Key("p2", Channel(HZ), 100, 0, 7000),
        Key("p4", Channel(TMP_CAB), 1, -60, 150),
        Key("p5", Channel(W), 1, 0, 5000, SLOW_S),
        Key("p6", Channel(TOT_WH_INJ), 1, 0, _COUNTER),
        Key("p7", Channel(SIGNAL), 1, 0, 100),
    )
}
FLAGS: Mapping[str, Channel] = {
    f"f{letter}3": Channel(ALRM, port) for port, letter in enumerate(_INPUTS, start=1)
}  # a number or a text
INPUTS = len(_INPUTS)
