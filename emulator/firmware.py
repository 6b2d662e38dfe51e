"""The inverter's own decisions: when it boots, waits, feeds in, trips and goes dark; and the owner's switches.

    DARK → SELF_TEST → WAITING → RUNNING        light and voltage for 5 s, self-test, enter-service delay
    any → DARK                                  too little power for 60 s, or the voltage collapses
    RUNNING → WAITING                           an alarm; the owner's switch or the activation is taken back
    WAITING → SELF_TEST                         an alarm is over after which a full start is due
    any powered → RESTARTING → SELF_TEST        the owner's restart

A machine without a clock: `observe` tells it what is so from `now` on, `note` what was so until now, `tick` that time
has passed, and it names the next instant at which it would act by itself.
"""

from collections.abc import Callable
from math import inf

from config.grid_profile import GridProfileFile
from emulator.entry import EnterService
from emulator.guard import Guard
from emulator.limits import Limits
from emulator.phase import Inputs, Phase
from emulator.power import PowerSupply
from emulator.stages import Quantity
from protocols.commands import Activate, AlarmReset, Command, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.profile import Model
from protocols.states import InvSt

SELF_TEST_S = 10.0
RESTART_SILENCE_S = 2.0
NIGHT_S = 3600.0  # so long without power, and a latch of the day may end


class Firmware:
    """One unit's state. Times are seconds of any one clock; `ohm` measures the insulation."""

    def __init__(
        self,
        profile: GridProfileFile,
        model: Model,
        ohm: Callable[[float], float],
        *,
        activated: bool = True,
        auto_next_start: bool = False,
    ) -> None:
        self.profile = profile
        self.guard = Guard(profile, model, ohm, auto_next_start=auto_next_start)
        self.limits = Limits(profile, model.rated_w)
        self._entry = EnterService(profile)
        mean = profile.trip.hv_avg10
        self._mean_v = inf if mean is None else mean.v * profile.nominal.v_ln / 100
        self.phase = Phase.DARK
        self.connect = True
        self.reactive: PFWInj | VarSet | None = None  # as told; None: by the grid profile
        self.activated = activated
        self._power = PowerSupply()
        self._dark_at = -inf
        self._rested = True  # this boot is the first after a night
        self._tripped = False  # the next entry ramps
        self._until = 0.0

    @property
    def booted_at(self) -> float:
        """Return when uptime began."""
        return self.guard.booted_at

    @property
    def silent(self) -> bool:
        """Tell whether the processor has no power or is restarting."""
        return self.phase is Phase.DARK or self.phase is Phase.RESTARTING

    @property
    def feeding(self) -> bool:
        """Tell whether the relay is closed."""
        return self.phase is Phase.RUNNING

    @property
    def alarms(self) -> frozenset[int]:
        """Return the active alarm codes; a silent unit tells none."""
        return frozenset() if self.silent else self.guard.alarms

    @property
    def state(self) -> InvSt:
        """Return the operating state; a limit that binds is for the caller to see."""
        match self.phase:
            case Phase.DARK:
                return InvSt.SLEEPING
            case Phase.RUNNING:
                return InvSt.RUNNING
            case Phase.WAITING | Phase.SELF_TEST if self.alarms:
                return InvSt.FAULT
            case Phase.WAITING if not self.connect:
                return InvSt.OFF
            case Phase.WAITING if not self.activated:
                return InvSt.STANDBY
            case Phase.WAITING | Phase.SELF_TEST | Phase.RESTARTING:
                return InvSt.STARTING

    def power_up(self, booted_at: float, now: float, *, running: bool) -> None:
        """Start with the self-test, or as a unit that has been feeding in since `booted_at`."""
        self._boot(booted_at)
        if running and self.activated:
            self._enter(Phase.RUNNING)
            self.guard.feeding(now, on=True)

    def observe(self, now: float, inputs: Inputs) -> None:
        """Take what the sensors say from `now` on."""
        dark = self.phase is Phase.DARK
        self._power.observe(now, lit=inputs.lit and dark, starved=inputs.starved and not dark)
        if inputs.collapsed and not dark:
            self._go_dark(now)
        if self.silent:
            return
        volt, hertz = (inputs.measured.get(each, self._value(each)) for each in (Quantity.VOLT, Quantity.HERTZ))
        case = inputs.measured.get(Quantity.CASE)
        if case is not None:
            self.limits.warm(case)
            self.guard.protection.watches[Quantity.CASE].mark(*self.limits.derate_band)
        fits = self._entry.fits(volt, hertz)
        self.guard.protection.observe(now, inputs.measured, in_window=fits)
        self._entry.observe(now, fits=fits, permitted=self._permitted)
        if self.feeding and volt is not None:
            self.limits.observe(now, volt, hertz, inputs.watt)

    @property
    def _permitted(self) -> bool:
        return self.phase is Phase.WAITING and self.connect and self.activated and not self.guard.alarms

    def _value(self, quantity: Quantity) -> float | None:
        return self.guard.protection.watches[quantity].value

    def next_deadline(self) -> float:
        """Return when the unit acts next if its inputs stay as they are; inf: never."""
        own = min(self._step_at(), self._power.stop_due)
        if self.silent:
            return own
        return min(own, self.guard.due, self.limits.volt_watt.due if self.feeding else inf)

    def tick(self, now: float) -> None:
        """Act on what has become due: protections before steps, so that nothing connects into a fault."""
        if not self.silent:
            self._protect(now)
        if self._power.stop_due <= now:
            self._go_dark(now)
        elif self._step_at() <= now:
            self._step(now)

    def _protect(self, now: float) -> None:
        if self.guard.due <= now:
            full_start = self.guard.tick(now)
            self._obey(now)
            if full_start and self.phase is Phase.WAITING:
                self._self_test(now)
        volt = self._value(Quantity.VOLT)
        if self.feeding and volt is not None:
            self.limits.volt_watt.tick(now, volt)

    def _obey(self, now: float) -> None:
        """Open the relay when an alarm, the owner or the missing activation wants it open."""
        if not (self.connect and self.activated) or self.guard.alarms:
            self._entry.hold()
            if self.feeding:
                self._tripped = bool(self.guard.alarms)
                self._enter(Phase.WAITING)
                self.guard.feeding(now, on=False)

    def _step(self, now: float) -> None:
        match self.phase:
            case Phase.DARK:
                self._rested = now - self._dark_at >= NIGHT_S
                self._boot(now)
            case Phase.RESTARTING:
                self._rested = False
                self._boot(now)
            case Phase.SELF_TEST:
                self.guard.finish(now, rested=self._rested)
                self._enter(Phase.WAITING)
            case Phase.WAITING | Phase.RUNNING:
                self._enter(Phase.RUNNING)
                self.guard.feeding(now, on=True)
                self.limits.connect(now, ramp=self._tripped or self._entry.ramps_always)
                self._tripped = False

    def _boot(self, now: float) -> None:
        self.guard.booted_at = now
        self._self_test(now)

    def _self_test(self, now: float) -> None:
        self._until = now + SELF_TEST_S
        self.guard.start(now)
        self._enter(Phase.SELF_TEST)

    def _enter(self, phase: Phase) -> None:
        """Change the phase, and look at the levels that matter in it."""
        self.phase = phase
        watches = self.guard.protection.watches
        limits = (self.limits.volt_watt.start_v,), (self.limits.droop.start_hz,)
        volts, hertz = limits if self.feeding else (self._entry.volts, self._entry.hertz)
        watches[Quantity.VOLT].mark(*volts, self._mean_v)
        watches[Quantity.HERTZ].mark(*hertz)

    def _go_dark(self, now: float) -> None:
        """Lose power, and with it all that is not in non-volatile memory."""
        self._dark_at = now
        self._power = PowerSupply()
        self._fall_silent(Phase.DARK)

    def _fall_silent(self, phase: Phase) -> None:
        self.guard.forget()
        self._entry.stop()
        self._tripped = False
        self._enter(phase)

    def _step_at(self) -> float:
        match self.phase:
            case Phase.DARK:
                return self._power.start_due
            case Phase.WAITING:
                return self._entry.due(self.guard.left_at)
            case Phase.RESTARTING | Phase.SELF_TEST:
                return self._until
            case Phase.RUNNING:
                return inf

    def command(self, command: Command, now: float) -> bool:
        """Carry out a command; False when it is refused. Switches and limit outlast the night."""
        if not _sane(command):
            return False
        match command:
            case WMaxLimPct(pct):
                self.limits.owner_pct = pct
            case Conn(on):
                self.connect = on
            case Activate(permitted):
                self.activated = permitted
            case Restart():
                self._fall_silent(Phase.RESTARTING)
                self._until = now + RESTART_SILENCE_S
            case AlarmReset():
                return self._reset(now)
            case PFWInj() | VarSet():
                self.reactive = command
        self._obey(now)
        return True

    def _reset(self, now: float) -> bool:
        admitted, full_start = self.guard.reset(now)
        if full_start:
            self._self_test(now)
        return admitted

    def lose_power(self, now: float) -> None:
        """Go dark at once: the modules are unplugged."""
        if self.phase is not Phase.DARK:
            self._go_dark(now)

    def break_part(self, now: float, *, broken: bool) -> None:
        """Let an internal part break, or be whole again."""
        self.guard.break_part(now, broken=broken, noticed=not self.silent)
        self._obey(now)

    def protect_power_stage(self, now: float, case_c: float) -> None:
        """Let the power stage stop itself; one without power does nothing."""
        if not self.silent:
            self.guard.protect_power_stage(now, case_c)
            self._obey(now)


def _sane(command: Command) -> bool:
    """Tell whether a setting is one that can be."""
    match command:
        case WMaxLimPct(pct):
            return 0 <= pct <= 100
        case PFWInj(pf):
            return 0 < abs(pf) <= 1
        case VarSet(pct):
            return -100 <= pct <= 100
        case Conn() | Restart() | AlarmReset() | Activate():
            return True
