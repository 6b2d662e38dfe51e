"""A site that stands still, for what faces say about it and make of what they are told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.alarms import load_catalogue
from config.faces import SunSpecFace
from config.grid_profiles import grid_profile, on_wire
from config.site import Site
from gateway.alarms.engine import Standing
from gateway.alarms.record import Record
from gateway.alarms.states import AlarmState
from gateway.faces.desk import InForce
from gateway.faces.sunspec import SunSpec
from gateway.faces.sunspec_units import served
from gateway.faces.sunspec_values import Shown
from gateway.meter import Measured
from gateway.snapshot import CommState, Energy, Identity, InverterView, SiteTotals
from protocols import points
from protocols.points import Channel, Value
from protocols.states import InvSt, Quality
from protocols.sunspec.chain import BASE
from tests.support.emulated import UTRECHT

NOON = 1_782_043_200.0
STALE_S = 120.0
CATALOGUE = load_catalogue().by_code()
VALUES: dict[Channel, Value] = {
    Channel(points.W): 401.2,
    Channel(points.VAR): -3.0,
    Channel(points.LNV): 230.1,
    Channel(points.A): 1.74,
    Channel(points.HZ): 49.98,
    Channel(points.TMP_CAB): 41.5,
    Channel(points.W_MAX_LIM_PCT): 100,
    Channel(points.RIS): 2_000_000,
    Channel(points.DCW, 1): 410.5,
    Channel(points.DCV, 1): 33.2,
    Channel(points.DCA, 1): 12.341,
}


def site(count: int = 3, **changes: Any) -> Site:
    """Return a site of so many MI-450 in the slots u1, u2, …"""
    units = [{"slot": f"u{n}", "serial": f"A{n:04d}", "model": "MI-450"} for n in range(1, count + 1)]
    gateway = {
        "id": "east",
        "role": "m-combiner",
        "link": {"url": "mem://x"},
        "branches": [{"id": "b1", "inverters": units}],
        **changes,
    }
    return Site.model_validate({"location": UTRECHT, "state_dir": Path("unused"), "gateways": [gateway]})


def unit(slot: str, **changes: Any) -> InverterView:
    """Return a unit at work."""
    who = Identity(slot, f"A{int(slot[1:]):04d}", "MI-450", "atmoce", "east", "b1", 7, 1, 450.0, "1.4.2")
    energy = {0: Energy(1_234_567, 2_345), 1: Energy(1_300_000, 2_400)}
    state, good = InvSt.RUNNING, Quality.GOOD
    view = InverterView(who, CommState.ONLINE, good, VALUES, state, frozenset(), energy, NOON, 12)
    return replace(view, **changes)


def standing(code: int, subject: str = "u1", state: AlarmState = AlarmState.UNACK, **changes: Any) -> Standing:
    """Return an alarm that stands."""
    return Standing(CATALOGUE[code], Record(subject, code, state, **changes), uncertain=False)


@dataclass
class StillPlant:
    """Satisfies `desk.Plant`."""

    views: dict[str, InverterView] = field(default_factory=lambda: {slot: unit(slot) for slot in ("u1", "u2", "u3")})
    alarms: list[Standing] = field(default_factory=list)
    limits: dict[str, InForce] = field(default_factory=dict)
    now: float = NOON
    metered: dict[str, Measured] = field(default_factory=dict)
    e_total_wh: int | None = None

    def totals(self) -> SiteTotals:
        """Return sums over those that answer."""
        up = [view for view in self.views.values() if view.comm is CommState.ONLINE]
        held = [v for view in self.views.values() if isinstance(v := view.values.get(_LIMIT), int | float)]
        watts = [w for view in up if isinstance(w := view.values.get(Channel(points.W)), int | float)]
        asleep = sum(view.comm is CommState.ASLEEP for view in self.views.values())
        return SiteTotals(
            p_ac_w=sum(watts) if watts or asleep else None,
            q_ac_var=None,
            e_total_wh=self.e_total_wh,
            e_day_wh=0,
            expected=len(self.views) - asleep,
            reporting=len(up),
            asleep=asleep,
            limit_pct=sum(held) / len(held) if held else None,
        )

    def standing(self, subject: str | None = None) -> Sequence[Standing]:
        """Return alarms."""
        return [each for each in self.alarms if subject in (None, each.record.subject)]

    def in_force(self, target: str) -> InForce | None:
        """Return a limit."""
        return self.limits.get(target)

    def meter(self, gateway: str) -> Measured | None:
        """Return what a meter says."""
        return self.metered.get(gateway)

    def utc(self) -> float:
        """Return noon."""
        return self.now


_LIMIT = Channel(points.W_MAX_LIM_PCT)


@dataclass
class Port:
    """One port of the SunSpec face, asked without a server."""

    site: Site
    models: str = "inverter"
    first: int = 1
    writes: bool = True
    plant: StillPlant = field(default_factory=StillPlant)

    def __post_init__(self) -> None:
        profile = on_wire(grid_profile("eu_en_50549_1_2019"))
        section = SunSpecFace.model_validate({"kind": "sunspec", "models": self.models, "first": self.first})
        self.units = served(self.site, section, profile.v_nom, profile.hz_nom)
        self.face = SunSpec(self.units, Shown(STALE_S, self.writes, profile.enter_service))

    def read(self, number: int, start: int, count: int) -> bytes:
        """Return registers that are there."""
        data = self.face.answer(self.plant, number, start, count)
        assert isinstance(data, bytes), data
        assert len(data) == 2 * count
        return data

    def values(self, number: int, *models: int) -> dict[str, Value]:
        """Return what models of a unit show, by the names of the points and their inputs."""
        found: dict[str, Value] = {}
        for at, layout in self.units[number].models:
            if not models or int(layout.name.rpartition(".")[2]) in models:
                raw = b"".join(
                    self.read(number, first, min(125, at + layout.size // 2 - first))
                    for first in range(at, at + layout.size // 2, 125)
                )
                for channel, value in layout.unpack(raw).items():
                    found[f"{channel.point.name}.{channel.port}" if channel.port else channel.point.name] = value
        return found

    def at(self, model: int, register: int, number: int = 1) -> int:
        """Return the address of a register of a model."""
        return next(at for at, layout in self.units[number].models if layout.name == f"sunspec.{model}") + register

    def write(self, number: int, start: int, *words: int, by: str = "sunspec 10.0.0.7") -> Any:
        """Return what a write asks for."""
        data = b"".join(word.to_bytes(2, "big") for word in words)
        return self.face.written(self.plant, number, start, data, by)

    @property
    def base(self) -> int:
        """Return where the mark stands."""
        return BASE
