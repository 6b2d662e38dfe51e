"""What instruments would measure at an emulated plant: the truth, whatever the gateway makes of it."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from emulator.server import Plant
from protocols.points import INV_ST, LNV, Channel, Value, W

MAX_UNITS = 20  # whose own values are listed: more than anybody looks at
_POINTS = {"w": Channel(W), "v": Channel(LNV), "st": Channel(INV_ST)}


@runtime_checkable
class Lamp(Protocol):
    """A unit's side whose lamp can be looked at; its colours and patterns are the vendor's numbers."""

    def led(self, now: float) -> int:
        """Return what the lamp shows."""
        ...


def readings(plant: Plant, names: Mapping[str, str], now: float) -> dict[str, float]:
    """Return grid and site by `grid.v`, `grid.hz`, `site.w`, and units by NAME.w, NAME.v, NAME.st, NAME.led.

    `names` are the units' by serial; those that are not named, or are too many, are in the sum only.
    """
    t = plant.advance(now)
    grid, units = plant.around.grid, plant.units
    total = sum(unit.power_w(now) for unit in units.values())
    measured = {"grid.v": grid.volt_at(t), "grid.hz": grid.hertz_at(t), "site.w": total}
    for serial, name in list(names.items())[:MAX_UNITS]:
        if serial in units:
            values = units[serial].values(now)
            measured |= {
                f"{name}.{key}": number for key, at in _POINTS.items() if (number := _number(values[at])) is not None
            }
            side = plant.responder(serial).inner
            if isinstance(side, Lamp):
                measured[f"{name}.led"] = float(side.led(now))
    return measured


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None
