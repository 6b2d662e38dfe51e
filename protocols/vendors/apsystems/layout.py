"""Bodies of the answers to a poll: rulers in README.md. Offsets count from the byte behind the command.

    B1  00    02      05/06  09     0C     0F     12    14   17-1A   1B 5 bytes each …     25 or 2F       39
        temp  period  D      C      B      A      volt  up   status  energy A, B (, C, D)  power factor   open inputs
        03D4  0F4117  …                 74CF 76706A 73D06B 0496  00000000  0172072D88 017862E820  1F      a YC600

    BB  00 01    02 04    0B-0F   10   12   14   16   18    1A  1C  1E  20   24   26    28        2C
        BB model version  status  V A  V B  I A  I B  volt  Hz  up  W   var  bus  temp  energy A  energy B
        BB 20    00030003 00…     06A7 06B2 019B 01F0 0357 1389 8389 015F 001D 04F5 0C39 057F4B43 0619365A   a DS3

Slots are A, B, C, D; the ports are the sockets as printed: on a YC600 socket 1 is slot B, elsewhere socket 1 is slot A.
"""

from collections.abc import Mapping

from protocols.points import DCA, DCV, DCWH_INJ, HZ, LNV, TMP_CAB, UP_TMS, VAR, VL1, VL2, VL3, Point, W
from protocols.vendors.apsystems.family import Family
from protocols.vendors.apsystems.rows import Body, Period, PowerFactor, Row, Scaled, Triplet

STATUS = Point("Status", None, "status bits of an answer")
OPEN_INPUTS = Point("OpenInputs", None, "inputs without a module: bit 0 slot A, bit 1 slot B")
MODEL_BYTE = Point("ModelByte", None, "model byte")
MAJOR = Point("VersionMajor", None, "firmware version, before the point")
MINOR = Point("VersionMinor", None, "firmware version, behind the point")
DC_LINK = Point("DcLink", None, "probably the voltage of the DC link, raw; 0.321 V a step on a DS3")

SLOTS: Mapping[Family, str] = {  # slot of each port, in the order of the ports
    Family.YC600: "BA",
    Family.QS1: "ABCD",
    Family.QS1A: "ABCD",
    Family.DS3: "AB",
    Family.QT2: "ABCD",
}
B1_WH = 3.756e-8  # energy of one count; the unit's DC side
DS3_WH = 1.674e-5
QT2_COUNTS_PER_WH = 31_600
_ENERGY_BYTES = 5
_TEMPERATURE = Scaled(0x00, 2, TMP_CAB, mul=3300, div=4092 * 2.85, offset=-757 / 2.85)
_AC_B1 = 4 * 1.3277  # counts per volt
_B1_DC = {"A": 0x0F, "B": 0x0C, "C": 0x09, "D": 0x06}
_B1_ENERGY = {"A": 0x1B, "B": 0x20, "C": 0x25, "D": 0x2A}
_B1_CONSTANT = bytes.fromhex("00030555")  # behind the power factor in every capture, or nearly so


def _b1(kind: Family, size: int, uptime_at: int, power_factor_at: int) -> Body:
    blank = bytearray(size)
    blank[power_factor_at + 1 : power_factor_at + 5] = _B1_CONSTANT
    inputs: list[Row] = []
    for port, slot in enumerate(SLOTS[kind], start=1):
        inputs += (
            Triplet(_B1_DC[slot], port),
            Scaled(_B1_ENERGY[slot], _ENERGY_BYTES, DCWH_INJ, port, mul=B1_WH, wraps=True),
        )
    rows = (
        _TEMPERATURE,
        Period(0x02),
        Scaled(uptime_at, 2, UP_TMS, wraps=True),
        Scaled(0x12, 2, LNV, div=_AC_B1),
        Scaled(0x17, 4, STATUS),
        PowerFactor(power_factor_at),
        Scaled(0x39, 1, OPEN_INPUTS),
    )
    return Body(f"apsystems.{kind.value.lower()}", bytes(blank), (*inputs, *rows))


def _bb(kind: Family, model: int, rows: tuple[Row, ...]) -> Body:
    """Return a body of 91 bytes that begins as all of its kind do; what no row fills is FF."""
    head = bytes((0xBB, model)) + bytes(4) + b"\xff\xff" + bytes(8)
    common = (
        Scaled(0x01, 1, MODEL_BYTE),
        Scaled(0x02, 2, MAJOR),
        Scaled(0x04, 2, MINOR),
        Scaled(0x0B, 5, STATUS),
        Scaled(0x1C, 2, UP_TMS, wraps=True),
        Scaled(0x24, 2, DC_LINK),
    )
    return Body(f"apsystems.{kind.value.lower()}", head.ljust(BB_BYTES, b"\xff"), (*common, *rows))


def _ds3_input(port: int, volt_at: int, ampere_at: int, energy_at: int) -> tuple[Row, ...]:
    return (
        Scaled(volt_at, 2, DCV, port, mul=20, div=1000),
        Scaled(ampere_at, 2, DCA, port, mul=1172, div=100_000),
        Scaled(energy_at, 4, DCWH_INJ, port, mul=1674, div=100_000_000, wraps=True),
    )


BB_BYTES = 91
_DS3_ROWS = (
    Scaled(0x18, 2, LNV, mul=268, div=1000),
    Scaled(0x1A, 2, HZ, div=100),
    Scaled(0x1E, 2, W),
    Scaled(0x20, 2, VAR, signed=True),
    Scaled(0x26, 2, TMP_CAB, mul=198, div=10_000, offset=-23.84),
    *_ds3_input(1, 0x10, 0x14, 0x28),
    *_ds3_input(2, 0x12, 0x16, 0x2C),
)
_QT2_ROWS = (
    *(Scaled(at, 2, point, div=10) for point, at in ((VL1, 0x1E), (VL2, 0x20), (VL3, 0x22))),
    Scaled(0x26, 2, TMP_CAB, div=100),
    Scaled(0x28, 2, HZ, div=100),
    Scaled(0x10, 2, DCV, 1, div=26.3, also=2),
    Scaled(0x12, 2, DCV, 3, div=26.3, also=4),
    *(Scaled(0x12 + 2 * port, 2, DCA, port, div=89) for port in (1, 2, 3, 4)),
    *(Scaled(0x38 + 4 * port, 4, DCWH_INJ, port, div=QT2_COUNTS_PER_WH, wraps=True) for port in (1, 2, 3, 4)),
)
BODIES: Mapping[Family, Body] = {
    Family.YC600: _b1(Family.YC600, 80, uptime_at=0x07, power_factor_at=0x25),
    Family.QS1: _b1(Family.QS1, 80, uptime_at=0x14, power_factor_at=0x2F),
    Family.QS1A: _b1(Family.QS1A, 82, uptime_at=0x14, power_factor_at=0x2F),
    Family.DS3: _bb(Family.DS3, 0x20, _DS3_ROWS),
    Family.QT2: _bb(Family.QT2, 0x30, _QT2_ROWS),
}
WRAP_WH: Mapping[Family, int] = {  # where the energy of an input begins again at 0
    **dict.fromkeys((Family.YC600, Family.QS1, Family.QS1A), int((1 << 40) * B1_WH)),
    Family.DS3: int((1 << 32) * DS3_WH),
    Family.QT2: (1 << 32) // QT2_COUNTS_PER_WH,
}
