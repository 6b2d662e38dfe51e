"""What can be done to an emulated plant, by name: the vocabulary of scripts, scenarios and tests."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import isfinite
from typing import TypeAlias

from config.findings import Finding, Loc, quoted
from config.plant import branches, units
from config.site import Act, Site
from protocols.errors import ConfigError

SITE = "site"
MAX_TEXT = 60  # characters of a text argument from outside: a serial has 16, an id 40
SWAPS = ("right", "in_series", "96_cell")  # the module of the site file, two of it in series, one of 96 cells
SKIES = ("clear", "broken", "overcast", "changing")
MANNERS = (
    "right",
    "silent",
    "short",
    "long",
    "stale",
)  # how a unit answers: whole, not at all, cut, too long, the last answer
FAULTS = (
    "loss",
    "bit_errors",
    "duplicates",
    "reorder",
    "truncation",
)  # what a medium does to a share of what it carries
Told: TypeAlias = float | str | None


class Kind(Enum):
    """What an argument is."""

    NUMBER = "a number"
    UNIT = "the serial of a unit"
    PLACE = "site, or the id of a branch"
    ANYWHERE = "site, the id of a branch, or the serial of a unit"
    GATEWAY = "the id of a gateway"
    SWAP = f"one of {', '.join(SWAPS)}"
    WORD = "one of the words that the act knows"
    TEXT = "a text"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument; `none`: it may be left empty, which takes the effect back; `words` are those of the kind WORD."""

    kind: Kind
    needed: bool = True
    none: bool = False
    words: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """Return in words what to write."""
        return f"one of {', '.join(self.words)}" if self.words else self.kind.value


Vocabulary: TypeAlias = Mapping[str, Mapping[str, Argument]]


_PLACE, _RAMP = Argument(Kind.PLACE, needed=False), Argument(Kind.NUMBER, needed=False)
_GATEWAY = Argument(Kind.GATEWAY)
_UNIT, _OR_NONE = Argument(Kind.UNIT), Argument(Kind.NUMBER, none=True)
INSTRUMENTS: Vocabulary = {
    "grid_voltage": {"pu": _OR_NONE, "target": _PLACE, "ramp_s": _RAMP},
    "grid_frequency": {"hz": _OR_NONE, "target": _PLACE, "ramp_s": _RAMP},
    "grid_outage": {"target": _PLACE},
    "grid_restore": {"target": _PLACE},
    "grid_breaker_open": {"gateway": _GATEWAY},
    "grid_breaker_close": {"gateway": _GATEWAY},
    "relay_open": {"gateway": _GATEWAY},
    "relay_close": {"gateway": _GATEWAY},
    "meter_open": {"gateway": _GATEWAY},
    "meter_close": {"gateway": _GATEWAY},
    "phase_loss": {"phase": Argument(Kind.NUMBER)},
    "phase_restore": {"phase": Argument(Kind.NUMBER)},
    "irradiance": {"share": _OR_NONE, "target": Argument(Kind.ANYWHERE, needed=False)},
    "clouds": {"kind": Argument(Kind.WORD, none=True, words=SKIES), "target": Argument(Kind.ANYWHERE, needed=False)},
    "module_swap": {"serial": _UNIT, "kind": Argument(Kind.SWAP)},
    "insulation": {"serial": _UNIT, "ohm": _OR_NONE},
    "dc_injection": {"serial": _UNIT, "ma": _OR_NONE},
    "ambient": {"kelvin": Argument(Kind.NUMBER), "target": Argument(Kind.ANYWHERE, needed=False)},
    "sun_on_case": {"serial": _UNIT, "watt": Argument(Kind.NUMBER)},
    "inverter_fault": {"serial": _UNIT, "code": _OR_NONE},
    "hardware_event": {"serial": _UNIT},
    "restart": {"serial": _UNIT},
    "replace": {"serial": _UNIT, "new_serial": Argument(Kind.TEXT)},
    "answers": {"serial": _UNIT, "manner": Argument(Kind.WORD, words=MANNERS)},
    **{f"link_{fault}": {"gateway": _GATEWAY, "share": Argument(Kind.NUMBER)} for fault in FAULTS},
    "link_delay": {"gateway": _GATEWAY, "seconds": Argument(Kind.NUMBER)},
    "modem_stall": {"gateway": _GATEWAY},
    "modem_resume": {"gateway": _GATEWAY},
    "unplug": {"gateway": _GATEWAY},
    "plug": {"gateway": _GATEWAY},
}


def told(act: Act) -> dict[str, Told]:
    """Return the arguments of an act that was checked, numbers as numbers."""
    return arguments(INSTRUMENTS[act.name], act.args)


def arguments(known: Mapping[str, Argument], args: Mapping[str, str | None]) -> dict[str, Told]:
    """Return arguments that were checked, numbers as numbers."""
    return {name: _told(known[name], value) for name, value in args.items()}


def _told(argument: Argument, value: str | None) -> Told:
    return float(value) if value is not None and argument.kind is Kind.NUMBER else value


def judged(name: str, args: Mapping[str, object], vocabulary: Vocabulary = INSTRUMENTS) -> dict[str, Told]:
    """Return the arguments of an act that comes from outside. Raises ConfigError for what is not of its form."""
    known = vocabulary.get(name)
    if known is None:
        raise ConfigError(f"there is no act {quoted(name)}; use one of {', '.join(vocabulary)}")
    wrong = [*(args.keys() - known.keys()), *(key for key in known if known[key].needed and key not in args)]
    if wrong:
        raise ConfigError(f"{name}: {quoted(wrong[0])} is unknown or missing; it takes {', '.join(known)}")
    return {key: _judged(f"{name}: {key}", known[key], value) for key, value in args.items()}


def _judged(what: str, argument: Argument, value: object) -> Told:
    if value is None and argument.none:
        return None
    if argument.kind is Kind.NUMBER and isinstance(value, int | float) and isfinite(value):
        return float(value)
    text = argument.kind is not Kind.NUMBER and isinstance(value, str) and len(value) <= MAX_TEXT
    if text and (not argument.words or value in argument.words):
        return str(value)
    raise ConfigError(f"{what}: {quoted(value)} is not {argument.form}")


def check_script(site: Site) -> Iterator[Finding]:
    """Yield what is wrong with the script of a site."""
    yield from check_acts(site.emulation.script, ("emulation", "script"), site, INSTRUMENTS)


def check_acts(acts: Sequence[Act], loc: Loc, site: Site, vocabulary: Vocabulary) -> Iterator[Finding]:
    """Yield what is wrong with the acts at a setting, each of which is to be in the vocabulary."""
    fresh = [serial for act in acts if (serial := act.args.get("new_serial")) is not None]
    for index, act in enumerate(acts):
        here = (*loc, index)
        if act.name in vocabulary:
            yield from _check_arguments(act, vocabulary[act.name], here, _Names(site, fresh))
        else:
            remedy = f"use one of {', '.join(vocabulary)}"
            yield Finding(problem=f"there is no instrument {quoted(act.name)}", remedy=remedy, loc=(*here, "name"))


def _check_arguments(act: Act, known: Mapping[str, Argument], loc: Loc, names: "_Names") -> Iterator[Finding]:
    for name, argument in known.items():
        if argument.needed and name not in act.args:
            yield Finding(problem=f"{act.name} needs {name}", remedy=f"add {name}: {argument.form}", loc=loc)
    for name, value in act.args.items():
        here = (*loc, "args", name)
        if name not in known:
            remedy = f"it takes {', '.join(known)}"
            yield Finding(problem=f"{act.name} takes no {quoted(name)}", remedy=remedy, loc=here)
        elif not _right(known[name], value, names):
            remedy = f"write {known[name].form}"
            yield Finding(problem=f"{quoted(value)} is not {known[name].form}", remedy=remedy, loc=here)


def _right(argument: Argument, value: str | None, names: "_Names") -> bool:
    if value is None:
        return argument.none
    if argument.kind is Kind.NUMBER:
        return _number(value)
    known = names.of(argument)
    return known is None or value in known


def _number(value: str) -> bool:
    try:
        return isfinite(float(value))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of a site; `fresh` are serials that acts bring."""

    site: Site
    fresh: Sequence[str]

    def of(self, argument: Argument) -> Collection[str] | None:
        """Return the names that are right for an argument; None: any text is."""
        known: Mapping[Kind, Callable[[], Collection[str]]] = {
            Kind.UNIT: lambda: self._serials,
            Kind.PLACE: lambda: [SITE, *self._branches],
            Kind.ANYWHERE: lambda: [SITE, *self._branches, *self._serials],
            Kind.GATEWAY: lambda: [gateway.id for gateway in self.site.gateways],
            Kind.SWAP: lambda: SWAPS,
            Kind.WORD: lambda: argument.words,
        }
        return known[argument.kind]() if argument.kind in known else None

    @property
    def _branches(self) -> list[str]:
        return [branch.id for _, _, branch in branches(self.site)]

    @property
    def _serials(self) -> list[str]:
        return [*(unit.serial for _, _, unit in units(self.site)), *self.fresh]
