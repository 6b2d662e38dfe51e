"""What makes an alarm of a protection: raise, record, latch, clear, reset.

code   raised by                                   latch
1      voltage at the input                        AUTO, then a full start
2-6    the grid                                    AUTO, 5 with a lockout
7, 8   DC in the output; heat or the power stage   AUTO with a lockout
9      three low readings of the insulation        MANUAL (or until a start finds it sound), then a full start
10     a broken part                               DAY, then a full start
"""

from collections.abc import Callable, Mapping
from math import inf

from config.grid_profile import GridProfileFile
from emulator.insulation_check import InsulationTest
from emulator.memory import Latch, Memory
from emulator.protection import Protection, Timer
from emulator.stages import Quantity, stages
from protocols.profile import Model

HARDWARE_S = 300.0 + 60.0  # until alarm 8 clears after the power stage protected itself
HARDWARE_STAGE = 2  # of alarm 8; 1 is the temperature
DEVICE, INSULATION, INTERNAL = 8, 9, 10
GRID = frozenset({2, 3, 4, 5, 6})
FULL_START = frozenset({1, INSULATION, INTERNAL})  # alarms after which the unit starts from the self-test


class Guard:
    """The alarms of one unit; `ohm` measures the insulation. Powered all the while, except where `forget` is called."""

    def __init__(
        self, profile: GridProfileFile, model: Model, ohm: Callable[[float], float], *, auto_next_start: bool = False
    ) -> None:
        self.protection = Protection(stages(profile, rated_a=model.rated_a, dc_max_v=model.dc_max_v))
        self.memory = Memory()
        self.booted_at = 0.0
        self.left_at = -inf  # when the grid left its limits before it last tripped the unit
        self._insulation = InsulationTest(profile.insulation)
        self._ohm = ohm
        self._auto_next_start = auto_next_start
        self._broken = False
        self._hardware_until = -inf

    @property
    def alarms(self) -> frozenset[int]:
        """Return the codes of active alarms."""
        return self.holding | self.memory.latched.keys()

    @property
    def holding(self) -> frozenset[int]:
        """Return the codes that something other than a latch keeps active."""
        return self.protection.holding | ({DEVICE} if self._hardware_until > -inf else set())

    @property
    def due(self) -> float:
        """Return when something happens here if nothing changes."""
        hardware = self._hardware_until if self._hardware_until > -inf else inf
        return min(self.protection.due, self._insulation.due, hardware)

    def note(self, values: Mapping[Quantity, float | None]) -> None:
        """Take what was so until now, for the extremes."""
        for quantity, value in values.items():
            if value is not None:
                self.protection.watches[quantity].note(value)

    def tick(self, now: float) -> bool:
        """Let what is due raise and clear alarms; True when a full start must follow."""
        before = self.alarms
        for timer in self.protection.tick(now):
            self._acted(timer, now)
        if -inf < self._hardware_until <= now:
            self._hardware_until = -inf
        if self._insulation.due <= now and self._insulation.tick(now, self._ohm(now)):
            self._raise(INSULATION, 1, self._insulation.worst_ohm, self._insulation.low_since, now)
        return bool((before - self.alarms) & FULL_START)

    def _acted(self, timer: Timer, now: float) -> None:
        code = timer.stage.code
        others = sum(each.acted for each in self.protection.timers if each.stage.code == code)
        if others > 1 or (code == DEVICE and self._hardware_until > -inf):
            return  # it goes on
        self._raise(code, timer.stage.number, timer.worst, timer.since, now)
        if code in GRID:
            self.left_at = now if timer.since is None else timer.since

    def _raise(self, code: int, stage: int, extreme: float, crossed: float | None, now: float) -> None:
        if code in self.memory.latched:
            return
        crossed_ms, opened_ms = (self._uptime_ms(now if at is None else at) for at in (crossed, now))
        self.memory.note(code, stage, extreme, crossed_ms=crossed_ms, opened_ms=opened_ms)
        self.memory.raised(code, now)

    def _uptime_ms(self, at: float) -> int:
        return max(round(1000 * (at - self.booted_at)), 0)

    def feeding(self, now: float, *, on: bool) -> None:
        """Take note that the relay closed or opened."""
        self._insulation.feeding(now, on=on)

    def start(self, now: float) -> None:
        """Begin a self-test."""
        self._insulation.start(now)

    def finish(self, now: float, *, rested: bool) -> None:
        """Judge a self-test; `rested`: it is the first after a night."""
        if self._broken:
            self._raise(INTERNAL, 1, 0.0, now, now)
        for code, latch in tuple(self.memory.latched.items()):
            if self._ends(code, latch, rested=rested):
                self.memory.release(code)

    def _ends(self, code: int, latch: Latch, *, rested: bool) -> bool:
        match latch:
            case Latch.DAY:
                return rested and not self._wrong(code)
            case Latch.MANUAL:
                return self._auto_next_start and self._insulation.sound

    def _wrong(self, code: int) -> bool:
        return code in self.holding or (code == INTERNAL and self._broken)

    def reset(self, now: float) -> tuple[bool, bool]:
        """Release every latch whose cause is gone; return whether that was admitted, and whether a full start follows.

        It is refused when an alarm is active and none can be released.
        """
        if not self.alarms:
            return True, False
        over = {code for code in self.memory.latched if not self._wrong(code)}
        if INSULATION in over and not self._insulation.clears(self._ohm(now)):
            over.remove(INSULATION)
        for code in over:
            self.memory.release(code)
        return bool(over), bool(over & FULL_START)

    def forget(self) -> None:
        """Lose what is not in non-volatile memory."""
        self.protection.forget()
        self._insulation.stop()
        self._hardware_until = self.left_at = -inf

    def break_part(self, now: float, *, broken: bool, noticed: bool) -> None:
        """Let a part break, or be whole again; a unit that is awake notices at once, else by the next self-test."""
        if broken and noticed:
            self._raise(INTERNAL, 1, 0.0, now, now)
        self._broken = broken

    def protect_power_stage(self, now: float, case_c: float) -> None:
        """Stop because of an over-current or over-voltage inside."""
        if DEVICE not in self.alarms:
            self._raise(DEVICE, HARDWARE_STAGE, case_c, now, now)
        self._hardware_until = now + HARDWARE_S
