"""Conversations with a device that speaks SunSpec over Modbus TCP, whoever made it."""

from collections.abc import Mapping

from protocols.commands import Command, Conn, WMaxLimPct
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.exchange import Cause, Exchange, Failed, Mapped, Then
from protocols.modbus.exchange import TCP, WriteRegisters
from protocols.points import Channel, Value
from protocols.profile import PollItem, Station
from protocols.sunspec import reading
from protocols.sunspec.walk import TRIES, WITHIN_S, Walk

COMMANDS: frozenset[type[Command]] = frozenset({WMaxLimPct, Conn})
_CONN_AT = 4  # of model 123, from its ID
_CONTROLS = frozenset((reading.CONTROLS, reading.CONTROL_AC))

Values = Mapping[Channel, Value]
_Found = Mapping[int, tuple[int, bytes]]


class _Impossible:
    """An exchange that fails before anything is sent."""

    def __init__(self, why: str) -> None:
        self._why = why

    def start(self) -> Failed:
        """Fail."""
        return Failed(Cause.REFUSED, self._why)

    def received(self, _: bytes) -> Failed:
        """Fail."""
        return self.start()

    def timed_out(self) -> Failed:
        """Fail."""
        return self.start()


def join(station: Station, _: float) -> Exchange[Values]:
    """Learn who answers at the unit id."""

    def told(found: _Found) -> Values:
        if reading.COMMON not in found:
            raise RemoteProtocolError("no common model")
        return reading.identity(found[reading.COMMON][1])

    return Mapped(Walk(station.node, frozenset((reading.COMMON,))), told)


def poll(station: Station, item: PollItem, _: float) -> Exchange[Values]:
    """Read what is measured and set. The chain is walked each time: nothing is remembered that could be outdated."""
    if item.name != "live":
        raise LocalProtocolError(f"no such poll: {item.name}")
    return Mapped(Walk(station.node, reading.LIVE), reading.readings)


def command(station: Station, wanted: Command, _: float) -> Exchange[Values]:
    """Write a command where the device has its registers, and read back what is set."""

    def write(found: _Found) -> Exchange[None]:
        try:
            start, data = _registers(found, wanted)
        except RemoteProtocolError as error:
            return _Impossible(str(error))
        return WriteRegisters(station.node, start, data, within_s=WITHIN_S, tries=TRIES, framing=TCP)

    def set_(found: _Found) -> Values:
        return {channel: value for channel, value in reading.readings(found).items() if channel in reading.SETTINGS}

    written = Then(Walk(station.node, _CONTROLS), write)
    return Then(written, lambda _: Mapped(Walk(station.node, reading.LIVE), set_))


def _registers(found: _Found, wanted: Command) -> tuple[int, bytes]:
    match wanted:
        case WMaxLimPct(pct):
            return reading.limit_words(found, pct)
        case Conn(on) if reading.CONTROLS in found:
            return found[reading.CONTROLS][0] + _CONN_AT, int(on).to_bytes(2, "big")
        case Conn():
            raise RemoteProtocolError("no model 123")
        case _:
            raise LocalProtocolError(f"no such command: {wanted}")
