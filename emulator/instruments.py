"""The one door through which somebody acts on the emulated plant: tests, a script, a hardware-in-the-loop rig.

Every instrument sets something to a value from now on, so that using it twice is the same as using it once; only
`hardware_event`, `restart` and `replace` are events. The vocabulary is that of `config.instruments`.
"""

import asyncio
from collections.abc import Callable, Mapping

from config.instruments import SITE, SWAPS
from emulator.clouds import Regime
from emulator.combiner import Combiner
from emulator.course import Switch
from emulator.faults import Faults
from emulator.grid import Supply
from emulator.inverter import Inverter
from emulator.outlet import Outlet
from emulator.server import Plant
from emulator.sky import Sky
from protocols.commands import Restart
from protocols.errors import ConfigError

MOST_IRRADIANCE = 1.4  # of the clear sky: the edge of a cloud adds its own light
LONGEST_DELAY_S = 60.0  # beyond, nobody waits any more
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

    def grid_breaker_open(self, gateway: str) -> None:
        """Open the breaker between the grid and all branches of a gateway."""
        self._move(self._combiner(gateway).breaker, closed=False)

    def grid_breaker_close(self, gateway: str) -> None:
        """Close it."""
        self._move(self._combiner(gateway).breaker, closed=True)

    def relay_open(self, gateway: str) -> None:
        """Open the relay of a gateway's combiner."""
        self._move(self._combiner(gateway).relay, closed=False)

    def relay_close(self, gateway: str) -> None:
        """Close it."""
        self._move(self._combiner(gateway).relay, closed=True)

    def meter_open(self, gateway: str) -> None:
        """Take the clamps of a gateway's meter off: it says nothing any more."""
        self._move(self._combiner(gateway).clamps, closed=False)

    def meter_close(self, gateway: str) -> None:
        """Put them on again."""
        self._move(self._combiner(gateway).clamps, closed=True)

    def phase_loss(self, phase: float) -> None:
        """Take one phase of the mains away."""
        self._phase(phase, closed=False)

    def phase_restore(self, phase: float) -> None:
        """Bring a phase back."""
        self._phase(phase, closed=True)

    def _phase(self, phase: float, *, closed: bool) -> None:
        switch = self._plant.around.grid.phases.get(int(phase))
        if switch is None:
            raise ConfigError(f"there is no phase {phase:g}; use 1, 2 or 3")
        self._move(switch, closed=closed)

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

    def irradiance(self, share: float | None, target: str = SITE) -> None:
        """Hold the irradiance of a unit, a branch or all at a share of the clear sky's; None: as nature has it."""
        if share is not None and not 0 <= share <= MOST_IRRADIANCE:
            raise ConfigError(f"irradiance: {share:g} is not between 0 and {MOST_IRRADIANCE:g}")
        self._under(None if share is None else self._sky(index=share), target)

    def clouds(self, kind: str | None, target: str = SITE) -> None:
        """Put a unit, a branch or all under a kind of sky; None leaves it to the site file."""
        regime = None if kind in {None, "changing"} else Regime(kind)
        self._under(None if kind is None else self._sky(regime), target)

    def _sky(self, regime: Regime | None = None, *, index: float | None = None) -> Sky:
        return Sky(self._plant.location, self._plant.around.emulation.seed, regime, index=index)

    def _under(self, sky: Sky | None, target: str) -> None:
        units = self._units(target)
        self._advance()
        for serial, unit in units.items():
            unit.life.daylight.swap(self._plant.place(serial).source(serial, sky=sky))
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
        """Make the air around the cases of a unit, a branch or all warmer than the weather says."""
        units = self._units(target)
        self._advance()
        for unit in units.values():
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

    def answers(self, serial: str, manner: str) -> None:
        """Let a unit's firmware answer otherwise: silent, short, long, stale; or right again."""
        self._unit(serial)
        self._plant.responder(serial).manner = manner

    def link_loss(self, gateway: str, share: float) -> None:
        """Lose a share of the datagrams, each way."""
        self._faults(gateway).loss = _share("link_loss", share)

    def link_bit_errors(self, gateway: str, share: float) -> None:
        """Damage a share of the bits."""
        self._faults(gateway).bit_errors = _share("link_bit_errors", share)

    def link_duplicates(self, gateway: str, share: float) -> None:
        """Let a share of the datagrams arrive twice."""
        self._faults(gateway).duplicates = _share("link_duplicates", share)

    def link_reorder(self, gateway: str, share: float) -> None:
        """Let a share of the answers arrive behind the next one."""
        self._faults(gateway).reorder = _share("link_reorder", share)

    def link_truncation(self, gateway: str, share: float) -> None:
        """Cut a share of the datagrams short."""
        self._faults(gateway).truncation = _share("link_truncation", share)

    def link_delay(self, gateway: str, seconds: float) -> None:
        """Let the gateway hear everything so much later."""
        if not 0 <= seconds <= LONGEST_DELAY_S:
            raise ConfigError(f"link_delay: {seconds:g} s is not between 0 and {LONGEST_DELAY_S:g}")
        self._outlet(gateway).delay(seconds)

    def modem_stall(self, gateway: str) -> None:
        """Let a gateway's adapter hang: its port stays open, and nothing passes."""
        self._outlet(gateway).stall(stalled=True)

    def modem_resume(self, gateway: str) -> None:
        """Let the adapter go on."""
        self._outlet(gateway).stall(stalled=False)

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
        self._move(self._supply(target).breaker, closed=closed)

    def _move(self, switch: Switch, *, closed: bool) -> None:
        switch.move(self._advance(), closed=closed)
        self._disturbed()

    def _supply(self, target: str) -> Supply:
        if target == SITE:
            return self._plant.around.grid
        feeder = self._plant.feeders.get(target)
        if feeder is None:
            raise ConfigError(f"there is no branch {target!r}; use {SITE} or {', '.join(self._plant.feeders)}")
        return feeder.supply

    def _units(self, target: str) -> Mapping[str, Inverter]:
        """Return the units of the site, of a branch, or one, by serial."""
        if target == SITE:
            return self._plant.units
        return self._plant.on(target) or {target: self._unit(target)}

    def _unit(self, serial: str) -> Inverter:
        unit = self._plant.units.get(serial)
        if unit is None:
            raise ConfigError(f"there is no unit {serial!r}")
        return unit

    def _combiner(self, gateway: str) -> Combiner:
        combiner = self._plant.combiners.get(gateway)
        if combiner is None:
            raise ConfigError(f"there is no gateway {gateway!r}")
        return combiner

    def _faults(self, gateway: str) -> Faults:
        faults = self._plant.faults.get(gateway)
        if faults is None:
            raise ConfigError(f"there is no gateway {gateway!r}")
        return faults

    def _outlet(self, gateway: str) -> Outlet:
        outlet = self._plant.outlets.get(gateway)
        if outlet is None:
            raise ConfigError(f"there is no gateway {gateway!r}")
        return outlet


def _share(act: str, share: float) -> float:
    if not 0 <= share <= 1:
        raise ConfigError(f"{act}: {share:g} is not between 0 and 1")
    return share
