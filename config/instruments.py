"""What can be done to an emulated plant, by name: the vocabulary of scripts, scenarios and tests."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import TypeAlias

from config.findings import Finding, Loc, quoted
from config.plant import branches, units
from config.site import Act, Site

SITE = "site"
SWAPS = ("right", "in_series", "96_cell")  # the module of the site file, two of it in series, one of 96 cells
Told: TypeAlias = float | str | None


class Kind(Enum):
    """What an argument is."""

    NUMBER = "a number"
    UNIT = "the serial of a unit"
    PLACE = "site, or the id of a branch"
    ANYWHERE = "site, or the serial of a unit"
    GATEWAY = "the id of a gateway"
    SWAP = f"one of {', '.join(SWAPS)}"
    TEXT = "a text"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument; `none`: it may be left empty, which takes the effect back."""

    kind: Kind
    needed: bool = True
    none: bool = False


_PLACE, _RAMP = Argument(Kind.PLACE, needed=False), Argument(Kind.NUMBER, needed=False)
_UNIT, _OR_NONE = Argument(Kind.UNIT), Argument(Kind.NUMBER, none=True)
INSTRUMENTS: Mapping[str, Mapping[str, Argument]] = {
    "grid_voltage": {"pu": _OR_NONE, "target": _PLACE, "ramp_s": _RAMP},
    "grid_frequency": {"hz": _OR_NONE, "target": _PLACE, "ramp_s": _RAMP},
    "grid_outage": {"target": _PLACE},
    "grid_restore": {"target": _PLACE},
    "module_swap": {"serial": _UNIT, "kind": Argument(Kind.SWAP)},
    "insulation": {"serial": _UNIT, "ohm": _OR_NONE},
    "dc_injection": {"serial": _UNIT, "ma": _OR_NONE},
    "ambient": {"kelvin": Argument(Kind.NUMBER), "target": Argument(Kind.ANYWHERE, needed=False)},
    "sun_on_case": {"serial": _UNIT, "watt": Argument(Kind.NUMBER)},
    "inverter_fault": {"serial": _UNIT, "code": _OR_NONE},
    "hardware_event": {"serial": _UNIT},
    "restart": {"serial": _UNIT},
    "replace": {"serial": _UNIT, "new_serial": Argument(Kind.TEXT)},
    "unplug": {"gateway": Argument(Kind.GATEWAY)},
    "plug": {"gateway": Argument(Kind.GATEWAY)},
}


def told(act: Act) -> dict[str, Told]:
    """Return the arguments of an act that was checked, numbers as numbers."""
    known = INSTRUMENTS[act.name]
    return {name: _told(known[name], value) for name, value in act.args.items()}


def _told(argument: Argument, value: str | None) -> Told:
    return float(value) if value is not None and argument.kind is Kind.NUMBER else value


def check_script(site: Site) -> Iterator[Finding]:
    """Yield what is wrong with the script of a site."""
    for index, act in enumerate(site.emulation.script):
        loc: Loc = ("emulation", "script", index)
        if act.name in INSTRUMENTS:
            yield from _check_arguments(act, loc, site)
        else:
            remedy = f"use one of {', '.join(INSTRUMENTS)}"
            yield Finding(problem=f"there is no instrument {quoted(act.name)}", remedy=remedy, loc=(*loc, "name"))


def _check_arguments(act: Act, loc: Loc, site: Site) -> Iterator[Finding]:
    known = INSTRUMENTS[act.name]
    for name, argument in known.items():
        if argument.needed and name not in act.args:
            yield Finding(problem=f"{act.name} needs {name}", remedy=f"add {name}: {argument.kind.value}", loc=loc)
    for name, value in act.args.items():
        here = (*loc, "args", name)
        if name not in known:
            remedy = f"it takes {', '.join(known)}"
            yield Finding(problem=f"{act.name} takes no {quoted(name)}", remedy=remedy, loc=here)
        elif not _right(known[name], value, site):
            remedy = f"write {known[name].kind.value}"
            yield Finding(problem=f"{quoted(value)} is not {known[name].kind.value}", remedy=remedy, loc=here)


def _right(argument: Argument, value: str | None, site: Site) -> bool:
    if value is None:
        return argument.none
    if argument.kind is Kind.NUMBER:
        return _number(value)
    names = _NAMES.get(argument.kind)
    return names is None or value in names(site)


def _number(value: str) -> bool:
    try:
        return isfinite(float(value))
    except ValueError:
        return False


def _serials(site: Site) -> list[str]:
    fresh = [act.args.get("new_serial") for act in site.emulation.script]
    return [unit.serial for _, _, unit in units(site)] + [serial for serial in fresh if serial is not None]


def _branches(site: Site) -> list[str]:
    return [branch.id for _, _, branch in branches(site)]


_NAMES: Mapping[Kind, Callable[[Site], Collection[str]]] = {
    Kind.UNIT: _serials,
    Kind.PLACE: lambda site: [SITE, *_branches(site)],
    Kind.ANYWHERE: lambda site: [SITE, *_serials(site)],
    Kind.GATEWAY: lambda site: [gateway.id for gateway in site.gateways],
    Kind.SWAP: lambda _: SWAPS,
}
