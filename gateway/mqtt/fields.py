"""Which values are published, under which key, how rounded, and what they are called in Home Assistant.

One table for payloads and discovery alike, so that neither can promise what the other does not keep.
"""

from dataclasses import dataclass

from protocols import points
from protocols.points import Point


@dataclass(frozen=True, slots=True)
class Field:
    """A measured value; `digits` after the decimal point are at least those that any device resolves.

    `zero_at_night`: nothing flows while a unit sleeps, which is knowledge; any other value is then unknown.
    A `setting` is what the unit was told: it keeps that when it sleeps, and it can be written. `diagnostic` values are
    kept apart from the others; `hidden` ones are switched off until somebody wants them.
    """

    point: Point
    key: str
    name: str
    unit: str | None
    device_class: str | None
    digits: int
    zero_at_night: bool = False
    diagnostic: bool = False
    hidden: bool = False
    setting: bool = False


AC_FIELDS = (
    Field(points.W, "p_ac_w", "AC power", "W", "power", 1, zero_at_night=True),
    Field(points.VAR, "q_ac_var", "Reactive power", "var", "reactive_power", 1, zero_at_night=True),
    Field(points.PF, "pf", "Power factor", None, "power_factor", 3),
    Field(points.LNV, "v_ac_v", "AC voltage", "V", "voltage", 1),
    Field(points.A, "i_ac_a", "AC current", "A", "current", 3),
    Field(points.HZ, "f_ac_hz", "Frequency", "Hz", "frequency", 3),
    Field(points.TMP_CAB, "t_case_c", "Temperature", "°C", "temperature", 1, diagnostic=True),
    Field(points.W_MAX_LIM_PCT, "limit_pct", "Power limit", "%", None, 1, setting=True),
    Field(points.RIS, "r_iso_ohm", "Insulation resistance", "Ω", None, 0, diagnostic=True, hidden=True),
    Field(points.DCI, "i_dc_component_a", "DC component", "A", "current", 4, diagnostic=True, hidden=True),
    Field(points.SIGNAL, "signal_pct", "Radio signal", "%", None, 0, diagnostic=True, hidden=True),
    Field(points.UP_TMS, "uptime_s", "Uptime", "s", "duration", 0, diagnostic=True, hidden=True),
)

DC_FIELDS = (
    Field(points.DCW, "p_dc_w", "DC power", "W", "power", 1, zero_at_night=True),
    Field(points.DCV, "v_dc_v", "DC voltage", "V", "voltage", 1),
    Field(points.DCA, "i_dc_a", "DC current", "A", "current", 3),
)

ENERGY = {"e_total_wh": "Energy total", "e_day_wh": "Energy today"}  # the ledger's, Wh, integer
