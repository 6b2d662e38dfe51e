"""Which messages are let in: of units that are ours, not too large, not too often."""

from dataclasses import dataclass

MAX_BYTES = 8192  # of one message: the longest report that is known of takes 600
BURST = 20.0  # messages at once: a unit that dials in sends three, and may do so again at once
PER_S = 1.0  # messages in the long run: a unit sends one in 30 s, and three for every time that it dials in vain


@dataclass(slots=True)
class _Allowance:
    left: float
    at: float


class Gate:
    """Keeps an allowance for every known unit; a stranger costs no memory."""

    def __init__(self, known: frozenset[str], now: float) -> None:
        self._allowances = {serial: _Allowance(BURST, now) for serial in known}

    def knows(self, serial: str) -> bool:
        """Tell whether a unit is ours."""
        return serial in self._allowances

    def admits(self, serial: str, now: float) -> bool:
        """Take one message from a known unit's allowance; tell whether there was one left."""
        own = self._allowances[serial]
        own.left = min(own.left + PER_S * (now - own.at), BURST)
        own.at = now
        if own.left < 1:
            return False
        own.left -= 1
        return True
