"""Model 123 of a device: what writes to it mean, and what it shows."""

from collections.abc import Mapping, Sequence

from protocols.commands import Command, Conn, WMaxLimPct
from protocols.modbus.pdu import ExceptionCode
from protocols.points import W_MAX_LIM_PCT, Channel
from protocols.profile import Device
from protocols.sunspec.view import Limit

FULL = 100.0
FIRST, LAST = 2, 9  # of the registers that may be written, from its ID
_CONN, _PCT, _ENA = 4, 5, 9


class BadValueError(ValueError):
    """A register was given a value that it does not take."""


def limit_of(word: int) -> float:
    """Return the limit in a register, tenths of a percent; raises BadValueError."""
    if word > 1000:
        raise BadValueError(f"a limit of {word / 10} %")
    return word / 10


def switch_of(word: int) -> bool:
    """Return the switch in a register; raises BadValueError."""
    if word > 1:
        raise BadValueError(f"{word} is neither on nor off")
    return word == 1


class Model123:
    """Carries writes out on a device and remembers what only the registers know."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._set = Limit(FULL, enabled=False)

    def limit(self, now: float) -> Limit:
        """Return the limit as it shows: a limit in force is enabled, whoever set it."""
        value = self._device.values(now).get(Channel(W_MAX_LIM_PCT))
        in_force = FULL if value is None or isinstance(value, str) else value
        enabled = self._set.enabled or in_force < FULL
        return Limit(in_force if enabled else self._set.pct, enabled)

    def write(self, offset: int, words: Sequence[int], now: float) -> ExceptionCode | None:
        """Write registers, counted from its ID; None when all was obeyed.

        The timers are not implemented: writing them has no effect, as SunSpec asks of such points.
        """
        written = dict(enumerate(words, offset))
        try:
            wanted: list[Command] = [Conn(switch_of(written[_CONN]))] if _CONN in written else []
            limit = self._limit_from(written, now)
        except BadValueError:
            return ExceptionCode.ILLEGAL_VALUE
        if limit is not None:
            wanted.append(WMaxLimPct(limit.pct if limit.enabled else FULL))
        if not all(self._device.command(command, now) for command in wanted):
            return ExceptionCode.DEVICE_FAILURE
        self._set = limit or self._set
        return None

    def _limit_from(self, written: Mapping[int, int], now: float) -> Limit | None:
        if _PCT not in written and _ENA not in written:
            return None
        shown = self.limit(now)
        return Limit(
            limit_of(written[_PCT]) if _PCT in written else shown.pct,
            switch_of(written[_ENA]) if _ENA in written else shown.enabled,
        )
