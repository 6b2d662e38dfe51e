"""The one door through which somebody acts on the emulated plant: tests, a script, a hardware-in-the-loop rig.

Every instrument sets something to a value from now on, so that using it twice is the same as using it once; only
`hardware_event`, `restart` and `replace` are events. The vocabulary is that of `config.instruments`.
"""

import asyncio
from collections.abc import Callable, Iterable

from config.instruments import SITE, SWAPS
from emulator.grid import Supply
from emulator.inverter import Inverter
from emulator.outlet import Outlet
from emulator.server import Plant
from protocols.commands import Restart
from protocols.errors import ConfigError

_INTERNAL = 10
_96_CELL, _PAIR = 96, 2


class Instruments:
    """Acts on a plant at the running loop's time, or at `now`. Raises ConfigError for a name that nothing has."""

    def __init__(self, plant: Plant, now: Callable[[], float] | None = None) -> None:
        self._plant = plant
        self._time = now

    def grid_voltage(self, pu: float | None, target: str = SITE, ramp_s: float = 0.0) -> None:
        """Hold the grid's voltage at `pu` of nominal; None leaves it to nature again."""
        volt = None if pu is None else pu * self._plant.around.grid.v_nom
        now = self._advance()
        self._supply(target).volt.set(now, volt, ramp_s)
        self._disturbed()

    def grid_frequency(self, hz: float | None, target: str = SITE, ramp_s: float = 0.0) -> None:
        """Hold the grid's frequency at `hz`; None leaves it to nature again."""
        now = self._advance()
        self._supply(target).hertz.set(now, hz, ramp_s)
        self._disturbed()

    def grid_outage(self, target: str = SITE) -> None:
        """Take the mains away: of the site, or of a branch by its breaker."""
        self._switch(target, closed=False)

    def grid_restore(self, target: str = SITE) -> None:
        """Bring the mains back."""
        self._switch(target, closed=True)

    def module_swap(self, serial: str, kind: str) -> None:
        """Put the right module, two of it in series, or one of 96 cells at the inputs of a unit.

        The unit loses its power meanwhile.
        """
        if kind not in SWAPS:
            raise ConfigError(f"module_swap: {kind!r} is none of {', '.join(SWAPS)}")
        unit, place = self._unit(serial), self._plant.place(serial)
        now = self._advance()
        cells, count = _96_CELL if kind == "96_cell" else None, _PAIR if kind == "in_series" else 1
        unit.life.daylight.swap(place.source(serial, cell_count=cells, in_series=count))
        unit.life.firmware.lose_power(now)
        self._disturbed()

    def insulation(self, serial: str, ohm: float | None) -> None:
        """Damage the insulation of a module, which leaves `ohm` to ground; None repairs it."""
        unit = self._unit(serial)
        self._advance()
        unit.life.insulation.fault_ohm = ohm

    def dc_injection(self, serial: str, ma: float | None) -> None:
        """Let a unit put a DC component of `ma` into its output; None cures it."""
        unit = self._unit(serial)
        self._advance()
        unit.life.dc.offset_a = 0.0 if ma is None else ma / 1000
        self._disturbed()

    def ambient(self, kelvin: float, target: str = SITE) -> None:
        """Make the air around a unit's case, or around all, warmer than the weather says."""
        units: Iterable[Inverter] = self._plant.units.values() if target == SITE else (self._unit(target),)
        self._advance()
        for unit in units:
            unit.life.warmer_k = kelvin
        self._disturbed()

    def sun_on_case(self, serial: str, watt: float) -> None:
        """Let the sun heat a case by `watt`; 0 puts it into the shade again."""
        unit = self._unit(serial)
        self._advance()
        unit.life.heat_w = watt
        self._disturbed()

    def inverter_fault(self, serial: str, code: float | None) -> None:
        """Break a part inside a unit (code 10); None repairs it."""
        if code not in (_INTERNAL, None):
            raise ConfigError(f"inverter_fault: code {code:g} has a cause outside the unit; only {_INTERNAL} is inside")
        unit = self._unit(serial)
        unit.life.firmware.break_part(self._advance(), broken=code is not None)
        self._disturbed()

    def hardware_event(self, serial: str) -> None:
        """Make a unit's power stage protect itself: an over-current inside."""
        unit = self._unit(serial)
        now = self._advance()
        unit.life.firmware.protect_power_stage(now, unit.life.case_c(now))
        self._disturbed()

    def restart(self, serial: str) -> None:
        """Restart a unit's firmware."""
        self._unit(serial).command(Restart(), self._now())

    def replace(self, serial: str, new_serial: str) -> None:
        """Put a factory-new unit where another hangs: it has no address and is not activated."""
        self._unit(serial)
        self._plant.replace(serial, new_serial, self._now())
        self._disturbed()

    def unplug(self, gateway: str) -> None:
        """Pull a gateway's adapter out."""
        self._outlet(gateway).unplug()

    def plug(self, gateway: str) -> None:
        """Plug a gateway's adapter in again."""
        self._outlet(gateway).plug()

    def _now(self) -> float:
        return asyncio.get_running_loop().time() if self._time is None else self._time()

    def _advance(self) -> float:
        """Let the plant live until now; return now as UTC."""
        return self._plant.advance(self._now())

    def _disturbed(self) -> None:
        self._plant.disturbed(self._now())

    def _switch(self, target: str, *, closed: bool) -> None:
        now = self._advance()
        self._supply(target).breaker.move(now, closed=closed)
        self._disturbed()

    def _supply(self, target: str) -> Supply:
        if target == SITE:
            return self._plant.around.grid
        feeder = self._plant.feeders.get(target)
        if feeder is None:
            raise ConfigError(f"there is no branch {target!r}; use {SITE} or {', '.join(self._plant.feeders)}")
        return feeder.supply

    def _unit(self, serial: str) -> Inverter:
        unit = self._plant.units.get(serial)
        if unit is None:
            raise ConfigError(f"there is no unit {serial!r}")
        return unit

    def _outlet(self, gateway: str) -> Outlet:
        outlet = self._plant.outlets.get(gateway)
        if outlet is None:
            raise ConfigError(f"there is no gateway {gateway!r}")
        return outlet
