"""What a unit's sensors show: every measured and set value at an instant."""

from collections.abc import Iterable, Mapping
from itertools import chain
from math import copysign, hypot, pi, sqrt
from typing import TypeAlias

from emulator.life import Life
from emulator.limits import on_curve
from protocols import points as p
from protocols.commands import PFWInj, VarSet
from protocols.points import Channel, Value
from protocols.states import InvSt, ThrotSrc

_Values: TypeAlias = Iterable[tuple[Channel, Value]]

FIRMWARE = "1.0.0"
STANDBY_W = 0.5  # what processor and modem take from the module
FILTER_F = 1e-6  # output filter capacitor: 16.6 var at 230 V and 50 Hz
MOST_PORTS = 16  # no microinverter has more inputs


def _channels(*points: p.Point) -> tuple[Channel, ...]:
    """Return the AC side's channels of some points: made once, for they are asked for with every poll."""
    return tuple(map(Channel, points))


_PLATE = _channels(p.MN, p.SN, p.MD, p.VR)
_AC = _channels(p.W, p.VAR, p.VA, p.PF, p.A, p.LNV, p.HZ, p.TOT_WH_INJ, p.TMP_CAB)
_SUPERVISION = _channels(
    p.RIS, p.DCI, p.UP_TMS, p.W_MAX_LIM_PCT, p.PF_W_INJ, p.VAR_SET_PCT, p.INV_ST, p.CONN, p.THROT_SRC
)
_INPUTS = [
    tuple(Channel(point, port) for point in (p.DCW, p.DCV, p.DCA, p.DCWH_INJ)) for port in range(1, MOST_PORTS + 1)
]


def values(unit: Life, t: float, *, maker: str, serial: str) -> Mapping[Channel, Value]:
    """Return every value at `t`, UTC; the unit has lived until then."""
    plate = zip(_PLATE, (maker, serial, unit.model.name, FIRMWARE), strict=True)
    return dict(chain(_ac(unit, t), _dc(unit, t), _supervision(unit, t), plate))


def _ac(unit: Life, t: float) -> _Values:
    watt, volt, hertz = unit.watt(t), unit.terminal.volt(t), unit.terminal.supply.hertz_at(t)
    var = _var(unit, watt, volt, hertz) if unit.firmware.feeding else 0.0
    va = hypot(watt, var)
    factor, amps = watt / va if va else 1.0, va / volt if volt else 0.0
    found = (watt, var, va, factor, amps, volt, hertz, int(unit.counter_wh(t)), unit.case_c(t))
    return zip(_AC, found, strict=True)


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


def _dc(unit: Life, t: float) -> _Values:
    given, ports = unit.given_w(t), unit.model.ports
    wanted = unit.stage.dc(unit.watt(t)) if unit.firmware.feeding else STANDBY_W
    drawn = min(wanted, given)
    volt = unit.daylight.source.voltage(drawn / given if given else 0.0, t)
    watt = drawn / ports
    found = (watt, volt, watt / volt if volt else 0.0, int(unit.input_wh(t)))
    return chain.from_iterable(zip(channels, found, strict=True) for channels in _INPUTS[:ports])


def _supervision(unit: Life, t: float) -> _Values:
    firmware, throttled_by = unit.firmware, _throttled_by(unit, t)
    found = (
        unit.insulation.ohm(t),
        unit.dc.amps(t) if firmware.feeding else 0.0,
        round(max(0.0, t - firmware.booted_at), 3),
        firmware.limits.owner_pct,
        firmware.reactive.pf if isinstance(firmware.reactive, PFWInj) else 1.0,
        firmware.reactive.pct if isinstance(firmware.reactive, VarSet) else 0.0,
        firmware.state if throttled_by is None else InvSt.THROTTLED,
        int(firmware.connect),
        0 if throttled_by is None else 1 << throttled_by,
    )
    return zip(_SUPERVISION, found, strict=True)


def _throttled_by(unit: Life, t: float) -> ThrotSrc | None:
    """Return what holds the power down; reaching the rating and ramping up are nothing to tell."""
    cap = unit.cap()
    if cap is None or unit.stage.ac(unit.given_w(t), unit.model.rated_w) <= cap.line.at(t):
        return None
    return cap.source
