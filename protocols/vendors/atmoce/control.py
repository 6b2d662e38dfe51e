"""What a write to a unit means: the native control block, and SunSpec model 123 at its place in the chain."""

from collections.abc import Mapping, Sequence

from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.modbus.pdu import ExceptionCode
from protocols.points import W_MAX_LIM_PCT, Channel
from protocols.profile import Device
from protocols.sunspec.view import Limit

WORDS: Mapping[Command, int] = {  # two letters each, so that noise or a stray write is no command
    Restart(): 0x5245,  # RE
    AlarmReset(): 0x4152,  # AR
    Activate(permitted=True): 0x4143,  # AC
    Activate(permitted=False): 0x4445,  # DE
}
COMMANDS: Mapping[int, Command] = {word: command for command, word in WORDS.items()}
FULL = 100.0
_CONN, _PCT, _ENA = 4, 5, 9  # registers of model 123 from its ID
FIRST_123, LAST_123 = 2, 9  # of those that may be written


class BadValueError(ValueError):
    """A register was given a value that it does not take."""


def _limit(word: int) -> float:
    if word > 1000:
        raise BadValueError(f"a limit of {word / 10} %")
    return word / 10


def _switch(word: int) -> bool:
    if word > 1:
        raise BadValueError(f"{word} is neither on nor off")
    return word == 1


def native(offset: int, word: int) -> Command:
    """Return the command in a register of the control block; raises BadValueError."""
    match offset:
        case 0:
            return WMaxLimPct(_limit(word))
        case 1:
            return Conn(_switch(word))
        case _ if word in COMMANDS:
            return COMMANDS[word]
        case _:
            raise BadValueError(f"no command: {word:04x}")


class Controls:
    """Carries writes out on a device and remembers what only the registers know."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._set = Limit(FULL, enabled=False)  # what model 123 was told
        self.last = 0  # word of the last command that was obeyed

    def limit(self, now: float) -> Limit:
        """Return the limit as model 123 shows it: a limit in force is enabled, whoever set it."""
        value = self._device.values(now).get(Channel(W_MAX_LIM_PCT))
        in_force = FULL if value is None or isinstance(value, str) else value
        enabled = self._set.enabled or in_force < FULL
        return Limit(in_force if enabled else self._set.pct, enabled)

    def write(self, offset: int, words: Sequence[int], now: float) -> ExceptionCode | None:
        """Write registers of the native control block; None when all was obeyed."""
        try:
            wanted = [native(register, word) for register, word in enumerate(words, offset)]
        except BadValueError:
            return ExceptionCode.ILLEGAL_VALUE
        return self._obey(wanted, now)

    def write_model_123(self, offset: int, words: Sequence[int], now: float) -> ExceptionCode | None:
        """Write registers of model 123, counted from its ID; None when all was obeyed.

        The timers are not implemented: writing them has no effect, as SunSpec asks of such points.
        """
        written = dict(enumerate(words, offset))
        try:
            wanted: list[Command] = [Conn(_switch(written[_CONN]))] if _CONN in written else []
            limit = self._limit_from(written, now)
        except BadValueError:
            return ExceptionCode.ILLEGAL_VALUE
        if limit is None:
            return self._obey(wanted, now)
        refused = self._obey([*wanted, WMaxLimPct(limit.pct if limit.enabled else FULL)], now)
        self._set = self._set if refused else limit
        return refused

    def _limit_from(self, written: Mapping[int, int], now: float) -> Limit | None:
        if _PCT not in written and _ENA not in written:
            return None
        shown = self.limit(now)
        return Limit(
            _limit(written[_PCT]) if _PCT in written else shown.pct,
            _switch(written[_ENA]) if _ENA in written else shown.enabled,
        )

    def _obey(self, wanted: Sequence[Command], now: float) -> ExceptionCode | None:
        for command in wanted:
            if not self._device.command(command, now):
                return ExceptionCode.DEVICE_FAILURE
            self.last = WORDS.get(command, self.last)
        return None
