"""Protection settings as a device holds them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A protection stage: `limit` in % of nominal voltage or in Hz, `trip_s` until the relay must be open."""

    limit: float
    trip_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterService:
    """When a device may connect: voltages in % of nominal, SunSpec 703."""

    v_lo: float
    v_hi: float
    hz_lo: float
    hz_hi: float
    delay_s: float
    ramp_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GridProfile:
    """A grid profile, stages in order of severity; `hv_avg10` is the limit of the 10-minute mean, None without one."""

    id: str
    v_nom: float
    hz_nom: float
    lv: tuple[Stage, ...]
    hv: tuple[Stage, ...]
    hv_avg10: float | None
    lf: tuple[Stage, ...]
    hf: tuple[Stage, ...]
    enter_service: EnterService
