"""An emulated microinverter: a state that is a function of time between events.

Time is cut into segments at knots of the light, at crossings of a threshold and at deadlines of the firmware. Inside
a segment the power of the modules is linear and nothing is decided, so energy and temperature have closed forms, and
how often somebody asks changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, hypot, log, pi
from random import Random

from emulator.conversion import Conversion
from emulator.firmware import WIDE, Firmware, Inputs, Phase
from emulator.grid import KNOT_S as GRID_KNOT_S
from emulator.grid import Feeder, Grid
from emulator.source import Light, Source
from emulator.track import Track
from protocols import points as p
from protocols.commands import Command
from protocols.events import AlarmRecord
from protocols.grid_profile import GridProfile
from protocols.points import Channel, Value
from protocols.profile import Model
from protocols.states import InvSt, ThrotSrc

FIRMWARE = "1.0.0"
START_W, STOP_W = 2.0, 1.0
STANDBY_W = 0.5  # what processor and modem take from the module
FILTER_F = 1e-6  # output filter capacitor: 16.6 var at 230 V and 50 Hz
CASE_RISE_K = 20.0  # over the air around it at full power: manual
CASE_J_PER_K = 1500.0
_INSULATION = (5e6, 0.4)  # healthy and dry: median in ohm, spread of the logarithm
_DCI_A = 0.002  # spread of the DC component
_INSTANT = 1e-6  # s: UTC in a double resolves no less


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameplate:
    """What is printed on the unit."""

    maker: str
    model: Model
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How a unit comes into the plant: at loop time `now`, which is `utc`.

    `warm`: it has been feeding in for `uptime_s` if there is light at all; else it boots now.
    """

    now: float
    utc: float
    warm: bool
    uptime_s: float = 0.0
    counter_wh: float = 0.0


@dataclass(frozen=True, slots=True)
class _Segment:
    start: float
    end: float
    light: Light
    limit_w: float  # 0 while the relay is open
    warm_from: float  # °C: case temperature at the start, and where it tends to
    warm_to: float


class Inverter:
    """One unit behind the module at its input; a `protocols.profile.Device`.

    `now` is the loop's time; inside, time is UTC, for the sun.
    """

    def __init__(
        self, plate: Nameplate, source: Source, grid: Grid, feeder: Feeder, *, start: Start, seed: int
    ) -> None:
        self.plate = plate
        self.firmware = Firmware(WIDE)
        self._source = source
        self._grid = grid
        self._feeder = feeder
        self._utc_at_zero = start.utc - start.now
        self._stage = Conversion(plate.model.rated_w)
        self._case_k_per_w = CASE_RISE_K / (self._stage.dc(plate.model.rated_w) - plate.model.rated_w)
        rng = Random(f"{seed}/{plate.serial}")
        self._insulation_ohm = rng.lognormvariate(log(_INSULATION[0]), _INSULATION[1])
        self._dc_component = Track(GRID_KNOT_S, 60, lambda block: _noise(f"{seed}/{plate.serial}/dci/{block}", 60))
        self._energy_wh = start.counter_wh  # up to the start of the segment
        self._segment = self._first_segment(start)

    def _first_segment(self, start: Start) -> _Segment:
        if self._inputs(start.utc, self._source.between_knots(start.utc)).lit:
            self.firmware.power_up(start.utc - start.uptime_s * start.warm, running=start.warm)
        segment = self._next_segment(start.utc, self._source.air(start.utc))
        return replace(segment, warm_from=segment.warm_to) if start.warm else segment

    @property
    def serial(self) -> str:
        """Return the serial number."""
        return self.plate.serial

    @property
    def model(self) -> Model:
        """Return the figures of the model."""
        return self.plate.model

    @property
    def grid_profile(self) -> GridProfile:
        """Return the protection settings in force."""
        return self.firmware.profile

    def awake(self, now: float) -> bool:
        """Tell whether the unit can hear and answer."""
        self._advance(now + self._utc_at_zero)
        return not self.firmware.silent

    def power_w(self, now: float) -> float:
        """Return the AC power."""
        t = now + self._utc_at_zero
        segment = self._advance(t)
        return self._stage.ac(segment.light.power.at(t), segment.limit_w)

    def counter_wh(self, now: float) -> float:
        """Return the lifetime counter of AC energy."""
        t = now + self._utc_at_zero
        segment = self._advance(t)
        return self._energy_wh + self._energy(segment, t)

    def alarms(self, now: float) -> frozenset[int]:
        """Return the alarm codes that are active: no protection is built yet, so none."""
        self._advance(now + self._utc_at_zero)
        return frozenset()

    def alarm_records(self, now: float) -> Sequence[AlarmRecord]:
        """Return the alarm records, newest first."""
        self._advance(now + self._utc_at_zero)
        return ()

    def command(self, command: Command, now: float) -> bool:
        """Carry out a command; False when it is refused."""
        t = now + self._utc_at_zero
        segment = self._advance(t)
        self._energy_wh += self._energy(segment, t)
        done = self.firmware.command(command, t)
        self._segment = self._next_segment(t, self._case(segment, t))
        return done

    def values(self, now: float) -> Mapping[Channel, Value]:
        """Return every measured and set value."""
        t = now + self._utc_at_zero
        segment = self._advance(t)
        return self._ac_values(segment, t) | self._dc_values(segment, t) | self._supervision(segment, t)

    def _advance(self, t: float) -> _Segment:
        """Live up to `t` and return the segment that holds it."""
        while self._segment.end <= t:
            done = self._segment
            self._energy_wh += self._energy(done, done.end)
            self.firmware.tick(done.end)
            self._segment = self._next_segment(done.end, self._case(done, done.end))
        return self._segment

    def _next_segment(self, t: float, case: float) -> _Segment:
        light = self._source.between_knots(t + _INSTANT)
        end = min(at for at in self._borders(t, light) if at > t + _INSTANT)
        self.firmware.observe(t, self._inputs((t + end) / 2, light))
        deadline = self.firmware.next_deadline()
        if deadline is not None:
            end = min(end, max(deadline, t + _INSTANT))
        running = self.firmware.phase is Phase.RUNNING
        limit_w = self.model.rated_w * self.firmware.limit_pct / 100 if running else 0.0
        mean = self._stage.mean_ac(light.power.at(t), light.power.at(end), limit_w)
        loss = self._stage.dc(mean) - mean if running else 0.0
        warm_to = self._source.air(t) + self._case_k_per_w * loss
        return _Segment(t, end, light, limit_w, case, warm_to)

    def _borders(self, t: float, light: Light) -> list[float]:
        """Return the instants after which an input of the firmware may differ."""
        lines = (
            light.power.crossing(START_W),
            light.power.crossing(STOP_W),
            light.open_v.crossing(self.model.dc_start_v),
            light.tracked_v.crossing(self.model.dc_stop_v),
        )
        borders = [light.end, *(at for at in lines if at is not None)]
        if self.firmware.phase is Phase.WAITING:
            borders.append((t // GRID_KNOT_S + 1) * GRID_KNOT_S)
        return borders

    def _inputs(self, t: float, light: Light) -> Inputs:
        window = self.firmware.profile.enter_service
        power, percent = light.power.at(t), 100 * self._grid.voltage.at(t) / self.firmware.profile.v_nom
        return Inputs(
            lit=power > START_W and light.open_v.at(t) >= self.model.dc_start_v,
            starved=power < STOP_W,
            collapsed=light.tracked_v.at(t) < self.model.dc_stop_v,
            grid_fit=window.v_lo <= percent <= window.v_hi
            and window.hz_lo <= self._grid.frequency.at(t) <= window.hz_hi,
        )

    def _energy(self, segment: _Segment, until: float) -> float:
        power = segment.light.power
        mean = self._stage.mean_ac(power.at(segment.start), power.at(until), segment.limit_w)
        return mean * (until - segment.start) / 3600

    def _case(self, segment: _Segment, t: float) -> float:
        gone = exp((segment.start - t) / (self._case_k_per_w * CASE_J_PER_K))
        return segment.warm_to + (segment.warm_from - segment.warm_to) * gone

    def _ac_values(self, segment: _Segment, t: float) -> dict[Channel, Value]:
        watt = self._stage.ac(segment.light.power.at(t), segment.limit_w)
        hertz, volt = self._grid.frequency.at(t), self._grid.voltage.at(t)
        volt += self._feeder.rise(watt / volt)
        var = 2 * pi * hertz * FILTER_F * volt**2 if self.firmware.phase is Phase.RUNNING else 0.0
        va = hypot(watt, var)
        return {
            Channel(p.W): watt,
            Channel(p.VAR): var,
            Channel(p.VA): va,
            Channel(p.PF): watt / va if va else 1.0,
            Channel(p.A): va / volt,
            Channel(p.LNV): volt,
            Channel(p.HZ): hertz,
            Channel(p.TOT_WH_INJ): int(self._energy_wh + self._energy(segment, t)),
            Channel(p.TMP_CAB): self._case(segment, t),
        }

    def _dc_values(self, segment: _Segment, t: float) -> dict[Channel, Value]:
        given = segment.light.power.at(t)
        running = self.firmware.phase is Phase.RUNNING
        wanted = self._stage.dc(self._stage.ac(given, segment.limit_w)) if running else STANDBY_W
        drawn = min(wanted, given)
        volt = self._source.voltage(drawn / given if given else 0.0, t)
        ports = self.model.ports
        watt = drawn / ports
        values: dict[Channel, Value] = {}
        for port in range(1, ports + 1):
            values[Channel(p.DCW, port)] = watt
            values[Channel(p.DCV, port)] = volt
            values[Channel(p.DCA, port)] = watt / volt if volt else 0.0
        return values

    def _supervision(self, segment: _Segment, t: float) -> dict[Channel, Value]:
        running = self.firmware.phase is Phase.RUNNING
        throttled = running and self._throttled(segment, t)
        return {
            Channel(p.RIS): self._insulation_ohm,
            Channel(p.DCI): _DCI_A * self._dc_component.at(t) if running else 0.0,
            Channel(p.UP_TMS): round(max(0.0, t - self.firmware.booted_at), 3),
            Channel(p.W_MAX_LIM_PCT): self.firmware.limit_pct,
            Channel(p.INV_ST): InvSt.THROTTLED if throttled else self.firmware.state,
            Channel(p.CONN): int(self.firmware.connect),
            Channel(p.THROT_SRC): 1 << ThrotSrc.MAX_W if throttled else 0,
            Channel(p.MN): self.plate.maker,
            Channel(p.MD): self.model.name,
            Channel(p.VR): FIRMWARE,
            Channel(p.SN): self.serial,
        }

    def _throttled(self, segment: _Segment, t: float) -> bool:
        """Tell whether the owner's limit binds; reaching the rating is no limit."""
        limited = self.firmware.limit_pct < 100
        return limited and self._stage.ac(segment.light.power.at(t), self.model.rated_w) > segment.limit_w


def _noise(seed: str, count: int) -> list[float]:
    rng = Random(seed)
    return [rng.gauss(0, 1) for _ in range(count)]
