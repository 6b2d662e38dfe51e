"""The vocabulary of measurements: SunSpec point names, one unit each."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Number: TypeAlias = int | float
Value: TypeAlias = int | float | str | None  # None: the device says "not available"


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A quantity by its SunSpec name; `unit` is None for codes, states and texts.

    Points are singletons compared by identity, so that a channel hashes at C speed.
    """

    name: str
    unit: str | None
    label: str

    def __repr__(self) -> str:
        return self.name


class Channel(NamedTuple):
    """A point at a port: port 0 is the AC side, 1 … n are the PV inputs (SunSpec 714 "Prt")."""

    point: Point
    port: int = 0


# AC side, SunSpec 701
W = Point("W", "W", "active power")
VAR = Point("Var", "var", "reactive power")
VA = Point("VA", "VA", "apparent power")
PF = Point("PF", "1", "power factor")
A = Point("A", "A", "AC current")
LNV = Point("LNV", "V", "AC voltage, line to neutral")
HZ = Point("Hz", "Hz", "grid frequency")
VL1 = Point("VL1", "V", "AC voltage, line 1 to neutral")
VL2 = Point("VL2", "V", "AC voltage, line 2 to neutral")
VL3 = Point("VL3", "V", "AC voltage, line 3 to neutral")
VL1L2 = Point("VL1L2", "V", "AC voltage, line 1 to line 2")
VL2L3 = Point("VL2L3", "V", "AC voltage, line 2 to line 3")
VL3L1 = Point("VL3L1", "V", "AC voltage, line 3 to line 1")
AL1 = Point("AL1", "A", "AC current, line 1")
AL2 = Point("AL2", "A", "AC current, line 2")
AL3 = Point("AL3", "A", "AC current, line 3")
TOT_WH_INJ = Point("TotWhInj", "Wh", "energy injected, lifetime")
TMP_CAB = Point("TmpCab", "°C", "case temperature")

# DC side, SunSpec 714
DCA = Point("DCA", "A", "DC current")
DCV = Point("DCV", "V", "DC voltage")
DCW = Point("DCW", "W", "DC power")
DCWH_INJ = Point("DCWhInj", "Wh", "DC energy, lifetime or since boot as the vendor says")
DCWH_DAY = Point("DCWhDay", "Wh", "DC energy of the day by the device's own reckoning")  # no SunSpec name

# Supervision
RIS = Point("Ris", "Ohm", "insulation resistance of the DC side to ground")  # SunSpec 122
SIGNAL = Point("Signal", "%", "strength of the radio link, as the device or its gateway hears it")  # no SunSpec name
DCI = Point("DCI", "A", "DC component of the output current")  # no SunSpec name; IEC 61727's quantity
UP_TMS = Point("UpTms", "s", "time since the device booted")  # no SunSpec name
W_MAX_LIM_PCT = Point("WMaxLimPct", "%", "active power limit in force, of the rating")  # SunSpec 704

# Codes, states and texts
INV_ST = Point("InvSt", None, "operating state")  # SunSpec 701, values in states.InvSt
PF_W_INJ = Point("PFWInj", "1", "power factor that was set; negative: under-excited")  # SunSpec 704
VAR_SET_PCT = Point("VarSetPct", "%", "reactive power that was set, of the rating")  # SunSpec 704
CONN = Point("Conn", None, "owner's switch: 1 connect, 0 disconnect")  # SunSpec 123
ALRM = Point("Alrm", None, "the vendor's own alarm word, raw")
THROT_SRC = Point("ThrotSrc", None, "why power is limited, SunSpec 701 bits")
LED = Point("Led", None, "indicator, the vendor's own code")
ALRM_SEQ = Point("AlrmSeq", None, "sequence number of the newest alarm record")
MN = Point("Mn", None, "manufacturer")  # SunSpec 1 from here on
MD = Point("Md", None, "model")
VR = Point("Vr", None, "firmware version")
SN = Point("SN", None, "serial number")
DA = Point("DA", None, "address on the medium")
GRID_PROFILE = Point("GridProfile", None, "name of the grid profile in force")  # no SunSpec name
OPT = Point("Opt", None, "options")
W_RTG = Point("WRtg", "W", "rated active power")  # SunSpec 120
PROTOCOL_VR = Point("ProtVr", None, "version of the protocol, high byte . low byte")  # no SunSpec name
