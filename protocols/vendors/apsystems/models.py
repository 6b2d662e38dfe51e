"""Figures of the models.

QS1: the QS1 manual of April 2020, §8.1, as far as it states them. Rated power of all models: the nameplate figures
that a public gateway project uses. Everything else is ASSUMED: inputs alike in all families, currents from the rated
power at 230 V. A manual gives units per breaker for the QS1 alone: 4 units draw 20.9 A on the 25 A breaker.
"""

from collections.abc import Mapping

from protocols.profile import Model
from protocols.vendors.apsystems.family import PORTS, Family

QS1_SOURCE = "APsystems QS1-EU user manual, data of 2020-04-13, §8.1"
ASSUMED = "rated power as public gateway projects use it; all other figures ASSUMED from the QS1 manual, 2020, §8.1"
_NOMINAL_V = 230.0
_DC_START_V = 20.0
_DC_STOP_V = 16.0
_DC_MAX_V = 60.0

USUAL_AC_SHARE = 0.95  # AC power over DC power, where a unit does not tell its AC power
AC_SHARE = {Family.YC600: 0.94}
MODEL_FAMILIES: Mapping[str, Family] = {
    "QS1": Family.QS1,
    "QS1A": Family.QS1A,
    "YC600": Family.YC600,
    "DS3": Family.DS3,
    "DS3-L": Family.DS3,
    "DS3-H": Family.DS3,
    "DS3-S": Family.DS3,
    "QT2": Family.QT2,
}


def ac_share(kind: Family) -> float:
    """Return AC power over DC power as gateways of this vendor reckon it."""
    return AC_SHARE.get(kind, USUAL_AC_SHARE)


def _assumed(name: str, rated_w: int, dc_max_a: float, phases: int = 1) -> Model:
    return Model(
        name=name,
        ports=PORTS[MODEL_FAMILIES[name]],
        rated_w=rated_w,
        rated_a=round(rated_w / _NOMINAL_V / phases, 2),
        dc_start_v=_DC_START_V,
        dc_stop_v=_DC_STOP_V,
        dc_max_v=_DC_MAX_V,
        dc_max_a=dc_max_a,
        units_per_breaker={},
        source=ASSUMED,
        efficiency=ac_share(MODEL_FAMILIES[name]),
        phases=phases,
    )


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="QS1",
            ports=4,
            rated_w=1200,
            rated_a=5.22,
            dc_start_v=_DC_START_V,
            dc_stop_v=_DC_STOP_V,
            dc_max_v=_DC_MAX_V,
            dc_max_a=12.0,
            units_per_breaker={20: 3, 25: 4},
            source=QS1_SOURCE,
            efficiency=USUAL_AC_SHARE,
        ),
        _assumed("QS1A", 1500, 14.0),
        _assumed("YC600", 550, 12.0),
        _assumed("DS3", 880, 20.0),
        _assumed("DS3-L", 730, 18.0),
        _assumed("DS3-H", 960, 20.0),
        _assumed("DS3-S", 600, 16.0),
        _assumed("QT2", 2000, 20.0, phases=3),
    )
}
USUAL: Mapping[Family, Model] = {  # of a family, where only the serial number is known: the first that is listed
    kind: MODELS[name] for name, kind in reversed(tuple(MODEL_FAMILIES.items()))
}
