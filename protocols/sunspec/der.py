"""SunSpec models 701-704, 714 and 715: the same device in the words of IEEE 1547-2018.

Offsets: SunSpec DER Information Model; registers from the model's ID. What a microinverter does not have reads as not
implemented. Only the points that neither the vocabulary nor the older models have are named here.
"""

from protocols.layout import Layout, Row
from protocols.points import (
    AL1,
    AL2,
    AL3,
    DCA,
    DCV,
    DCW,
    DCWH_INJ,
    HZ,
    INV_ST,
    LNV,
    PF,
    THROT_SRC,
    TMP_CAB,
    TOT_WH_INJ,
    VA,
    VAR,
    VL1,
    VL1L2,
    VL2,
    VL2L3,
    VL3,
    VL3L1,
    W_MAX_LIM_PCT,
    W_RTG,
    A,
    Point,
    W,
)
from protocols.sunspec.models import (
    A_RTG,
    DC_EVT,
    PF_RTG,
    V_REF,
    VA_RTG,
    VAR_RTG,
    W_MAX_LIM_ENA,
    W_MAX_LIM_RVRT,
)
from protocols.sunspec.rows import count64, fixed, flags, model, number, text, uncounted, unused

AC_TYPE = Point("ACType", None, "0 single phase, 2 three phases")
ON_ST = Point("St", None, "1: on")
CONN_ST = Point("ConnSt", None, "1: connected to the grid")
DER_ALRM = Point("Alrm", None, "events, bits as EventKind")
THROT_PCT = Point("ThrotPct", "%", "share of the rating that a limit leaves")
MN_ALRM_INFO = Point("MnAlrmInfo", None, "the alarm in words")
VAR_ABS = Point("VarMaxAbsRtg", "var", "rated reactive power, absorbed")
W_MAX = Point("WMax", "W", "set active power; here the rating")
VA_MAX = Point("VAMax", "VA", "set apparent power; here the rating")
V_NOM = Point("VNom", "V", "nominal voltage in force")
A_MAX = Point("AMax", "A", "set current; here the rating")
ES = Point("ES", None, "1: may enter service")
ES_V_HI = Point("ESVHi", "%", "highest voltage to enter service")
ES_V_LO = Point("ESVLo", "%", "lowest voltage to enter service")
ES_HZ_HI = Point("ESHzHi", "Hz", "highest frequency to enter service")
ES_HZ_LO = Point("ESHzLo", "Hz", "lowest frequency to enter service")
ES_DLY = Point("ESDlyTms", "s", "delay before service")
ES_RMP = Point("ESRmpTms", "s", "ramp into service")
LIM_RVRT_PCT = Point("WMaxLimPctRvrt", "%", "limit after the revert time")
LIM_RVRT_ENA = Point("WMaxLimPctEnaRvrt", None, "1: a limit is in force after the revert time")
LIM_RVRT_REM = Point("WMaxLimPctRvrtRem", "s", "until the limit ends")
DC_STA = Point("DCSta", None, "state of a PV input")
LOC_REM = Point("LocRemCtl", None, "1: takes no commands by this way")
OP_CTL = Point("OpCtl", None, "0 stopped, 1 started")

_MAX_W = 1  # CtrlModes: bit 0; DERMode: bit 0 is grid following
_PV = 0  # PrtTyp
_VOLT_SF, _FREQ_SF, _PF_SF, _TMP_SF, _DCV_SF = -1, -3, -3, -1, -2


def measure_ac(w_sf: int = -1, a_sf: int = -2) -> Layout:
    """Return model 701; the scale factors of power and current suit the size of the plant."""
    return model(
        701,
        153,
        flags(2, "H", AC_TYPE),
        flags(3, "H", ON_ST),
        flags(4, "H", INV_ST),
        flags(5, "H", CONN_ST),
        flags(6, "I", DER_ALRM),
        *fixed("I", _MAX_W, 8),
        number(10, "h", W, w_sf),
        number(11, "h", VA, w_sf),
        number(12, "h", VAR, w_sf),
        number(13, "h", PF, _PF_SF),
        number(14, "h", A, a_sf),
        *unused("H", 15),
        number(16, "H", LNV, _VOLT_SF),
        number(17, "I", HZ, _FREQ_SF),
        count64(19, TOT_WH_INJ),
        *uncounted(23, 27, 31),
        *unused("h", 35, 37, 38, 39, 40),
        number(36, "h", TMP_CAB, _TMP_SF),
        *_line(41, AL1, VL1, VL1L2, a_sf),
        *_line(64, AL2, VL2, VL2L3, a_sf),
        *_line(87, AL3, VL3, VL3L1, a_sf),
        number(110, "H", THROT_PCT),
        flags(111, "I", THROT_SRC),
        *fixed("h", a_sf, 113),
        *fixed("h", _VOLT_SF, 114),
        *fixed("h", _FREQ_SF, 115),
        *fixed("h", w_sf, 116, 118, 119),
        *fixed("h", _PF_SF, 117),
        *fixed("h", 0, 120, 121),
        *fixed("h", _TMP_SF, 122),
        text(123, 32, MN_ALRM_INFO),
    )


def _line(at: int, current: Point, voltage: Point, to_next: Point, a_sf: int) -> tuple[Row, ...]:
    """Return the rows of one line: of power and energy no unit tells the parts."""
    return (
        *unused("h", at, at + 1, at + 2, at + 3),
        number(at + 4, "h", current, a_sf),
        number(at + 5, "H", to_next, _VOLT_SF),
        number(at + 6, "H", voltage, _VOLT_SF),
        *uncounted(at + 7, at + 11, at + 15, at + 19),
    )


def capacity(w_sf: int = -1, a_sf: int = -2) -> Layout:
    """Return model 702."""
    return model(
        702,
        50,
        number(2, "H", W_RTG, w_sf),
        *unused("H", 3, 4, 5, 6, 10, 11, 12, 13, 15, 16, 19, 20, 21, 22, 25),
        number(7, "H", VA_RTG, w_sf),
        number(8, "H", VAR_RTG, w_sf),
        number(9, "H", VAR_ABS, w_sf),
        number(14, "H", V_REF, _VOLT_SF),
        number(17, "H", A_RTG, a_sf),
        number(18, "H", PF_RTG, -2),
        *fixed("I", _MAX_W, 23),
        number(26, "H", W_MAX, w_sf),
        *unused("H", 27, 28, 29, 30, 32, 33, 34, 35, 36, 37, 39, 40, 42, 43, 44),
        number(31, "H", VA_MAX, w_sf),
        number(38, "H", V_NOM, _VOLT_SF),
        number(41, "H", A_MAX, a_sf),
        *fixed("h", w_sf, 45, 47, 48),
        *fixed("h", -2, 46),
        *fixed("h", _VOLT_SF, 49),
        *fixed("h", a_sf, 50),
        *unused("h", 51),
    )


ENTER_SERVICE = model(
    703,
    17,
    flags(2, "H", ES),
    number(3, "H", ES_V_HI, _VOLT_SF),
    number(4, "H", ES_V_LO, _VOLT_SF),
    number(5, "I", ES_HZ_HI, _FREQ_SF),
    number(7, "I", ES_HZ_LO, _FREQ_SF),
    number(9, "I", ES_DLY),
    *unused("I", 11, 15),  # random delay; time left: no unit tells it
    number(13, "I", ES_RMP),
    *fixed("h", _VOLT_SF, 17),
    *fixed("h", _FREQ_SF, 18),
)

CONTROL_AC = model(
    704,
    65,
    *unused("H", 2, 3, 8, 9, 22, 23, 30, 35, 36, 37, 44, 49, 50, 51, 52),
    *unused("I", 4, 6, 10, 12, 31, 33, 45, 47),
    flags(14, "H", W_MAX_LIM_ENA),
    number(15, "H", W_MAX_LIM_PCT, -1),
    number(16, "H", LIM_RVRT_PCT, -1),
    flags(17, "H", LIM_RVRT_ENA),
    number(18, "I", W_MAX_LIM_RVRT),
    number(20, "I", LIM_RVRT_REM),
    *unused("i", 24, 26, 38, 40),
    *unused("h", 28, 29, 42, 43, 53, 55, 56, 57, 58),
    *fixed("h", -1, 54),
    *unused("H", *range(59, 67)),
)

CONTROL = model(
    715,
    7,
    flags(2, "H", LOC_REM),
    *unused("I", 3, 5),  # heartbeats
    *fixed("H", 0, 7),  # AlarmReset: 1 is written
    flags(8, "H", OP_CTL),
)


def measure_dc(ports: int, w_sf: int = -1) -> Layout:
    """Return model 714 for `ports` inputs."""
    rows = (row for port in range(1, ports + 1) for row in _port(port, 25 * port - 5, w_sf))
    return model(
        714,
        18 + 25 * ports,
        flags(2, "I", DC_EVT),
        *fixed("H", ports, 4),
        *unused("h", 5, 19),
        number(6, "h", DCW, w_sf),
        count64(7, DCWH_INJ),
        *uncounted(11),
        *fixed("h", -3, 15),
        *fixed("h", _DCV_SF, 16),
        *fixed("h", w_sf, 17),
        *fixed("h", 0, 18),
        *rows,
    )


def _port(port: int, at: int, w_sf: int) -> tuple[Row, ...]:
    return (
        *fixed("H", _PV, at),
        *fixed("H", port, at + 1),
        *fixed("Q", 0, at + 2, at + 6),  # IDStr: none
        number(at + 10, "h", DCA, -3, port),
        number(at + 11, "H", DCV, _DCV_SF, port),
        number(at + 12, "h", DCW, w_sf, port),
        count64(at + 13, DCWH_INJ, port),
        *uncounted(at + 17),
        *unused("h", at + 21),
        flags(at + 22, "H", DC_STA, port),
        flags(at + 23, "I", DC_EVT, port),
    )
