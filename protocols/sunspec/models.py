"""SunSpec models 1, 101, 103 and 120-123 of a PV inverter, and 160 for its inputs.

Offsets: SunSpec Information Model Reference; registers from the model's ID. What a microinverter does not have reads as
not implemented. Only the points that the vocabulary lacks are named here.
"""

from protocols.layout import Layout, Row
from protocols.points import (
    AL1,
    AL2,
    AL3,
    CONN,
    DA,
    DCA,
    DCV,
    DCW,
    DCWH_INJ,
    HZ,
    LNV,
    MD,
    MN,
    OPT,
    PF,
    RIS,
    SN,
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
    VR,
    W_MAX_LIM_PCT,
    W_RTG,
    A,
    Point,
    W,
)
from protocols.sunspec.rows import acc32, fixed, flags, floats, model, number, text, unused

APH_A = Point("AphA", "A", "current of phase A")
VA_RTG = Point("VARtg", "VA", "rated apparent power")
ST = Point("St", None, "operating state, SunSpec 101: InvSt + 1")
EVT1 = Point("Evt1", None, "events, bits as EventKind 0-15")
EVT_VND1 = Point("EvtVnd1", None, "the vendor's own alarm word")
EVT_VND2 = Point("EvtVnd2", None, "what a gateway knows of the unit: bit 0 it does not answer")
A_RTG = Point("ARtg", "A", "rated AC current")
VAR_RTG = Point("VArRtgQ1", "var", "rated reactive power, over-excited")
VAR_RTG_Q4 = Point("VArRtgQ4", "var", "rated reactive power, under-excited")
PF_RTG = Point("PFRtgQ1", "1", "smallest power factor, over-excited")
PF_RTG_Q4 = Point("PFRtgQ4", "1", "smallest power factor, under-excited")
V_REF = Point("VRef", "V", "nominal voltage at the connection")
HZ_NOM = Point("ECPNomHz", "Hz", "nominal frequency at the connection")
PV_CONN = Point("PVConn", None, "PV: bit 0 connected, 1 available, 2 operating")
ECP_CONN = Point("ECPConn", None, "connected to the grid: 1")
W_MAX_LIM_ENA = Point("WMaxLim_Ena", None, "1: the power limit is in force")
W_MAX_LIM_RVRT = Point("WMaxLimPct_RvrtTms", "s", "after which a power limit ends; 0: never")
DC_EVT = Point("DCEvt", None, "events of the DC side")
DC_ST = Point("DCSt", None, "operating state of an input")

COMMON = model(
    1,
    66,
    text(2, 16, MN),
    text(18, 16, MD),
    text(34, 8, OPT),
    text(42, 8, VR),
    text(50, 16, SN),
    flags(66, "H", DA),
    *fixed("h", -0x8000, 67),
)


def inverter(phases: int = 1, w_sf: int = -1, a_sf: int = -2, dc_port: int = 1, pf_sf: int = -1) -> Layout:
    """Return model 101, or 103 for three phases; the scale factors of power and current suit the size of the plant.

    `dc_port` is the input that is shown as its DC side; 0: all of them together. With `pf_sf` -1 the power factor is in
    percent, as the standard has it; with -3 the same number is a factor.
    """
    return model(
        103 if phases == 3 else 101,
        50,
        number(2, "H", A, a_sf),
        *_lines(phases, a_sf),
        *unused("H", 39),
        *fixed("h", a_sf, 6),
        *fixed("h", w_sf, 15, 19, 21, 32),  # W, VA, VAr, DCW
        *fixed("h", -1, 13, 37),  # V, Tmp
        *fixed("h", pf_sf, 23),
        number(14, "h", W, w_sf),
        number(16, "H", HZ, -2),
        *fixed("h", -2, 17),
        number(18, "h", VA, w_sf),
        number(20, "h", VAR, w_sf),
        number(22, "h", PF, -3),  # thousandths; ours is 0 … 1
        acc32(24, TOT_WH_INJ),
        *fixed("h", 0, 26),
        number(27, "H", DCA, -3, dc_port),
        *fixed("h", -3, 28),
        number(29, "H", DCV, -2, dc_port),
        *fixed("h", -2, 30),
        number(31, "h", DCW, w_sf, dc_port),
        number(33, "h", TMP_CAB, -1),
        *unused("h", 34, 35, 36),
        flags(38, "H", ST),
        flags(40, "I", EVT1),
        *fixed("I", 0, 42),
        flags(44, "I", EVT_VND1),
        flags(46, "I", EVT_VND2),
        *unused("I", 48, 50),
    )


def _lines(phases: int, a_sf: int) -> tuple[Row, ...]:
    if phases != 3:
        return (number(3, "H", APH_A, a_sf), *unused("H", 4, 5, 7, 8, 9, 11, 12), number(10, "H", LNV, -1))
    currents = (number(register, "H", point, a_sf) for register, point in enumerate((AL1, AL2, AL3), 3))
    between = (number(register, "H", point, -1) for register, point in enumerate((VL1L2, VL2L3, VL3L1), 7))
    voltages = (number(register, "H", point, -1) for register, point in enumerate((VL1, VL2, VL3), 10))
    return (*currents, *between, *voltages)


INVERTER = inverter()


def inverter_float(phases: int) -> Layout:
    """Return model 111, or 113 for three phases, without state and events."""
    lines = (AL1, AL2, AL3, VL1L2, VL2L3, VL3L1, VL1, VL2, VL3)
    per_line = (
        floats(4, *lines)
        if phases == 3
        else (*floats(4, APH_A), *_no_floats(6, 5), *floats(16, LNV), *_no_floats(18, 2))
    )
    return model(
        113 if phases == 3 else 111,
        60,
        *floats(2, A),
        *per_line,
        *floats(22, W, HZ, VA, VAR, PF, TOT_WH_INJ),
        *_no_floats(34, 3),
        *floats(40, TMP_CAB),
        *_no_floats(42, 3),
        *unused("H", 48, 49),
        *unused("I", 50, 52, 54, 56, 58, 60),
    )


def _no_floats(register: int, count: int) -> tuple[Row, ...]:
    return fixed("I", _NO_FLOAT, *range(register, register + 2 * count, 2))


_NO_FLOAT = 0x7FC0_0000  # not a number


def nameplate(w_sf: int = 0, a_sf: int = -2) -> Layout:
    """Return model 120."""
    return model(
        120,
        26,
        *fixed("H", 4, 2),  # DERTyp: PV
        number(3, "H", W_RTG, w_sf),
        number(5, "H", VA_RTG, w_sf),
        *fixed("h", w_sf, 4, 6, 11),
        number(7, "h", VAR_RTG, w_sf),
        number(10, "h", VAR_RTG_Q4, w_sf),
        *unused("h", 8, 9, 15, 16, 20, 22, 24, 26, 27),
        number(12, "H", A_RTG, a_sf),
        *fixed("h", a_sf, 13),
        *fixed("h", -2, 18),
        number(14, "h", PF_RTG, -2),
        number(17, "h", PF_RTG_Q4, -2),
        *unused("H", 19, 21, 23, 25),
    )


def settings(w_sf: int = 0) -> Layout:
    """Return model 121."""
    return model(
        121,
        30,
        number(2, "H", W_RTG, w_sf),
        number(3, "H", V_REF, -1),
        *fixed("h", 0, 4, 24),
        *fixed("h", w_sf, 22),
        *unused("H", 5, 6, 7, 12, 17, 18, 19, 21),
        *unused("h", 8, 9, 10, 11, 13, 14, 15, 16, 25, 26, 27, 28, 29, 30),
        number(20, "H", HZ_NOM, -2),
        *fixed("h", -1, 23),
        *fixed("h", -2, 31),
    )


STATUS = model(
    122,
    44,
    flags(2, "H", PV_CONN),
    *unused("H", 3, 31, 43),
    flags(4, "H", ECP_CONN),
    number(5, "Q", TOT_WH_INJ),
    *unused("Q", 9, 13, 17, 21, 25, 37),
    *unused("h", 29, 30, 32),
    *unused("I", 33, 35, 41),
    number(44, "H", RIS, 2),
    *fixed("h", 2, 45),
)

CONTROLS = model(
    123,
    24,
    *unused("H", 2, 3, 6, 8, 11, 12, 13, 18, 19, 20, 21),
    flags(4, "H", CONN),
    number(5, "H", W_MAX_LIM_PCT, -1),
    number(7, "H", W_MAX_LIM_RVRT),
    flags(9, "H", W_MAX_LIM_ENA),
    *unused("h", 10, 15, 16, 17, 24, 25),
    *fixed("H", 0, 14, 22),  # power factor and reactive power set-points: not in force
    *fixed("h", -1, 23),
)


def mppt(ports: int) -> Layout:
    """Return model 160 for `ports` inputs, each on its own tracker."""
    modules = (row for port in range(1, ports + 1) for row in _module(port, 20 * port - 10))
    return model(
        160,
        8 + 20 * ports,
        *fixed("h", -3, 2),
        *fixed("h", -2, 3),
        *fixed("h", -1, 4),
        *fixed("h", 0, 5),
        flags(6, "I", DC_EVT),
        *fixed("H", ports, 8),
        *unused("H", 9),
        *modules,
    )


def _module(port: int, at: int) -> tuple[Row, ...]:
    return (
        *fixed("H", port, at),
        *fixed("Q", 0, at + 1, at + 5),  # IDStr: none
        number(at + 9, "H", DCA, -3, port),
        number(at + 10, "H", DCV, -2, port),
        number(at + 11, "H", DCW, -1, port),
        acc32(at + 12, DCWH_INJ, port),
        *unused("I", at + 14),
        *unused("h", at + 16),
        flags(at + 17, "H", DC_ST, port),
        flags(at + 18, "I", DC_EVT, port),
    )
