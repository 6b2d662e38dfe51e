"""A plant in which each alarm code has a unit of its own, the physical cause of each, and its cure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.site import Site
from emulator.instruments import Instruments
from protocols.vendors.atmoce.led import Led
from tests.support.emulated import UTRECHT

Act = Callable[[Instruments], None]


@dataclass(frozen=True)
class Code:
    """A code: what causes it, what cures it, what the lamp shows, and whether it stays until it is reset."""

    code: int
    cause: Act
    cure: Act
    led: Led
    latched: bool = False

    @property
    def slot(self) -> str:
        return f"c{self.code}"


def serial(code: int) -> str:
    return f"AT{code:06d}"


def _nothing(_: Instruments) -> None:
    """Wait: the unit recovers by itself."""


CODES = (
    Code(
        1,
        lambda i: i.module_swap(serial(1), "in_series"),
        lambda i: i.module_swap(serial(1), "right"),
        Led.RED_QUICK,
    ),
    Code(2, lambda i: i.grid_outage("b2"), lambda i: i.grid_restore("b2"), Led.RED_SLOW),
    Code(3, lambda i: i.grid_frequency(46.5, "b3"), lambda i: i.grid_frequency(None, "b3"), Led.RED_SLOW),
    Code(4, lambda i: i.grid_voltage(0.4, "b4"), lambda i: i.grid_voltage(None, "b4"), Led.RED_SLOW),
    Code(5, lambda i: i.grid_voltage(1.27, "b5"), lambda i: i.grid_voltage(None, "b5"), Led.RED_SLOW),
    Code(6, lambda i: i.grid_frequency(62.5, "b6"), lambda i: i.grid_frequency(None, "b6"), Led.RED_SLOW),
    Code(7, lambda i: i.dc_injection(serial(7), 60), lambda i: i.dc_injection(serial(7), None), Led.RED_QUICK),
    Code(8, lambda i: i.hardware_event(serial(8)), _nothing, Led.RED_QUICK),
    Code(
        9,
        lambda i: i.insulation(serial(9), 3000),
        lambda i: i.insulation(serial(9), None),
        Led.RED_QUICK,
        latched=True,
    ),
    Code(
        10,
        lambda i: i.inverter_fault(serial(10), 10),
        lambda i: i.inverter_fault(serial(10), None),
        Led.RED_SOLID,
        latched=True,
    ),
)
BY_CODE: Mapping[int, Code] = {code.code: code for code in CODES}


def _branch(number: int, *codes: int) -> dict[str, object]:
    inverters = [{"slot": f"c{code}", "serial": serial(code), "model": "MI-400"} for code in codes]
    return {"id": f"b{number}", "inverters": inverters}


def described(folder: Path, *, profile: str = "de_vde_ar_n_4105_2018_11", **more: object) -> Site:
    """Return the plant: codes of the grid have a branch each, the others share one; one more unit stays well."""
    gateway = {
        "id": "gw",
        "role": "m-combiner",
        "poll_s": 5,
        "link": {"url": "mem://line", "bit_rate": 9600},
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
