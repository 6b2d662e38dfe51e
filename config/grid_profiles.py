"""Grid profiles by name: those that come with the package, and a user's own by path."""

from functools import cache
from importlib.resources import as_file
from pathlib import Path

from config.document import read
from config.findings import Finding, SiteRefusedError
from config.grid_profile import FrequencyStage, GridProfileFile, VoltageStage
from config.loader import typed
from config.packaged import packaged
from protocols.grid_profile import EnterService, GridProfile, Stage

_SUFFIX = ".yaml"


def grid_profiles() -> tuple[str, ...]:
    """Return the ids of the profiles that come with the package."""
    files = packaged("grid_profiles").iterdir()
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX)))


def grid_profile(name: str) -> GridProfileFile:
    """Return a profile: `name` is an id, or the path of a file, which contains a / or ends in .yaml.

    Raises SiteRefusedError with the place of every error in the file, or with the known ids.
    """
    if "/" in name or name.endswith(_SUFFIX):
        return _load(Path(name))
    known = grid_profiles()
    if name not in known:
        remedy = f"use {', '.join(known)}, or the path of a file of your own"
        raise SiteRefusedError(Path(f"{name}{_SUFFIX}"), (Finding(problem="no such grid profile", remedy=remedy),))
    return _packaged(name)


@cache  # as many as the package holds
def _packaged(name: str) -> GridProfileFile:
    with as_file(packaged("grid_profiles") / f"{name}{_SUFFIX}") as path:
        return _load(path)


def _load(path: Path) -> GridProfileFile:
    return typed(path, read(path), GridProfileFile)


def on_wire(profile: GridProfileFile) -> GridProfile:
    """Return what a device holds of a profile and tells a master."""
    entry, mean = profile.enter_service, profile.trip.hv_avg10
    return GridProfile(
        id=profile.id,
        v_nom=profile.nominal.v_ln,
        hz_nom=profile.nominal.hz,
        lv=tuple(map(_voltage, profile.trip.lv)),
        hv=tuple(map(_voltage, profile.trip.hv)),
        hv_avg10=None if mean is None else mean.v,
        lf=tuple(map(_frequency, profile.trip.lf)),
        hf=tuple(map(_frequency, profile.trip.hf)),
        enter_service=EnterService(
            v_lo=entry.v_lo,
            v_hi=entry.v_hi,
            hz_lo=entry.hz_lo,
            hz_hi=entry.hz_hi,
            delay_s=entry.delay_s,
            ramp_s=entry.ramp_s,
        ),
    )


def _voltage(stage: VoltageStage) -> Stage:
    return Stage(stage.v, stage.t)


def _frequency(stage: FrequencyStage) -> Stage:
    return Stage(stage.hz, stage.t)
