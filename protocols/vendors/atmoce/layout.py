"""The native blocks: rulers in README.md. Big-endian registers; a block's layout is bytes from its first register.

Live block, 20 registers at 0x1100:

    byte 0     1    2    4      8  10   12   14  16  18   20   22   24      26     30   32   34       36   38
         InvSt Led  Alrm UpTms  W  Var  LNV  A   Hz  DCV  DCA  DCW  TmpCab  TotWh  Ris  DCI  AlrmSeq  Lim  ThrotSrc
"""

from protocols.layout import Field, Layout, Row, Text
from protocols.points import (
    ALRM,
    ALRM_SEQ,
    CONN,
    DA,
    DCA,
    DCI,
    DCV,
    DCW,
    GRID_PROFILE,
    HZ,
    INV_ST,
    LED,
    LNV,
    MD,
    PROTOCOL_VR,
    RIS,
    SN,
    THROT_SRC,
    TMP_CAB,
    TOT_WH_INJ,
    UP_TMS,
    VAR,
    VR,
    W_MAX_LIM_PCT,
    W_RTG,
    A,
    Point,
    W,
)

ASSIGNMENT_AT = 0x0F00
IDENTITY_AT = 0x1000
LIVE_AT = 0x1100
CONTROL_AT = 0x1200
RECORDS_AT = 0x1300
GRID_PROFILE_AT = 0x1400

VERSION = 0x0100  # 1.0
SERIAL_CHARS = 16  # the longest serial that a site file may name
LAST_SEQ = 0xFFFF  # of alarm records: the next is 1 again
RECORDS = 16  # how many alarm records a unit keeps
STAGES = 4  # most stages of one kind: no grid code in use has more
MS_WRAP = 1 << 32  # uptime in ms wraps after 49.7 days

COMMAND = Point("Cmd", None, "command register")
ALARM_CODE = Point("AlrmCode", None, "alarm code of a record, 0: no record")
ALARM_STAGE = Point("AlrmStage", None, "protection stage that acted, 0: none")
EXTREME = Point("AlrmExtreme", None, "worst value, in the unit of the code")
CROSSED_MS = Point("AlrmCrossed", "ms", "uptime when the limit was crossed")
OPENED_MS = Point("AlrmOpened", "ms", "uptime when the relay was open")
V_NOM = Point("VNom", "V", "nominal voltage")
HZ_NOM = Point("HzNom", "Hz", "nominal frequency")
HV_AVG10 = Point("HVAvg10", "%", "limit of the 10-minute mean")
LV, LV_S = Point("LV", "%", "under-voltage stage"), Point("LVTms", "s", "trip time of it")
HV, HV_S = Point("HV", "%", "over-voltage stage"), Point("HVTms", "s", "trip time of it")
LF, LF_S = Point("LF", "Hz", "under-frequency stage"), Point("LFTms", "s", "trip time of it")
HF, HF_S = Point("HF", "Hz", "over-frequency stage"), Point("HFTms", "s", "trip time of it")
ES_V_LO, ES_V_HI = Point("ESVLo", "%", "enter service from"), Point("ESVHi", "%", "enter service up to")
ES_HZ_LO, ES_HZ_HI = Point("ESHzLo", "Hz", "enter service from"), Point("ESHzHi", "Hz", "enter service up to")
ES_DELAY_S = Point("ESDlyTms", "s", "wait before entering service")
ES_RAMP_S = Point("ESRmpTms", "s", "ramp after entering service")


def _u16(at: int, point: Point, div: int = 1, port: int = 0, mul: int = 1) -> Field:
    return Field(at, "H", point, div, port, absent=0xFFFF, mul=mul, saturates=True)


def _i16(at: int, point: Point, div: int) -> Field:
    return Field(at, "h", point, div, absent=-0x8000, saturates=True)


ASSIGNMENT = Layout("atmoce.assignment", 18, Text(0, SERIAL_CHARS, SN), Field(16, "H", DA))

IDENTITY = Layout(
    "atmoce.identity",
    54,
    Text(0, SERIAL_CHARS, SN),
    Text(16, 16, MD),
    Text(32, 16, VR),
    Field(48, "H", DA),
    Field(50, "H", W_RTG),
    Field(52, "H", PROTOCOL_VR),
)

LIVE = Layout(
    "atmoce.live",
    40,
    Field(0, "B", INV_ST),
    Field(1, "B", LED),
    Field(2, "H", ALRM),
    Field(4, "I", UP_TMS, div=1000),
    _i16(8, W, 10),
    _i16(10, VAR, 10),
    _u16(12, LNV, 10),
    _u16(14, A, 100),
    _u16(16, HZ, 100),
    _u16(18, DCV, 100, port=1),
    _u16(20, DCA, 1000, port=1),
    _u16(22, DCW, 10, port=1),
    _i16(24, TMP_CAB, 10),
    Field(26, "I", TOT_WH_INJ),
    _u16(30, RIS, mul=100),
    _i16(32, DCI, 10_000),
    Field(34, "H", ALRM_SEQ),
    _u16(36, W_MAX_LIM_PCT, 10),
    Field(38, "H", THROT_SRC),
)

CONTROL = Layout("atmoce.control", 6, _u16(0, W_MAX_LIM_PCT, 10), Field(2, "H", CONN), Field(4, "H", COMMAND))

RECORD = Layout(
    "atmoce.alarm_record",
    16,
    Field(0, "B", ALARM_CODE),
    Field(1, "B", ALARM_STAGE),
    Field(2, "H", ALRM_SEQ),
    Field(4, "i", EXTREME, div=1000, saturates=True),
    Field(8, "I", CROSSED_MS),
    Field(12, "I", OPENED_MS),
)


def _stages(at: int, limit: Point, trip_s: Point) -> tuple[Row, ...]:
    """Return the rows of STAGES stages, 6 bytes each: limit in hundredths, trip time in ms."""
    return tuple(
        row
        for port in range(1, STAGES + 1)
        for row in (
            Field(at + 6 * port - 6, "H", limit, 100, port, absent=0xFFFF),
            Field(at + 6 * port - 4, "I", trip_s, 1000, port, absent=0xFFFF_FFFF),
        )
    )


GRID_PROFILE_BLOCK = Layout(
    "atmoce.grid_profile",
    150,
    Text(0, 32, GRID_PROFILE),
    Field(32, "H", V_NOM, 10),
    Field(34, "H", HZ_NOM, 100),
    Field(36, "H", HV_AVG10, 100, absent=0xFFFF),
    *_stages(38, LV, LV_S),
    *_stages(62, HV, HV_S),
    *_stages(86, LF, LF_S),
    *_stages(110, HF, HF_S),
    Field(134, "H", ES_V_LO, 100),
    Field(136, "H", ES_V_HI, 100),
    Field(138, "H", ES_HZ_LO, 100),
    Field(140, "H", ES_HZ_HI, 100),
    Field(142, "I", ES_DELAY_S, 1000),
    Field(146, "I", ES_RAMP_S, 1000),
)
