"""A plant in which each alarm code has a unit of its own, the physical cause of each, and its cure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.site import Site
from emulator.instruments import Instruments
from protocols.vendors.atmoce.led import Led
from tests.support.emulated import UTRECHT


@dataclass(frozen=True)
class Do:
    """One use of an instrument."""

    name: str
    args: Mapping[str, float | str | None]

    def to(self, instruments: Instruments) -> None:
        getattr(instruments, self.name)(**self.args)

    def at(self, at_s: float) -> dict[str, object]:
        """Return the same as a line of a site file's script."""
        args = {key: None if value is None else str(value) for key, value in self.args.items()}
        return {"at_s": at_s, "name": self.name, "args": args}


@dataclass(frozen=True)
class Code:
    """A code: what causes it, what cures it, what the lamp shows, and whether it stays until it is reset."""

    code: int
    cause: Do
    cure: Do | None  # None: the unit recovers by itself
    led: Led
    latched: bool = False

    @property
    def slot(self) -> str:
        return f"c{self.code}"


def serial(code: int) -> str:
    return f"AT{code:06d}"


def _unit(name: str, number: int, /, **args: float | str | None) -> Do:
    return Do(name, {"serial": serial(number), **args})


def _grid(name: str, code: int, /, **args: float | str | None) -> Do:
    return Do(name, {"target": f"b{code}", **args})


CODES = (
    Code(1, _unit("module_swap", 1, kind="in_series"), _unit("module_swap", 1, kind="right"), Led.RED_QUICK),
    Code(2, _grid("grid_outage", 2), _grid("grid_restore", 2), Led.RED_SLOW),
    Code(3, _grid("grid_frequency", 3, hz=46.5), _grid("grid_frequency", 3, hz=None), Led.RED_SLOW),
    Code(4, _grid("grid_voltage", 4, pu=0.4), _grid("grid_voltage", 4, pu=None), Led.RED_SLOW),
    Code(5, _grid("grid_voltage", 5, pu=1.27), _grid("grid_voltage", 5, pu=None), Led.RED_SLOW),
    Code(6, _grid("grid_frequency", 6, hz=62.5), _grid("grid_frequency", 6, hz=None), Led.RED_SLOW),
    Code(7, _unit("dc_injection", 7, ma=60), _unit("dc_injection", 7, ma=None), Led.RED_QUICK),
    Code(8, _unit("hardware_event", 8), None, Led.RED_QUICK),
    Code(9, _unit("insulation", 9, ohm=3000), _unit("insulation", 9, ohm=None), Led.RED_QUICK, latched=True),
    Code(10, _unit("inverter_fault", 10, code=10), _unit("inverter_fault", 10, code=None), Led.RED_SOLID, latched=True),
)
RETEST = _unit("restart", 9)  # insulation is measured at the start, and every ten minutes after it
BY_CODE: Mapping[int, Code] = {code.code: code for code in CODES}


def cure(code: Code, instruments: Instruments) -> None:
    if code.cure is not None:
        code.cure.to(instruments)


def _branch(number: int, *codes: int) -> dict[str, object]:
    inverters = [{"slot": f"c{code}", "serial": serial(code), "model": "MI-400"} for code in codes]
    return {"id": f"b{number}", "inverters": inverters}


def described(
    folder: Path, *, profile: str = "de_vde_ar_n_4105_2018_11", link: str = "mem://line", **more: object
) -> Site:
    """Return the plant: codes of the grid have a branch each, the others share one; one more unit stays well."""
    gateway = {
        "id": "gw",
        "role": "m-combiner",
        "poll_s": 5,
        "link": {"url": link, "bit_rate": 9600},
        "branches": [
            _branch(1, 1, 7, 8, 9, 10, 11),
            *(_branch(code, code) for code in range(2, 7)),
        ],
    }
    data: dict[str, object] = {
        "location": UTRECHT.model_dump(),
        "state_dir": folder,
        "grid_profile": profile,
        "mqtt": {"url": f"mem://{folder.name}"},
        "gateways": [gateway],
        "emulation": {"seed": 5, "clouds": "clear"},
    }
    return Site.model_validate(data | more)
