"""Whether the modules feed the processor: when the unit starts by itself, and when it goes dark."""

from math import inf

from emulator.protection import since

START_HOLD_S = 5.0
STOP_HOLD_S = 60.0


class PowerSupply:
    """Light must suffice for a while before the unit starts, and be missing for a while before it stops."""

    def __init__(self) -> None:
        self._lit_at: float | None = None
        self._starved_at: float | None = None

    def observe(self, now: float, *, lit: bool, starved: bool) -> None:
        """Take what is so from `now` on."""
        self._lit_at = since(self._lit_at, now, holds=lit)
        self._starved_at = since(self._starved_at, now, holds=starved)

    @property
    def start_due(self) -> float:
        """Return when a dark unit starts; inf: not as long as nothing changes."""
        return inf if self._lit_at is None else self._lit_at + START_HOLD_S

    @property
    def stop_due(self) -> float:
        """Return when a unit goes dark; inf: not as long as nothing changes."""
        return inf if self._starved_at is None else self._starved_at + STOP_HOLD_S
