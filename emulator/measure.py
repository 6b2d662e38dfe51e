"""What a unit's sensors show: every measured and set value at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot, pi, sqrt
from typing import Protocol

from emulator.conversion import Conversion
from emulator.dc_component import DcComponent
from emulator.firmware import Firmware
from emulator.insulation import Insulation
from emulator.limits import on_curve
from emulator.source import Source
from protocols import points as p
from protocols.points import Channel, Value
from protocols.profile import Model
from protocols.states import InvSt, ThrotSrc

FIRMWARE = "1.0.0"
STANDBY_W = 0.5  # what processor and modem take from the module
FILTER_F = 1e-6  # output filter capacitor: 16.6 var at 230 V and 50 Hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One unit at one instant; `given_w` is what its modules could give."""

    given_w: float
    watt: float
    volt: float
    hertz: float
    counter_wh: float
    case_c: float
    throttled_by: ThrotSrc | None


class Measured(Protocol):
    """The parts of a unit that the sensors look at."""

    firmware: Firmware
    source: Source
    stage: Conversion
    insulation: Insulation
    dc: DcComponent

    @property
    def maker(self) -> str:
        """Return who made it."""
        ...

    @property
    def serial(self) -> str:
        """Return the serial number."""
        ...

    @property
    def model(self) -> Model:
        """Return the figures of the model."""
        ...


def values(unit: Measured, moment: Moment, t: float) -> Mapping[Channel, Value]:
    """Return every value at `t`, UTC."""
    return _ac(unit, moment) | _dc(unit, moment, t) | _supervision(unit, moment, t)


def _ac(unit: Measured, moment: Moment) -> dict[Channel, Value]:
    watt, volt = moment.watt, moment.volt
    var = _var(unit, moment) if unit.firmware.feeding else 0.0
    va = hypot(watt, var)
    return {
        Channel(p.W): watt,
        Channel(p.VAR): var,
        Channel(p.VA): va,
        Channel(p.PF): watt / va if va else 1.0,
        Channel(p.A): va / volt if volt else 0.0,
        Channel(p.LNV): volt,
        Channel(p.HZ): moment.hertz,
        Channel(p.TOT_WH_INJ): int(moment.counter_wh),
        Channel(p.TMP_CAB): moment.case_c,
    }


def _var(unit: Measured, moment: Moment) -> float:
    """Return the reactive power: Q(U) where the profile has it, as far as active power leaves room; else the filter's."""
    curve = unit.firmware.profile.volt_var
    if not curve.ena:
        return 2 * pi * moment.hertz * FILTER_F * moment.volt**2
    rated = unit.model.rated_w
    room = sqrt(max(rated**2 - moment.watt**2, 0.0))
    wanted = rated / 100 * on_curve(curve, 100 * moment.volt / unit.firmware.profile.nominal.v_ln)
    return min(max(wanted, -room), room)


def _dc(unit: Measured, moment: Moment, t: float) -> dict[Channel, Value]:
    given, ports = moment.given_w, unit.model.ports
    wanted = unit.stage.dc(moment.watt) if unit.firmware.feeding else STANDBY_W
    drawn = min(wanted, given)
    volt = unit.source.voltage(drawn / given if given else 0.0, t)
    watt = drawn / ports
    values: dict[Channel, Value] = {}
    for port in range(1, ports + 1):
        values[Channel(p.DCW, port)] = watt
        values[Channel(p.DCV, port)] = volt
        values[Channel(p.DCA, port)] = watt / volt if volt else 0.0
    return values


def _supervision(unit: Measured, moment: Moment, t: float) -> dict[Channel, Value]:
    firmware, throttled_by = unit.firmware, moment.throttled_by
    return {
        Channel(p.RIS): unit.insulation.ohm(t),
        Channel(p.DCI): unit.dc.amps(t) if firmware.feeding else 0.0,
        Channel(p.UP_TMS): round(max(0.0, t - firmware.booted_at), 3),
        Channel(p.W_MAX_LIM_PCT): firmware.limits.owner_pct,
        Channel(p.INV_ST): firmware.state if throttled_by is None else InvSt.THROTTLED,
        Channel(p.CONN): int(firmware.connect),
        Channel(p.THROT_SRC): 0 if throttled_by is None else 1 << throttled_by,
        Channel(p.MN): unit.maker,
        Channel(p.MD): unit.model.name,
        Channel(p.VR): FIRMWARE,
        Channel(p.SN): unit.serial,
    }
