"""Conversations of a master with a unit, and the values of records and grid profiles."""

from collections.abc import Mapping

from protocols.commands import Activate, AlarmReset, Command, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.events import AlarmRecord
from protocols.exchange import Cause, Done, Exchange, Failed, Mapped, Send, Step, Then, Wait
from protocols.grid_profile import GridProfile
from protocols.layout import Layout
from protocols.modbus.exchange import ReadRegisters, WriteRegisters, broadcast
from protocols.points import DA, GRID_PROFILE, SN, Channel, Value
from protocols.profile import PollItem, Station
from protocols.vendors.atmoce import layout
from protocols.vendors.atmoce.blocks import profile_from, record_from
from protocols.vendors.atmoce.control import WORDS

WITHIN_S = 0.1  # a unit begins its answer within 50 ms; the rest is for its clock and ours
TRIES = 2  # a poll that was lost is worth one more; then the others have waited long enough
MOST_RECORDS = 15  # alarm records in one answer: 16 would be longer than Modbus allows
ROUNDS = 2  # assignments before a unit counts as absent

Values = Mapping[Channel, Value]
_LIMIT_AT, _CONN_AT, _COMMAND_AT = layout.CONTROL_AT, layout.CONTROL_AT + 1, layout.CONTROL_AT + 2


def _read(station: Station, at: int, block: Layout, tries: int = TRIES) -> Exchange[Values]:
    return Mapped(ReadRegisters(station.node, at, block.size // 2, within_s=WITHIN_S, tries=tries), block.unpack)


def poll(station: Station, item: PollItem, _: float) -> Exchange[Values]:
    """Read the live block."""
    if item.name != "live":
        raise LocalProtocolError(f"no such poll: {item.name}")
    return _read(station, layout.LIVE_AT, layout.LIVE)


class Join:
    """Make a unit answer at its node: *who is*; where another or nobody answers, *assign* and ask again."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._rounds_left = ROUNDS
        self._question: Exchange[Values] | None = None

    def start(self) -> Step[Values]:
        """Ask who is there."""
        self._question = _read(self._station, layout.IDENTITY_AT, layout.IDENTITY, tries=1)
        return self._judge(self._question.start())

    def received(self, datagram: bytes) -> Step[Values]:
        """Take the answer; to an assignment none comes."""
        return self._judge(self._question.received(datagram)) if self._question else Wait()

    def timed_out(self) -> Step[Values]:
        """Assign after silence, ask after an assignment."""
        return self._judge(self._question.timed_out()) if self._question else self.start()

    def _judge(self, step: Step[Values]) -> Step[Values]:
        match step:
            case Done(identity) if identity[Channel(SN)] != self._station.serial:
                return self._assign(Failed(Cause.MISMATCH, f"{identity[Channel(SN)]} answers"))
            case Failed():
                return self._assign(step)
            case Done() | Send() | Wait():
                return step

    def _assign(self, failed: Failed) -> Step[Values]:
        if not self._rounds_left:
            return failed
        self._rounds_left -= 1
        self._question = None
        wanted: Values = {Channel(SN): self._station.serial, Channel(DA): self._station.node}
        return broadcast(layout.ASSIGNMENT_AT, layout.ASSIGNMENT.pack(wanted))


def join(station: Station, _: float) -> Exchange[Values]:
    """Make a unit answer at its node, and learn by which grid profile it works."""
    return Then(
        Join(station),
        lambda identity: Mapped(
            read_grid_profile(station), lambda found: {**identity, Channel(GRID_PROFILE): found.id}
        ),
    )


def command(station: Station, wanted: Command, _: float) -> Exchange[Values]:
    """Write a command; the value is the control block read back, or nothing where the unit restarts."""
    at, word = _control(wanted)
    tries = 1 if isinstance(wanted, Restart) else TRIES  # all others may safely be heard twice
    write = WriteRegisters(station.node, at, word.to_bytes(2, "big"), within_s=WITHIN_S, tries=tries)
    if isinstance(wanted, Restart):
        return Mapped(write, lambda _: {})
    return Then(write, lambda _: _read(station, layout.CONTROL_AT, layout.CONTROL))


def _control(wanted: Command) -> tuple[int, int]:
    """Return register and word of a command."""
    match wanted:
        case WMaxLimPct(pct):
            return _LIMIT_AT, round(10 * pct)
        case Conn(on):
            return _CONN_AT, int(on)
        case Restart() | AlarmReset() | Activate():
            return _COMMAND_AT, WORDS[wanted]
        case PFWInj() | VarSet():
            raise LocalProtocolError(f"no such command: {wanted}")


def read_alarm_records(station: Station, count: int, _: float) -> Exchange[tuple[AlarmRecord, ...]]:
    """Read the `count` newest alarm records, at most MOST_RECORDS; the value is shorter when there are not so many."""
    registers = count * layout.RECORD.size // 2
    read = ReadRegisters(station.node, layout.RECORDS_AT, registers, within_s=WITHIN_S, tries=TRIES)
    return Mapped(read, _records)


def _records(data: bytes) -> tuple[AlarmRecord, ...]:
    size = layout.RECORD.size
    slots = (layout.RECORD.unpack(data[at : at + size]) for at in range(0, len(data), size))
    return tuple(record_from(slot) for slot in slots if slot[Channel(layout.ALARM_CODE)])


def read_grid_profile(station: Station) -> Exchange[GridProfile]:
    """Read the protection settings in force."""
    return Mapped(_read(station, layout.GRID_PROFILE_AT, layout.GRID_PROFILE_BLOCK), profile_from)
