"""The names that a formula may use: the grid profile, the model, and what follows from them."""

from typing import Any

from config.formula import AbsentError, FormulaError
from config.grid_profile import GridProfileFile, Mean

_WINDOW_S = 600.0


def scope_of(profile: GridProfileFile, model: object) -> dict[str, Any]:
    """Return the blocks of a profile by name, `model` if it is known, and the function `mean_trip_s`."""

    def mean_trip_s(before_pct: float, after_pct: float) -> float:
        if profile.trip.hv_avg10 is None:
            raise AbsentError("there is no hv_avg10")
        return mean_crossing_s(profile.trip.hv_avg10, before_pct, after_pct)

    blocks = {name: getattr(profile, name) for name in type(profile).model_fields}
    known = {} if model is None else {"model": model}
    return {**blocks, **known, "mean_trip_s": mean_trip_s}


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
