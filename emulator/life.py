"""The life of a unit in UTC: a state that is a function of time between events.

Time is cut into segments at knots of the light, where a level is crossed that matters, and at deadlines of the
firmware. Inside a segment the power of the modules and every limit are linear and nothing is decided, so energy and
temperature have closed forms, and how often somebody asks changes nothing.
"""

from collections.abc import Iterator
from math import inf

from emulator.conversion import Conversion
from emulator.course import INSTANT, leaves
from emulator.daylight import Daylight
from emulator.dc_component import DcComponent
from emulator.feeder import Terminal
from emulator.firmware import Firmware
from emulator.insulation import Insulation
from emulator.limits import Cap
from emulator.order import Order
from emulator.phase import Inputs
from emulator.segment import Segment, binds, turns
from emulator.sensors import GridSensor
from emulator.setup import Settings, Start
from emulator.source import Light, Source
from emulator.stages import Quantity
from emulator.thermal import Approach, Case
from emulator.track import Line
from protocols.commands import Command
from protocols.profile import Model

_SETTLES = 3  # looks at the grid after which a unit's own effect on it is settled
_AHEAD_S = 1e-3  # a temperature that was cut at a level is certainly beyond it so much later


class Life:
    """One unit between its modules and its terminals. `seed` names its chances."""

    def __init__(
        self,
        model: Model,
        source: Source,
        terminal: Terminal,
        order: Order,
        settings: Settings,
        *,
        start: Start,
        seed: str,
    ) -> None:
        self.model = model
        self.daylight = Daylight(source, model)
        self.terminal = terminal
        self.stage = Conversion(model.rated_w)
        self.insulation = Insulation(source.wetness, seed)
        self.dc = DcComponent(seed)
        self.warmer_k = 0.0  # of the air around the case
        self.heat_w = 0.0  # that the case takes in besides its own loss
        self.firmware = Firmware(
            settings.profile,
            model,
            self.insulation.ohm,
            activated=settings.activated,
            auto_next_start=settings.auto_next_start,
        )
        self._case = Case(self.stage.dc(model.rated_w) - model.rated_w)
        self._grid = GridSensor(terminal, self, settings.profile.trip.hv_avg10, settings.profile.nominal.v_ln)
        self._order = order
        self._energy_wh = start.counter_wh  # up to the start of the segment
        self._input_wh = start.counter_wh / model.efficiency  # the same on the DC side
        self._output: object = None
        self._way = Approach(start.utc, 0.0, 0.0, 1.0)  # of the case's temperature
        self._segment: Segment | None = None
        terminal.hang(self)
        self._segment = self._begin(start)
        order.enter(self)

    def _begin(self, start: Start) -> Segment:
        if self.daylight.lit(self.daylight.piece(start.utc), start.utc):
            self.firmware.power_up(start.utc - start.uptime_s * start.warm, start.utc, running=start.warm)
        segment = self._next_segment(start.utc, self.daylight.source.air(start.utc))
        if start.warm:
            self._way = self._way._replace(first=self._way.final)
        return segment

    @property
    def _present(self) -> Segment:
        if self._segment is None:
            raise RuntimeError("a unit lives only once it is built")
        return self._segment

    def advance(self, t: float) -> None:
        """Let the whole plant live up to `t`; what is asked of the unit then is of that time."""
        self._order.advance(t)

    def given_w(self, t: float) -> float:
        """Return what the modules could give."""
        return self._present.light.power.at(t)

    def watt(self, t: float) -> float:
        """Return the AC power."""
        return self._present.watt(t)

    def cap(self) -> Cap | None:
        """Return the limit in force; None while the relay is open."""
        return self._present.cap

    def counter_wh(self, t: float) -> float:
        """Return the lifetime counter of AC energy."""
        return self._energy_wh + self._present.energy_wh(t)

    def input_wh(self, t: float) -> float:
        """Return the lifetime counter of DC energy at one input; all inputs have the same module."""
        return (self._input_wh + self._present.input_wh(t)) / self.model.ports

    def case_c(self, t: float) -> float:
        """Return the temperature of the case."""
        return self._way.at(t)

    def command(self, command: Command, t: float) -> bool:
        """Carry out a command; False when it is refused."""
        self.advance(t)
        done = self.firmware.command(command, t)
        self.interrupt(t)
        self.advance(t)
        return done

    @property
    def due(self) -> float:
        """Return when its segment ends."""
        return self._present.end

    def step(self) -> None:
        """End the segment and begin the next one."""
        done = self._present
        self._energy_wh += done.energy_wh(done.end)
        self._input_wh += done.input_wh(done.end)
        self._note(done)
        self.firmware.tick(done.end)
        self._segment = self._next_segment(done.end, self._way.at(done.end), self._way.at(done.end + _AHEAD_S))

    def _note(self, done: Segment) -> None:
        """Keep the extremes and the mean."""
        guard, watches = self.firmware.guard, self.firmware.guard.protection.watches
        if watches[Quantity.VOLT].busy or watches[Quantity.HERTZ].busy or self.firmware.limits.volt_watt.due < inf:
            guard.note(self._grid.ends(done.end))
        self.terminal.feeder.keep_up(done.end)
        self._grid.lived(done.start, done.end, needed=watches[Quantity.MEAN].busy)
        if watches[Quantity.CASE].busy:
            guard.note({Quantity.CASE: self._way.at(done.end)})

    def interrupt(self, t: float) -> None:
        """Look at everything anew at `t`."""
        present = self._present
        self._grid.disturb()
        if present.start <= t < present.end:
            present.end = t
            self._order.enter(self)

    def retire(self) -> None:
        """Leave the plant: nobody looks after it any more."""
        self._present.end = inf
        self.terminal.service.watching.discard(self)

    def feeds(self, t: float) -> float:
        """Return the current that it feeds in at `t` if it goes on as it does now, A."""
        if not self.firmware.feeding:
            return 0.0
        limit_w = self.firmware.limits.watt(t, self.terminal.supply.hertz_at)
        return self.stage.ac(self.daylight.piece(t).power.at(t), limit_w) / self.terminal.service.v_nom

    # its segments

    def _next_segment(self, t: float, case_c: float, ahead_c: float | None = None) -> Segment:
        light = self.daylight.piece(t + INSTANT)
        self._observe(t, light, case_c if ahead_c is None else ahead_c)
        soonest = t + 2 * INSTANT
        end = max(self.firmware.next_deadline(), soonest)
        for at in self._borders(t, light):
            if t + INSTANT < at < end:
                end = at
        cap = self._cap(t, end)
        if cap is not None:
            end = turns(light, cap, self.stage, t, max(cap.line.end, soonest))
        segment = Segment(t, end, light, cap, binds(light, cap, self.stage, t + INSTANT), self.stage)
        self._way = self._warming(segment, case_c)
        segment.end = min(end, self._case_stays())
        return segment

    def _observe(self, t: float, light: Light, case_c: float) -> None:
        """Let the firmware see what is so from `t` on, and the others what it makes of it."""
        watt = 0.0 if self._segment is None else self._segment.watt(t)
        for _ in range(_SETTLES):
            self.firmware.observe(t, self._inputs(t, light, case_c, watt))
            output = (self.firmware.feeding, *self.firmware.limits.settings)
            if output == self._output:
                break
            self._output = output
            self.terminal.feeder.changed(t)
            self.terminal.service.changed(t, self)

    def _inputs(self, t: float, light: Light, case_c: float, watt: float) -> Inputs:
        after, feeding = t + INSTANT, self.firmware.feeding
        measured = self._grid_values(t)
        measured[Quantity.INPUT] = self._inlet(light).at(after)
        measured[Quantity.DC] = abs(self.dc.offset_a) if feeding else 0.0
        measured[Quantity.CASE] = case_c
        return Inputs(
            lit=self.daylight.lit(light, after),
            starved=self.daylight.starved(light, after),
            collapsed=self.daylight.collapsed(light, after),
            measured=measured,
            watt=watt,
        )

    def _grid_values(self, t: float) -> dict[Quantity, float | None]:
        """Return what is new of the grid."""
        watches = self.firmware.guard.protection.watches
        if self.firmware.silent:
            self._grid.rest()
            return {}
        return {} if self._grid.quiet(t, watches[Quantity.VOLT], watches[Quantity.HERTZ]) else self._grid.look(t)

    def _inlet(self, light: Light) -> Line:
        """Return the voltage at the input: without a load it is that of the open circuit."""
        return light.tracked_v if self.firmware.feeding else light.open_v

    def _borders(self, t: float, light: Light) -> Iterator[float]:
        """Yield the instants at which an input of the firmware may change what it does."""
        yield light.end
        yield from self.daylight.turns(light)
        if self.firmware.silent:
            return
        watches, limits = self.firmware.guard.protection.watches, self.firmware.limits
        yield leaves(self._inlet(light), *watches[Quantity.INPUT].band) or inf
        yield self._grid.stays(t, watches[Quantity.VOLT], watches[Quantity.HERTZ], watches[Quantity.MEAN])
        if self.firmware.feeding and limits.ramp_end > t:
            yield limits.ramp_end
        if self.firmware.feeding and limits.droop.active:
            yield self.terminal.supply.hertz.piece(t + INSTANT).end

    def _cap(self, t: float, end: float) -> Cap | None:
        """Return the lowest limit from `t` on, up to where another becomes lower."""
        if not self.firmware.feeding:
            return None
        return self.firmware.limits.lowest(t, end, self.terminal.supply.hertz_at)

    def _warming(self, segment: Segment, case_c: float) -> Approach:
        """Return the way of the case's temperature."""
        mean_w = segment.mean_w(segment.end)
        loss_w = self.stage.dc(mean_w) - mean_w if self.firmware.feeding else 0.0
        air_c = self.daylight.source.air(segment.start) + self.warmer_k
        return self._case.approach(segment.start, case_c, air_c=air_c, loss_w=loss_w + self.heat_w, irradiance=0.0)

    def _case_stays(self) -> float:
        """Return until when the temperature stays in its band."""
        levels = self.firmware.guard.protection.watches[Quantity.CASE].band
        crossings = (self._way.crossing(level) for level in levels)
        return min((at for at in crossings if at is not None and at > self._way.start + INSTANT), default=inf)
