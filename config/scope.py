"""The names that a formula may use: the grid profile, the model, and what follows from them."""

from dataclasses import dataclass
from typing import Any

from config.formula import AbsentError, FormulaError
from config.grid_profile import GridProfileFile, Mean
from drivers.registry import loses
from protocols.commands import AlarmReset, Conn, WMaxLimPct
from protocols.profile import VendorProfile

EARLY_SHARE, EARLY_S = 0.9, 0.04  # a relay that opens at a stage's time may do so at this share of it, less this
_WINDOW_S = 600.0


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a vendor's units can be told: to reset alarms, to limit their power, to switch off and on.

    `tells`: which of the alarm codes 1-10 they report, in this order.
    """

    resets: bool
    powers: bool
    switches: bool
    tells: tuple[bool, ...]


def abilities(profile: VendorProfile) -> Abilities:
    """Return what the registry says of a vendor."""
    known = profile.commands
    return Abilities(
        resets=AlarmReset in known,
        powers=WMaxLimPct in known,
        switches=Conn in known,
        tells=tuple(code in profile.alarm_codes for code in range(1, 11)),
    )


@dataclass(frozen=True, slots=True)
class Traits:
    """What a medium does; `loses`: frames may be lost, damaged or out of order."""

    loses: bool


def scope_of(
    profile: GridProfileFile, model: object, vendor: VendorProfile | None = None, medium: str | None = None
) -> dict[str, Any]:
    """Return the blocks of a profile by name, `model`, `vendor` and `medium` if they are known, and two functions.

    `mean_trip_s(before, after)` is when the ten-minute mean is above its limit; `withstood_s(pct, t)` for how much of
    `t` a voltage must be withstood.
    """

    def mean_trip_s(before_pct: float, after_pct: float) -> float:
        if profile.trip.hv_avg10 is None:
            raise AbsentError("there is no hv_avg10")
        return mean_crossing_s(profile.trip.hv_avg10, before_pct, after_pct)

    def withstood_s(pct: float, t: float) -> float:
        return withstood(profile, pct, t)

    blocks = {name: getattr(profile, name) for name in type(profile).model_fields}
    known = {} if model is None else {"model": model}
    if vendor is not None:
        known["vendor"] = abilities(vendor)
    if medium is not None:
        known["medium"] = Traits(loses(medium))
    return {**blocks, **known, "mean_trip_s": mean_trip_s, "withstood_s": withstood_s}


def stage_times_s(profile: GridProfileFile, code: int) -> tuple[float, ...]:
    """Return the times of the stages of a code in the order of their numbers; empty where the profile has none."""
    trip, mean = profile.trip, profile.trip.hv_avg10
    match code:
        case 3:
            return tuple(stage.t for stage in trip.lf)
        case 4:
            return tuple(stage.t for stage in trip.lv)
        case 5:
            return (*(stage.t for stage in trip.hv), *(() if mean is None else (mean.t,)))
        case 6:
            return tuple(stage.t for stage in trip.hf)
        case 7:
            return (profile.dc_injection.t,)
        case _:
            return ()


def withstood(profile: GridProfileFile, pct: float, t: float) -> float:
    """Return how much of `t` s at a voltage of `pct` % a unit must withstand: no stage may act meanwhile."""
    trip = profile.trip
    acting = [stage.t for stage in trip.lv if pct < stage.v] + [stage.t for stage in trip.hv if pct > stage.v]
    return min([t, *(EARLY_SHARE * stage_s - EARLY_S for stage_s in acting)])


def mean_crossing_s(limit: Mean, before_pct: float, after_pct: float) -> float:
    """Return how long after a step, made when `before_pct` has lasted the window, the mean is above its limit.

    The window holds t seconds of what came after and the rest of what was before; the mean is linear, or the root of
    the mean square. Raises AbsentError when the mean never gets there.
    """
    power = 2 if limit.mean == "rms" else 1
    before, after, wanted = (value**power for value in (before_pct, after_pct, limit.v))
    if after <= wanted:
        raise AbsentError(f"the mean never exceeds {limit.v:g} %")
    if before >= wanted:
        raise FormulaError(f"the mean is above {limit.v:g} % before the step")
    return _WINDOW_S * (wanted - before) / (after - before)
