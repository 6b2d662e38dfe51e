"""What a write to the native control block means."""

from collections.abc import Mapping, Sequence

from protocols.commands import Activate, AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.modbus.pdu import ExceptionCode
from protocols.profile import Device
from protocols.sunspec.model_123 import BadValueError, limit_of, switch_of

WORDS: Mapping[Command, int] = {  # two letters each, so that noise or a stray write is no command
    Restart(): 0x5245,  # RE
    AlarmReset(): 0x4152,  # AR
    Activate(permitted=True): 0x4143,  # AC
    Activate(permitted=False): 0x4445,  # DE
}
COMMANDS: Mapping[int, Command] = {word: command for command, word in WORDS.items()}


def native(offset: int, word: int) -> Command:
    """Return the command in a register of the control block; raises BadValueError."""
    match offset:
        case 0:
            return WMaxLimPct(limit_of(word))
        case 1:
            return Conn(switch_of(word))
        case _ if word in COMMANDS:
            return COMMANDS[word]
        case _:
            raise BadValueError(f"no command: {word:04x}")


class Controls:
    """Carries writes out on a device and remembers the last command."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self.last = 0  # word of the last command that was obeyed

    def write(self, offset: int, words: Sequence[int], now: float) -> ExceptionCode | None:
        """Write registers of the native control block; None when all was obeyed."""
        try:
            wanted = [native(register, word) for register, word in enumerate(words, offset)]
        except BadValueError:
            return ExceptionCode.ILLEGAL_VALUE
        return self._obey(wanted, now)

    def _obey(self, wanted: Sequence[Command], now: float) -> ExceptionCode | None:
        for command in wanted:
            if not self._device.command(command, now):
                return ExceptionCode.DEVICE_FAILURE
            self.last = WORDS.get(command, self.last)
        return None
