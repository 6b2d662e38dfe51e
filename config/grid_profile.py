"""Grid profiles: protection, ride-through and enter-service settings by country, as data files.

Voltages are percent of nominal, as in SunSpec 703-710; times are seconds; a list of stages is in order of severity.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from config.section import Section

PROFILE_ID = r"^[a-z0-9_]{2,32}$"  # stands in the unit's grid-profile block
Confidence = Literal["A", "B", "C", "D"]  # A: read in the source named; D: a proposal of ours
Seconds = Annotated[float, Field(ge=0, le=1000)]
Percent = Annotated[float, Field(ge=0, le=200)]


def _ordered(values: Sequence[float], *, rising: bool, what: str) -> None:
    """Raise ValueError unless `values` go strictly one way."""
    for near, far in pairwise(values):
        if (far > near) is not rising or far == near:
            direction = "rise" if rising else "fall"
            raise ValueError(f"{what} must {direction} from one to the next: {near:g} then {far:g}; put them in order")


class VoltageStage(Section):
    """Trip when the voltage has been beyond `v` for `t`."""

    v: Percent
    t: Seconds


class FrequencyStage(Section):
    """Trip when the frequency has been beyond `hz` for `t`."""

    hz: Annotated[float, Field(ge=40, le=70)]
    t: Seconds


class Mean(Section):
    """Trip when the 10-minute mean of the voltage is above `v`: at most `t` after the crossing.

    EN 50549-1 takes the moving root mean square; AS/NZS 4777.2 the arithmetic mean.
    """

    v: Percent
    t: Seconds
    mean: Literal["rms", "linear"] = "rms"


class Trip(Section):
    """Interface protection."""

    lv: tuple[VoltageStage, ...]
    hv: tuple[VoltageStage, ...]
    hv_avg10: Mean | None = None
    lf: tuple[FrequencyStage, ...]
    hf: tuple[FrequencyStage, ...]

    @field_validator("lv", "hv")
    @classmethod
    def _voltages_in_order(cls, stages: tuple[VoltageStage, ...], info: ValidationInfo) -> tuple[VoltageStage, ...]:
        name = info.field_name
        _ordered([stage.v for stage in stages], rising=name == "hv", what="limits")
        _ordered([stage.t for stage in stages], rising=False, what="times")
        return stages

    @field_validator("lf", "hf")
    @classmethod
    def _frequencies_in_order(
        cls, stages: tuple[FrequencyStage, ...], info: ValidationInfo
    ) -> tuple[FrequencyStage, ...]:
        name = info.field_name
        _ordered([stage.hz for stage in stages], rising=name == "hf", what="limits")
        _ordered([stage.t for stage in stages], rising=False, what="times")
        return stages


class RideThrough(Section):
    """What the device must withstand without tripping; cut by the stage times of the same profile."""

    lv: tuple[VoltageStage, ...] = ()
    hv: tuple[VoltageStage, ...] = ()


class ShortInterruption(Section):
    """After an outage of at most `max_s` the device may return after `delay_s`."""

    max_s: Seconds
    delay_s: Seconds


class Entry(Section):
    """When the device may connect, and how power rises then."""

    v_lo: Percent
    v_hi: Percent
    hz_lo: Annotated[float, Field(ge=40, le=70)]
    hz_hi: Annotated[float, Field(ge=40, le=70)]
    delay_s: Seconds
    ramp_s: Annotated[float, Field(ge=0, le=1000, description="from 0 to rated power; 0: no ramp")]
    ramp_first: Annotated[bool, Field(description="every entry ramps; false: only one after a trip")] = False
    short_interruption: ShortInterruption | None = None

    @model_validator(mode="after")
    def _windows_open(self) -> "Entry":
        if self.v_lo >= self.v_hi or self.hz_lo >= self.hz_hi:
            raise ValueError("the window is empty; let v_lo lie below v_hi, and hz_lo below hz_hi")
        return self


class FreqWatt(Section):
    """Active power against over-frequency: from nominal + `db_of` Hz, droop `k_of` (per unit of nominal)."""

    ena: bool
    db_of: Annotated[float, Field(ge=0, le=5)]
    k_of: Annotated[float, Field(gt=0, le=1)]
    rsp_s: Seconds


class Curve(Section):
    """Points (voltage in %, output in %), voltages rising, linear between them."""

    ena: bool
    rsp_s: Seconds = 10.0
    points: tuple[tuple[float, float], ...] = ()

    @field_validator("points")
    @classmethod
    def _points_in_order(cls, points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        _ordered([v for v, _ in points], rising=True, what="voltages of the curve")
        outputs = [out for _, out in points]
        if any(far > near for near, far in pairwise(outputs)):
            raise ValueError("the curve is inverted; its output must not rise with voltage")
        return points

    @model_validator(mode="after")
    def _enabled_needs_points(self) -> "Curve":
        if self.ena and len(self.points) < 2:
            raise ValueError("an enabled curve needs at least two points; add them, or set ena to false")
        return self


class DcInjection(Section):
    """Limit of the DC component of the output current: the greater of both."""

    pct_rated: Annotated[float, Field(gt=0, le=5)]
    floor_ma: Annotated[float, Field(ge=0, le=1000)]
    t: Seconds


class Insulation(Section):
    """Insulation resistance of the DC side to ground."""

    trip_ohm: Annotated[float, Field(gt=0)]
    clear_ohm: Annotated[float, Field(gt=0)]
    floor_ohm: Annotated[float, Field(gt=0, description="the least that IEC 62109-2 allows")]

    @model_validator(mode="after")
    def _in_order(self) -> "Insulation":
        if not self.floor_ohm <= self.trip_ohm < self.clear_ohm:
            raise ValueError(
                "the limits are out of order; let floor_ohm be at most trip_ohm, and trip_ohm below clear_ohm"
            )
        return self


class AntiIslanding(Section):
    """Detection of an island; `t`: until output ceases."""

    ena: bool
    t: Seconds


class Nominal(Section):
    """Nominal voltage (line to neutral, V) and frequency."""

    v_ln: Annotated[float, Field(gt=0, le=300)]
    hz: Annotated[float, Field(ge=40, le=70)]


class GridProfileFile(Section):
    """One profile with its edition, its sources and how far each block may be trusted."""

    id: Annotated[str, Field(pattern=PROFILE_ID)]
    title: str
    edition: str
    superseded_by: str | None = None
    confidence: dict[str, Confidence]
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    nominal: Nominal
    trip: Trip
    ride_through: RideThrough
    enter_service: Entry
    freq_watt: FreqWatt
    volt_var: Curve
    volt_watt: Curve
    dc_injection: DcInjection
    insulation: Insulation
    anti_islanding: AntiIslanding
