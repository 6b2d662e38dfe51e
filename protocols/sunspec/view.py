"""An inverter's values in the terms of the SunSpec models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import hypot, sqrt

from protocols.events import Event, EventKind
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
    INV_ST,
    MD,
    MN,
    OPT,
    PF,
    SN,
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
    Channel,
    Point,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.sunspec import models as m

_FIELD_32 = 1 << 32
_LINES = tuple(map(Channel, (AL1, AL2, AL3, VL1, VL2, VL3, VL1L2, VL2L3, VL3L1)))  # of three-phase units
ON_GRID = frozenset({InvSt.RUNNING, InvSt.THROTTLED})
_MODULE_KINDS = {  # events that an input has too, and their bits in SunSpec 160.DCEvt
    EventKind.GROUND_FAULT: 0,
    EventKind.DC_OVER_VOLT: 1,
    EventKind.DC_DISCONNECT: 3,
    EventKind.MANUAL_SHUTDOWN: 6,
    EventKind.OVER_TEMP: 7,
    EventKind.HW_TEST_FAILURE: 20,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate:
    """What does not change: identity and ratings; `pf_min` is the smallest power factor, both ways, None: not known."""

    maker: str
    model: str
    options: str
    firmware: str | None
    serial: str
    node: int
    ports: int
    rated_w: float
    rated_a: float
    pf_min: float | None
    v_nom: float
    hz_nom: float


@dataclass(frozen=True, slots=True)
class Limit:
    """The power limit as models 123 and 704 show it; `revert_s` is its time, 0 for no end, None: not implemented."""

    pct: float
    enabled: bool
    revert_s: float | None = None


def view(
    values: Mapping[Channel, Value],
    plate: Nameplate,
    limit: Limit,
    events: Iterable[Event],
    alarm_word: int,
    gateway_word: int | None = None,
) -> dict[Channel, Value]:
    """Return the values of the models 1 … 160, from those of the device.

    `alarm_word` is the vendor's, `gateway_word` what a gateway adds, None at the device itself.
    """
    told = values.get(Channel(INV_ST))
    state = InvSt(told) if isinstance(told, int) else None
    kinds = {event.kind for event in events}
    if values.get(Channel(CONN)) == 0:
        kinds.add(EventKind.MANUAL_SHUTDOWN)
    return {
        **values,
        **{channel: values.get(channel) for channel in _LINES},
        **_apparent(values),
        **_plate(plate),
        **_inputs(values, plate, state, kinds),
        Channel(m.APH_A): values.get(Channel(A)),
        Channel(TOT_WH_INJ): _counter(values, TOT_WH_INJ),
        Channel(m.ST): None if state is None else state + 1,
        Channel(m.EVT1): sum(1 << kind for kind in kinds if kind < EventKind.MANUFACTURER_ALRM),
        Channel(m.EVT_VND1): alarm_word,
        Channel(m.EVT_VND2): gateway_word,
        Channel(m.ECP_CONN): None if state is None else int(state in ON_GRID),
        Channel(W_MAX_LIM_PCT): limit.pct,
        Channel(m.W_MAX_LIM_ENA): int(limit.enabled),
        Channel(m.W_MAX_LIM_RVRT): limit.revert_s,
    }


def _number(values: Mapping[Channel, Value], point: Point, port: int = 0) -> float:
    value = values.get(Channel(point, port))
    return 0.0 if value is None or isinstance(value, str) else value


def _counter(values: Mapping[Channel, Value], point: Point, port: int = 0) -> int | None:
    """Return an energy counter as an acc32: it wraps, and 0 is not available."""
    return int(_number(values, point, port)) % _FIELD_32 or None


def _apparent(values: Mapping[Channel, Value]) -> dict[Channel, Value]:
    if values.get(Channel(W)) is None:
        return {Channel(VA): None, Channel(PF): None}
    w, var = _number(values, W), _number(values, VAR)
    va = hypot(w, var)
    return {Channel(VA): va, Channel(PF): w / va if va else None}


def _plate(plate: Nameplate) -> dict[Channel, Value]:
    pf = plate.pf_min
    var = None if pf is None else plate.rated_w * sqrt(1 - pf**2)
    return {
        Channel(MN): plate.maker,
        Channel(MD): plate.model,
        Channel(OPT): plate.options,
        Channel(VR): plate.firmware,
        Channel(SN): plate.serial,
        Channel(DA): plate.node,
        Channel(W_RTG): plate.rated_w,
        Channel(m.VA_RTG): plate.rated_w,
        Channel(m.A_RTG): plate.rated_a,
        Channel(m.VAR_RTG): var,
        Channel(m.VAR_RTG_Q4): None if var is None else -var,
        Channel(m.PF_RTG): pf,
        Channel(m.PF_RTG_Q4): None if pf is None else -pf,
        Channel(m.V_REF): plate.v_nom,
        Channel(m.HZ_NOM): plate.hz_nom,
    }


def _inputs(
    values: Mapping[Channel, Value], plate: Nameplate, state: InvSt | None, kinds: set[EventKind]
) -> dict[Channel, Value]:
    """Return the points of the inputs; one inverter's inputs share its state and its events."""
    ports = range(1, plate.ports + 1)
    events = sum(1 << _MODULE_KINDS[kind] for kind in kinds & _MODULE_KINDS.keys())
    lit = any(_number(values, DCV, port) > 0 for port in ports)
    live = any(_number(values, DCW, port) > 0 for port in ports)
    view: dict[Channel, Value] = {Channel(m.DC_EVT): events, Channel(m.PV_CONN): lit | lit << 1 | live << 2}
    watts = [watt for port in ports if isinstance(watt := values.get(Channel(DCW, port)), int | float)]
    view[Channel(DCW)] = sum(watts) if watts else None
    for point in (DCA, DCV):  # of several inputs together there is no one voltage
        view[Channel(point)] = values.get(Channel(point, 1)) if plate.ports == 1 else None
    for port in ports:
        view |= {
            Channel(m.DC_EVT, port): events,
            Channel(m.DC_ST, port): None if state is None else state + 1,
            Channel(DCWH_INJ, port): _counter(values, DCWH_INJ, port),
        }
    return view
