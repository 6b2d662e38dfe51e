"""Which unit id stands for what, and what never changes about it: from the site file alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain as joined

from config.faces import SunSpecFace
from config.plant import profile_of, units
from config.site import Site
from protocols.points import Channel
from protocols.profile import Model
from protocols.sunspec.chain import Chain, der_chain, inverter_chain
from protocols.sunspec.view import Nameplate

WHOLE = 126  # the unit id that a Victron GX asks by default
IDS = (*range(1, WHOLE), *range(WHOLE + 1, 248))  # of single inverters
MODULES = 60  # inverters that the whole site shows as its inputs: no known client shows more than 6; 1208 registers
_MARGIN = 1.2  # over the rating, before a figure saturates
_MOST = 32767  # of a signed register


@dataclass(frozen=True, slots=True)
class Served:
    """What one unit id stands for: `target` as in commands, its slots, what is on its plate, its models.

    `three_phase`: all of it is; `der`: the models are 701 and the like. `after_pct` is the limit that comes into force
    when a lease ends.
    """

    target: str
    slots: tuple[str, ...]
    plate: Nameplate
    phases: int
    three_phase: bool
    after_pct: float
    der: bool
    models: Chain

    @property
    def channels(self) -> Iterator[Channel]:
        """Yield what the models show."""
        return joined.from_iterable(layout.channels for _, layout in self.models)

    @property
    def whole(self) -> bool:
        """Tell whether this is the whole site."""
        return self.target == "site"


@dataclass(frozen=True, slots=True)
class _Unit:
    slot: str
    serial: str
    maker: str
    model: Model
    fallback_pct: float


def served(site: Site, face: SunSpecFace, v_nom: float, hz_nom: float) -> dict[int, Served]:
    """Return what each unit id of a port stands for."""
    plant = list(_units(site))
    mine = plant[face.first - 1 : face.first - 1 + len(IDS)]
    singles = {
        number: _served(unit.slot, [unit], face, _plate(unit, number, v_nom, hz_nom))
        for number, unit in zip(IDS, mine, strict=False)
    }
    plate = Nameplate(
        maker="OpenCombiner",
        model=f"{len(plant)} microinverters",
        options="whole site",
        firmware=None,
        serial=site.id,
        node=WHOLE,
        ports=min(len(plant), MODULES),
        rated_w=sum(unit.model.rated_w for unit in plant),
        rated_a=sum(unit.model.rated_a for unit in plant),
        pf_min=None,
        v_nom=v_nom,
        hz_nom=hz_nom,
    )
    return singles | {WHOLE: _served("site", plant, face, plate)}


def _units(site: Site) -> Iterator[_Unit]:
    for _, gateway, inverter in units(site):
        profile = profile_of(gateway)
        model = profile.models[inverter.model]
        yield _Unit(inverter.id, inverter.serial, profile.maker, model, gateway.fallback_limit_pct)


def _plate(unit: _Unit, number: int, v_nom: float, hz_nom: float) -> Nameplate:
    return Nameplate(
        maker=unit.maker,
        model=unit.model.name,
        options=unit.slot[:16],
        firmware=None,
        serial=unit.serial,
        node=number,
        ports=unit.model.ports,
        rated_w=unit.model.rated_w,
        rated_a=unit.model.rated_a,
        pf_min=None,
        v_nom=v_nom,
        hz_nom=hz_nom,
    )


def _served(target: str, plant: list[_Unit], face: SunSpecFace, plate: Nameplate) -> Served:
    w_sf, a_sf = _scale(plate.rated_w, -1), _scale(plate.rated_a, -2)
    phases = max(unit.model.phases for unit in plant)
    all_three = all(unit.model.phases == 3 for unit in plant)  # the line of a single-phase unit is not known
    der = face.models == "der"
    models = der_chain(plate.ports, w_sf, a_sf) if der else inverter_chain(plate.ports, phases, w_sf, a_sf)
    after_w = sum(unit.fallback_pct * unit.model.rated_w for unit in plant)
    slots = tuple(unit.slot for unit in plant)
    return Served(target, slots, plate, phases, all_three, after_w / plate.rated_w, der, models)


def _scale(most: float, finest: int) -> int:
    """Return the finest scale factor by which a figure fits a register, constant for good as SunSpec asks."""
    factor = finest
    while most * _MARGIN > _MOST * 10.0**factor:
        factor += 1
    return factor
