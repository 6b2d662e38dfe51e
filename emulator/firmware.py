"""The inverter's own decisions: when it boots, waits, feeds in and goes dark; and the owner's switches.

    DARK → SELF_TEST → WAITING → RUNNING        light and voltage for 5 s, self-test, enter-service delay
    any → DARK                                  too little power for 60 s, or the voltage collapses
    RUNNING → WAITING                           the owner's switch or the activation is taken back
    any powered → RESTARTING → SELF_TEST        the owner's restart

A machine without a clock: `observe` tells it what is so from `now` on, `tick` that time has passed, and it names the
next instant at which it would act by itself. Protection stages will be further inputs of the same form.
"""

from dataclasses import dataclass
from enum import Enum

from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.grid_profile import EnterService, GridProfile, Stage
from protocols.states import InvSt

START_HOLD_S = 5.0
STOP_HOLD_S = 60.0
SELF_TEST_S = 10.0
RESTART_SILENCE_S = 2.0

# EN 50549-1:2019, the settings that vendors inherit from EN 50438; the first start has no ramp
WIDE = GridProfile(
    id="en_50549_1_2019",
    v_nom=230.0,
    hz_nom=50.0,
    lv=(Stage(85.0, 1.5),),
    hv=(Stage(115.0, 0.2),),
    hv_avg10=110.0,
    lf=(Stage(47.5, 0.5),),
    hf=(Stage(52.0, 0.5),),
    enter_service=EnterService(v_lo=85.0, v_hi=110.0, hz_lo=49.5, hz_hi=50.1, delay_s=60.0, ramp_s=0.0),
)


class Phase(Enum):
    """What the unit is doing."""

    DARK = "dark"
    RESTARTING = "restarting"
    SELF_TEST = "self-test"
    WAITING = "waiting"
    RUNNING = "running"


_NEXT = {
    Phase.DARK: Phase.SELF_TEST,
    Phase.RESTARTING: Phase.SELF_TEST,
    Phase.SELF_TEST: Phase.WAITING,
    Phase.WAITING: Phase.RUNNING,
}
_STATES = {
    Phase.DARK: InvSt.SLEEPING,
    Phase.RESTARTING: InvSt.STARTING,
    Phase.SELF_TEST: InvSt.STARTING,
    Phase.WAITING: InvSt.STARTING,
    Phase.RUNNING: InvSt.RUNNING,
}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the sensors say."""

    lit: bool  # voltage and power suffice to start
    starved: bool  # power does not suffice to go on
    collapsed: bool  # the voltage does not
    grid_fit: bool  # voltage and frequency are inside the enter-service window


class Firmware:
    """One unit's state. Times are seconds of any one clock."""

    def __init__(self, profile: GridProfile, *, activated: bool = True) -> None:
        self.profile = profile
        self.phase = Phase.DARK
        self.booted_at = 0.0
        self.connect = True
        self.activated = activated
        self.limit_pct = 100.0
        self._lit_at: float | None = None
        self._starved_at: float | None = None
        self._fit_at: float | None = None
        self._until = 0.0

    @property
    def silent(self) -> bool:
        """Tell whether the processor has no power or is restarting."""
        return self.phase is Phase.DARK or self.phase is Phase.RESTARTING

    @property
    def state(self) -> InvSt:
        """Return the operating state; a limit that binds is for the caller to see."""
        if self.phase is Phase.WAITING and not self.connect:
            return InvSt.OFF
        if self.phase is Phase.WAITING and not self.activated:
            return InvSt.STANDBY
        return _STATES[self.phase]

    def power_up(self, booted_at: float, *, running: bool) -> None:
        """Start with the self-test, or as a unit that has been feeding in since `booted_at`."""
        self.phase = Phase.RUNNING if running else Phase.SELF_TEST
        self.booted_at = booted_at
        self._until = booted_at + SELF_TEST_S

    def observe(self, now: float, inputs: Inputs) -> None:
        """Take what the sensors say from `now` on."""
        waiting = self.phase is Phase.WAITING and self.connect and self.activated
        self._lit_at = _since(self._lit_at, now, holds=inputs.lit and self.phase is Phase.DARK)
        self._starved_at = _since(self._starved_at, now, holds=inputs.starved)
        self._fit_at = _since(self._fit_at, now, holds=inputs.grid_fit and waiting)
        if inputs.collapsed:
            self.phase = Phase.DARK

    def next_deadline(self) -> float | None:
        """Return when the unit acts next if its inputs stay as they are."""
        due = [at for at in (self._step_at(), self._dark_at()) if at is not None]
        return min(due, default=None)

    def tick(self, now: float) -> None:
        """Act on what has become due."""
        dark_at, step_at = self._dark_at(), self._step_at()
        if dark_at is not None and dark_at <= now:
            self.phase = Phase.DARK
        elif step_at is not None and step_at <= now:
            if self.silent:
                self.booted_at = step_at
                self._until = step_at + SELF_TEST_S
            self.phase = _NEXT[self.phase]

    def _dark_at(self) -> float | None:
        if self.phase is Phase.DARK or self._starved_at is None:
            return None
        return self._starved_at + STOP_HOLD_S

    def _step_at(self) -> float | None:
        match self.phase:
            case Phase.DARK:
                return None if self._lit_at is None else self._lit_at + START_HOLD_S
            case Phase.WAITING:
                return None if self._fit_at is None else self._fit_at + self.profile.enter_service.delay_s
            case Phase.RESTARTING | Phase.SELF_TEST:
                return self._until
            case Phase.RUNNING:
                return None

    def command(self, command: Command, now: float) -> bool:
        """Carry out a command; False when it is refused. Switches and limit outlast the night."""
        match command:
            case WMaxLimPct(pct):
                if not 0 <= pct <= 100:
                    return False
                self.limit_pct = pct
            case Conn(on):
                self.connect = on
            case Activate(permitted):
                self.activated = permitted
            case Restart():
                self.phase = Phase.RESTARTING
                self._until = now + RESTART_SILENCE_S
            case AlarmReset():
                pass  # nothing latches yet
        if self.phase is Phase.RUNNING and not (self.connect and self.activated):
            self.phase = Phase.WAITING
        return True


def _since(since: float | None, now: float, *, holds: bool) -> float | None:
    if not holds:
        return None
    return now if since is None else since
