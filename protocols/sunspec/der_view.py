"""An inverter's values in the terms of the models 701-704, 714 and 715, from those of the older models."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.grid_profile import EnterService
from protocols.points import (
    CONN,
    DCV,
    DCWH_INJ,
    INV_ST,
    THROT_SRC,
    TOT_WH_INJ,
    W_RTG,
    Channel,
    Value,
)
from protocols.states import DCSta, InvSt, ThrotSrc
from protocols.sunspec import der
from protocols.sunspec import models as m
from protocols.sunspec.view import ON_GRID, Limit, Nameplate

_STOPPED = frozenset({InvSt.OFF, InvSt.SLEEPING, InvSt.FAULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What the newer models show beyond the older ones.

    `after_pct` is the limit once the present one has ended in `left_s`; `info` is the alarm in words.
    """

    phases: int
    info: str
    alarms: int
    entry: EnterService
    after_pct: float
    left_s: float
    local: bool


def der_view(
    values: Mapping[Channel, Value],
    base: Mapping[Channel, Value],
    plate: Nameplate,
    limit: Limit,
    extra: Extra,
) -> dict[Channel, Value]:
    """Return the values of every model; `values` are the device's, `base` those that `view` made of them."""
    told = values.get(Channel(INV_ST))
    state = InvSt(told) if isinstance(told, int) else None
    return {
        **base,
        Channel(TOT_WH_INJ): values.get(Channel(TOT_WH_INJ)),
        Channel(INV_ST): state,
        Channel(der.AC_TYPE): 2 if extra.phases == 3 else 0,
        Channel(der.ON_ST): None if state is None else int(state not in _STOPPED),
        Channel(der.CONN_ST): None if state is None else int(state in ON_GRID),
        Channel(der.DER_ALRM): extra.alarms,
        Channel(THROT_SRC): _throttled_by(values, state, limit),
        Channel(der.THROT_PCT): limit.pct if limit.enabled else 100,
        Channel(der.MN_ALRM_INFO): extra.info,
        **_capacity(base, plate),
        **_entry(values, extra.entry),
        Channel(der.LIM_RVRT_PCT): extra.after_pct,
        Channel(der.LIM_RVRT_ENA): int(extra.after_pct < 100),
        Channel(der.LIM_RVRT_REM): extra.left_s,
        Channel(der.LOC_REM): int(extra.local),
        Channel(der.OP_CTL): int(values.get(Channel(CONN)) != 0),
        **_ports(values, plate, state),
    }


def _throttled_by(values: Mapping[Channel, Value], state: InvSt | None, limit: Limit) -> Value:
    """Return why power is limited: the unit's own word; one that says nothing is throttled by the limit, if any."""
    told = values.get(Channel(THROT_SRC))
    if told is not None:
        return told
    return 1 << ThrotSrc.MAX_W if state is InvSt.THROTTLED and limit.enabled else 0


def _capacity(base: Mapping[Channel, Value], plate: Nameplate) -> dict[Channel, Value]:
    return {
        Channel(der.VAR_ABS): base[Channel(m.VAR_RTG)],
        Channel(der.W_MAX): base[Channel(W_RTG)],
        Channel(der.VA_MAX): base[Channel(m.VA_RTG)],
        Channel(der.V_NOM): plate.v_nom,
        Channel(der.A_MAX): plate.rated_a,
    }


def _entry(values: Mapping[Channel, Value], entry: EnterService) -> dict[Channel, Value]:
    return {
        Channel(der.ES): int(values.get(Channel(CONN)) != 0),
        Channel(der.ES_V_HI): entry.v_hi,
        Channel(der.ES_V_LO): entry.v_lo,
        Channel(der.ES_HZ_HI): entry.hz_hi,
        Channel(der.ES_HZ_LO): entry.hz_lo,
        Channel(der.ES_DLY): entry.delay_s,
        Channel(der.ES_RMP): entry.ramp_s,
    }


def _ports(values: Mapping[Channel, Value], plate: Nameplate, state: InvSt | None) -> dict[Channel, Value]:
    ports = range(1, plate.ports + 1)
    counts = [count for port in ports if isinstance(count := values.get(Channel(DCWH_INJ, port)), int | float)]
    seen: dict[Channel, Value] = {Channel(DCWH_INJ): sum(counts) if counts else None}
    for port in ports:
        seen[Channel(DCWH_INJ, port)] = values.get(Channel(DCWH_INJ, port))
        seen[Channel(der.DC_STA, port)] = _dc_state(values.get(Channel(DCV, port)), state)
    return seen


def _dc_state(volts: Value, state: InvSt | None) -> DCSta | None:
    if state is InvSt.FAULT:
        return DCSta.ERROR
    if volts is None or isinstance(volts, str):
        return DCSta.OFF if state is InvSt.SLEEPING else None
    return DCSta.ON if volts > 0 else DCSta.OFF
