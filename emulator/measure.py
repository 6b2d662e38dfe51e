"""What a unit's sensors show: every measured and set value at an instant."""

from collections.abc import Mapping
from math import copysign, hypot, pi, sqrt

from emulator.life import Life
from emulator.limits import on_curve
from protocols import points as p
from protocols.commands import PFWInj, VarSet
from protocols.points import Channel, Value
from protocols.states import InvSt, ThrotSrc

FIRMWARE = "1.0.0"
STANDBY_W = 0.5  # what processor and modem take from the module
FILTER_F = 1e-6  # output filter capacitor: 16.6 var at 230 V and 50 Hz


def values(unit: Life, t: float, *, maker: str, serial: str) -> Mapping[Channel, Value]:
    """Return every value at `t`, UTC; the unit has lived until then."""
    plate = {Channel(p.MN): maker, Channel(p.SN): serial, Channel(p.MD): unit.model.name, Channel(p.VR): FIRMWARE}
    return _ac(unit, t) | _dc(unit, t) | _supervision(unit, t) | plate


def _ac(unit: Life, t: float) -> dict[Channel, Value]:
    watt, volt, hertz = unit.watt(t), unit.terminal.volt(t), unit.terminal.supply.hertz_at(t)
    var = _var(unit, watt, volt, hertz) if unit.firmware.feeding else 0.0
    va = hypot(watt, var)
    return {
        Channel(p.W): watt,
        Channel(p.VAR): var,
        Channel(p.VA): va,
        Channel(p.PF): watt / va if va else 1.0,
        Channel(p.A): va / volt if volt else 0.0,
        Channel(p.LNV): volt,
        Channel(p.HZ): hertz,
        Channel(p.TOT_WH_INJ): int(unit.counter_wh(t)),
        Channel(p.TMP_CAB): unit.case_c(t),
    }


def _var(unit: Life, watt: float, volt: float, hertz: float) -> float:
    """Return the reactive power: as told, else by Q(U), in the room that active power leaves; else the filter's."""
    firmware, rated = unit.firmware, unit.model.rated_w
    profile, told = firmware.profile, firmware.reactive
    if isinstance(told, PFWInj):
        wanted = copysign(watt * sqrt(1 - told.pf**2) / abs(told.pf), told.pf)
    elif isinstance(told, VarSet):
        wanted = rated * told.pct / 100
    elif profile.volt_var.ena:
        wanted = rated / 100 * on_curve(profile.volt_var, 100 * volt / profile.nominal.v_ln)
    else:
        return 2 * pi * hertz * FILTER_F * volt**2
    room = sqrt(max(rated**2 - watt**2, 0.0))
    return min(max(wanted, -room), room)


def _dc(unit: Life, t: float) -> dict[Channel, Value]:
    given, ports = unit.given_w(t), unit.model.ports
    wanted = unit.stage.dc(unit.watt(t)) if unit.firmware.feeding else STANDBY_W
    drawn = min(wanted, given)
    volt = unit.daylight.source.voltage(drawn / given if given else 0.0, t)
    watt = drawn / ports
    values: dict[Channel, Value] = {}
    for port in range(1, ports + 1):
        values[Channel(p.DCW, port)] = watt
        values[Channel(p.DCV, port)] = volt
        values[Channel(p.DCA, port)] = watt / volt if volt else 0.0
    return values


def _supervision(unit: Life, t: float) -> dict[Channel, Value]:
    firmware, throttled_by = unit.firmware, _throttled_by(unit, t)
    return {
        Channel(p.RIS): unit.insulation.ohm(t),
        Channel(p.DCI): unit.dc.amps(t) if firmware.feeding else 0.0,
        Channel(p.UP_TMS): round(max(0.0, t - firmware.booted_at), 3),
        Channel(p.W_MAX_LIM_PCT): firmware.limits.owner_pct,
        Channel(p.PF_W_INJ): firmware.reactive.pf if isinstance(firmware.reactive, PFWInj) else 1.0,
        Channel(p.VAR_SET_PCT): firmware.reactive.pct if isinstance(firmware.reactive, VarSet) else 0.0,
        Channel(p.INV_ST): firmware.state if throttled_by is None else InvSt.THROTTLED,
        Channel(p.CONN): int(firmware.connect),
        Channel(p.THROT_SRC): 0 if throttled_by is None else 1 << throttled_by,
    }


def _throttled_by(unit: Life, t: float) -> ThrotSrc | None:
    """Return what holds the power down; reaching the rating and ramping up are nothing to tell."""
    cap = unit.cap()
    if cap is None or unit.stage.ac(unit.given_w(t), unit.model.rated_w) <= cap.line.at(t):
        return None
    return cap.source
