"""Protection stages as data: what is watched, at which limit, for how long; from the grid profile and the device."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from math import inf

from config.grid_profile import FrequencyStage, GridProfileFile, VoltageStage
from emulator.thermal import RESTART_C, RESTART_HOLD_S, STOP_C, STOP_HOLD_S

OUTAGE = 2  # code
DROP_OUT = 0.02  # of a voltage limit: relays release at 0.98 or 1.02 of it
DROP_OUT_HZ = 0.05
DROP_OUT_DC = 0.2
EARLY_S = 0.005  # by which the relay is open before the profile's time is over
LEAST_S = 0.02  # one cycle: nothing is measured in less
OUTAGE_PU, OUTAGE_S = 0.20, 0.2  # below this share of nominal there is no grid; so long without a zero crossing
WITHSTOOD_S = 0.05  # by which an outage must outlast what the profile wants withstood
GRID_CLEAR_S, MEAN_CLEAR_S, INPUT_CLEAR_S, DC_CLEAR_S = 1.0, 60.0, 10.0, 60.0
INPUT_BACK = 0.95  # of the greatest input voltage


class Quantity(IntEnum):
    """What a stage watches: a number, because it is a key on the busiest path."""

    VOLT = 1
    HERTZ = 2
    MEAN = 3  # of the voltage, over 10 minutes
    INPUT = 4  # V
    DC = 5  # A in the output
    CASE = 6  # °C


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: the `number`-th of its code. `above` False: it acts below the limit.

    It acts `act_s` after the crossing and clears when the value has been beyond `back` for `clear_s`; with
    `needs_window` only where the unit may enter service too.
    """

    code: int
    number: int
    quantity: Quantity
    above: bool
    limit: float
    back: float
    act_s: float
    clear_s: float
    needs_window: bool = False


def stages(profile: GridProfileFile, *, rated_a: float, dc_max_v: float) -> Iterator[Stage]:
    """Yield every stage of a device; the outage first, because what acts at its instant only follows from it."""
    trip, v_nom = profile.trip, profile.nominal.v_ln
    dead, dc = OUTAGE_PU * v_nom, dc_limit_a(profile, rated_a)
    yield Stage(
        *(OUTAGE, 1, Quantity.VOLT, False, dead, (1 + DROP_OUT) * dead),
        act_s=_act_s(outage_s(profile)),
        clear_s=GRID_CLEAR_S,
        needs_window=True,
    )
    yield from (_voltage(4, number, stage, v_nom, above=False) for number, stage in enumerate(trip.lv, start=1))
    yield from (_voltage(5, number, stage, v_nom, above=True) for number, stage in enumerate(trip.hv, start=1))
    if trip.hv_avg10 is not None:
        limit, act_s = trip.hv_avg10.v * v_nom / 100, _act_s(trip.hv_avg10.t)
        yield Stage(5, len(trip.hv) + 1, Quantity.MEAN, True, limit, limit, act_s, MEAN_CLEAR_S, needs_window=True)
    yield from (_frequency(3, number, stage, above=False) for number, stage in enumerate(trip.lf, start=1))
    yield from (_frequency(6, number, stage, above=True) for number, stage in enumerate(trip.hf, start=1))
    yield Stage(1, 1, Quantity.INPUT, True, dc_max_v, INPUT_BACK * dc_max_v, LEAST_S, INPUT_CLEAR_S)
    yield Stage(7, 1, Quantity.DC, True, dc, (1 - DROP_OUT_DC) * dc, _act_s(profile.dc_injection.t), DC_CLEAR_S)
    yield Stage(8, 1, Quantity.CASE, True, STOP_C, RESTART_C, STOP_HOLD_S, RESTART_HOLD_S)


def dc_limit_a(profile: GridProfileFile, rated_a: float) -> float:
    """Return the limit of the DC component of the output."""
    return max(profile.dc_injection.pct_rated / 100 * rated_a, profile.dc_injection.floor_ma / 1000)


def outage_s(profile: GridProfileFile) -> float:
    """Return when an outage is certain: after what the profile wants withstood so low, before its quickest stage."""
    withstood = (stage.t + WITHSTOOD_S for stage in profile.ride_through.lv if stage.v < 100 * OUTAGE_PU)
    return min(max(OUTAGE_S, *withstood, 0.0), *(stage.t for stage in profile.trip.lv), inf)


def _voltage(code: int, number: int, stage: VoltageStage, v_nom: float, *, above: bool) -> Stage:
    limit = stage.v * v_nom / 100
    back = limit * (1 - DROP_OUT if above else 1 + DROP_OUT)
    return Stage(code, number, Quantity.VOLT, above, limit, back, _act_s(stage.t), GRID_CLEAR_S)


def _frequency(code: int, number: int, stage: FrequencyStage, *, above: bool) -> Stage:
    back = stage.hz - DROP_OUT_HZ if above else stage.hz + DROP_OUT_HZ
    return Stage(code, number, Quantity.HERTZ, above, stage.hz, back, _act_s(stage.t), GRID_CLEAR_S)


def _act_s(trip_s: float) -> float:
    return max(trip_s - EARLY_S, LEAST_S)
