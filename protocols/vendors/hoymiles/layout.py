"""Payloads after reassembly, without their CRC-16; rulers in README.md.

Every payload begins with a word that is 1 wherever it was seen; in the configuration newer firmware says 3.
"""

from protocols.layout import Field, Layout, Row
from protocols.points import (
    AL1,
    AL2,
    AL3,
    DCA,
    DCV,
    DCW,
    DCWH_DAY,
    DCWH_INJ,
    HZ,
    LNV,
    PF,
    TMP_CAB,
    VAR,
    VL1,
    VL1L2,
    VL2,
    VL2L3,
    VL3,
    VL3L1,
    W_MAX_LIM_PCT,
    A,
    Point,
    W,
)

WORD = Point("Word", None, "first word of a payload")
EVT_CNT = Point("EvtCnt", None, "event counter: the alarm log has grown when it changes")
FW = Point("FwVr", None, "firmware, 10000 major + 100 minor + patch")
BUILT_YEAR = Point("FwYear", None, "year of the firmware's build")
BUILT_DAY = Point("FwDay", None, "month and day of it, 100 month + day")
BUILT_AT = Point("FwTime", None, "time of it, 100 hour + minute")
BOOTLOADER = Point("BootVr", None, "boot loader")
HW_PART = Point("HwPart", None, "hardware part number, eight hexadecimal digits")
HW_VR = Point("HwVr", None, "hardware version, major in the high byte")
PROFILE_ID = Point("GridProfileId", None, "identity of the grid profile")
PROFILE_VR = Point("GridProfileVr", None, "version of it: nibble . nibble . byte")
VAR_LIM_PCT = Point("VarLimPct", "%", "reactive power limit")
PF_SET = Point("PFSet", "1", "power factor that was set")
RECEIVED = Point("RxCnt", None, "requests that the unit has received")
SENT = Point("TxCnt", None, "requests that the DTU has sent to it")
ALRM_WORD = Point("AlrmWord", None, "word of an alarm record: code and flags")
ALRM_NUMBER = Point("AlrmNumber", None, "running number of a record")
ALRM_START = Point("AlrmStart", "s", "begin, in the half day of the unit's clock")
ALRM_END = Point("AlrmEnd", "s", "end, in the half day; 0: not over")
ALRM_DATA1 = Point("AlrmData1", None, "what was measured")
ALRM_DATA2 = Point("AlrmData2", None, "what was measured, second value")

FIRST_WORD = 1  # what WORD is
_WORD = Field(0, "H", WORD)


def _dc(port: int, *, v: int | None, a: int, w: int, wh: int, day: int) -> tuple[Row, ...]:
    """Return the rows of one input; `v` None: it shares the voltage of the input before."""
    rows = (Field(a, "H", DCA, 100, port), Field(w, "H", DCW, 10, port))
    counters = (Field(wh, "I", DCWH_INJ, port=port), Field(day, "H", DCWH_DAY, port=port))
    return (*rows, *counters) if v is None else (Field(v, "H", DCV, 10, port), *rows, *counters)


def _ac(at: int) -> tuple[Row, ...]:
    """Return the rows of a single-phase AC side, 16 bytes."""
    return (
        Field(at, "H", LNV, 10),
        Field(at + 2, "H", HZ, 100),
        Field(at + 4, "H", W, 10),
        Field(at + 6, "h", VAR, 10),
        Field(at + 8, "H", A, 100),
        Field(at + 10, "H", PF, 1000),
        Field(at + 12, "h", TMP_CAB, 10),
        Field(at + 14, "H", EVT_CNT),
    )


def _voltages(at: int) -> tuple[Row, ...]:
    return tuple(Field(at + 2 * n, "H", point, 10) for n, point in enumerate((VL1, VL2, VL3, VL1L2, VL2L3, VL3L1)))


def _currents(at: int) -> tuple[Row, ...]:
    return tuple(Field(at + 2 * n, "H", point, 100) for n, point in enumerate((AL1, AL2, AL3)))


ONE_INPUT = Layout("hoymiles.realtime_1t", 30, _WORD, *_dc(1, v=2, a=4, w=6, wh=8, day=12), *_ac(14))
HM_2T = Layout(
    "hoymiles.realtime_hm_2t",
    42,
    _WORD,
    *_dc(1, v=2, a=4, w=6, wh=14, day=22),
    *_dc(2, v=8, a=10, w=12, wh=18, day=24),
    *_ac(26),
)
HMS_2T = Layout(
    "hoymiles.realtime_hms_2t",
    42,
    _WORD,
    *_dc(1, v=2, a=6, w=10, wh=14, day=22),
    *_dc(2, v=4, a=8, w=12, wh=18, day=24),
    *_ac(26),
)
HMS_1T_V2 = Layout("hoymiles.realtime_hms_1t_v2", 42, _WORD, *_dc(1, v=2, a=6, w=10, wh=14, day=22), *_ac(26))
HM_4T = Layout(
    "hoymiles.realtime_hm_4t",
    62,
    _WORD,
    *_dc(1, v=2, a=4, w=8, wh=12, day=20),
    *_dc(2, v=None, a=6, w=10, wh=16, day=22),
    *_dc(3, v=24, a=26, w=30, wh=34, day=42),
    *_dc(4, v=None, a=28, w=32, wh=38, day=44),
    *_ac(46),
)
HMS_4T = Layout(
    "hoymiles.realtime_hms_4t",
    66,
    _WORD,
    *_dc(1, v=2, a=6, w=10, wh=14, day=22),
    *_dc(2, v=4, a=8, w=12, wh=18, day=24),
    *_dc(3, v=26, a=30, w=34, wh=38, day=46),
    *_dc(4, v=28, a=32, w=36, wh=42, day=48),
    *_ac(50),
)
_THREE_PHASE_TAIL = (
    *_voltages(68),
    Field(80, "H", HZ, 100),
    Field(82, "H", W, 10),
    Field(84, "h", VAR, 10),
    *_currents(86),
    Field(92, "H", PF, 1000),
    Field(94, "h", TMP_CAB, 10),
    Field(96, "H", EVT_CNT),
)
_FOUR_OF_SIX = (
    *_dc(1, v=2, a=4, w=8, wh=12, day=20),
    *_dc(2, v=None, a=6, w=10, wh=16, day=22),
    *_dc(3, v=24, a=26, w=30, wh=34, day=42),
    *_dc(4, v=None, a=28, w=32, wh=38, day=44),
)
HMT_4T = Layout("hoymiles.realtime_hmt_4t", 98, _WORD, *_FOUR_OF_SIX, *_THREE_PHASE_TAIL)
HMT_6T = Layout(
    "hoymiles.realtime_hmt_6t",
    98,
    _WORD,
    *_FOUR_OF_SIX,
    *_dc(5, v=46, a=48, w=52, wh=56, day=64),
    *_dc(6, v=None, a=50, w=54, wh=60, day=66),
    *_THREE_PHASE_TAIL,
)
MIT_8T = Layout(  # one group per tracker: which of its two inputs delivers is not told
    "hoymiles.realtime_mit",
    94,
    _WORD,
    *(
        row
        for n in range(4)
        for row in _dc(n + 1, v=2 + 12 * n, a=4 + 12 * n, w=6 + 12 * n, wh=8 + 12 * n, day=12 + 12 * n)
    ),
    *_voltages(50),
    Field(62, "H", HZ, 100),
    Field(64, "I", W, 10),
    Field(68, "i", VAR, 10),
    *_currents(72),
    Field(78, "H", PF, 1000),
    Field(80, "h", TMP_CAB, 10),
    Field(82, "H", EVT_CNT),
)
REALTIME = (ONE_INPUT, HM_2T, HMS_2T, HMS_1T_V2, HM_4T, HMS_4T, HMT_6T, HMT_4T, MIT_8T)

DEV_INFO_ALL = Layout(
    "hoymiles.dev_info_all",
    14,
    Field(0, "H", FW),
    Field(2, "H", BUILT_YEAR),
    Field(4, "H", BUILT_DAY),
    Field(6, "H", BUILT_AT),
    Field(8, "H", BOOTLOADER),
)
DEV_INFO_SIMPLE = Layout(
    "hoymiles.dev_info_simple",
    14,
    Field(0, "H", FW),
    Field(2, "I", HW_PART),
    Field(6, "H", HW_VR),
    Field(8, "H", PROFILE_ID),
    Field(10, "H", PROFILE_VR),
)
CONFIG = Layout(
    "hoymiles.config",
    14,
    _WORD,
    Field(2, "H", W_MAX_LIM_PCT, 10),
    Field(4, "H", VAR_LIM_PCT, 10),
    Field(6, "H", PF_SET, 1000),
)
LOSS_RATE = Layout("hoymiles.loss_rate", 4, Field(0, "H", RECEIVED), Field(2, "H", SENT))
ALARM_RECORD = Layout(
    "hoymiles.alarm_record",
    12,
    Field(0, "H", ALRM_WORD),
    Field(2, "H", ALRM_NUMBER),
    Field(4, "H", ALRM_START),
    Field(6, "H", ALRM_END),
    Field(8, "H", ALRM_DATA1),
    Field(10, "H", ALRM_DATA2),
)
