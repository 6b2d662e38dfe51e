"""What a DTU asks of one inverter, as exchanges with values."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from protocols.commands import AlarmReset, Command, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.exchange import Exchange, Mapped, Then
from protocols.modems.radio_frame import Region, channel_change
from protocols.points import ALRM, CONN, GRID_PROFILE, PF_W_INJ, VAR_SET_PCT, VR, W_MAX_LIM_PCT, W_RTG, Channel, Value
from protocols.profile import PollItem, Station
from protocols.vendors.hoymiles import alarm_log, grid_settings, realtime
from protocols.vendors.hoymiles import layout as y
from protocols.vendors.hoymiles.control import Action, Codes, Order
from protocols.vendors.hoymiles.conversation import AGAIN_CMT, AGAIN_NRF, TRIES, Announce, Ask, Tell
from protocols.vendors.hoymiles.events import PHASES, standing_text
from protocols.vendors.hoymiles.models import GARBAGE_PART, rated_w
from protocols.vendors.hoymiles.requests import DataType, information
from protocols.vendors.hoymiles.serials import DEFAULT_DTU, Family, Radio, address, family

T = TypeVar("T")
Values = Mapping[Channel, Value]

LIVE = PollItem("live")
ALARMS = PollItem("alarms", every_s=600.0, on_change=Channel(y.EVT_CNT))  # ends may not count as changes
SETTINGS = PollItem("settings", every_s=300.0, after_command_s=240.0)  # earlier, and the inverter logs an event
POLL_PLAN = (LIVE, ALARMS, SETTINGS)

JOIN_TRIES = 2  # who is asleep is asked often enough
_NEW_CODES = ((1, 1, 12), (2, 0, 0)), ((2, 0, 4), (10, 0, 0))  # HMS firmware, from and up to


def family_of(station: Station) -> Family:
    """Return the family of a unit. Raises LocalProtocolError for one that no radio reaches."""
    found = family(station.serial)
    if found is None or found.layout is None or found.radio is Radio.WIFI:
        raise LocalProtocolError(f"{station.serial}: no such inverter can be polled by radio")
    return found


def dtu_address(station: Station) -> int:
    """Return the address by which the gateway asks. Raises LocalProtocolError when its serial has none."""
    try:
        return address(station.host or DEFAULT_DTU)
    except ValueError as error:
        raise LocalProtocolError(str(error)) from error


def ask(
    station: Station,
    kind: DataType,
    utc: float,
    read: Callable[[bytes], T],
    *,
    payload_bytes: int | None = None,
    tries: int = TRIES,
) -> Exchange[T]:
    """Return the exchange that asks a unit for information."""
    agains = AGAIN_CMT if family_of(station).radio is Radio.CMT else AGAIN_NRF
    request = information(station.node, dtu_address(station), kind, utc)
    return Ask(request, read, payload_bytes=payload_bytes, agains=agains, tries=tries)


def poll(station: Station, item: PollItem, utc: float) -> Exchange[Values]:
    """Read the live values, the alarm log or the settings."""
    match item.name:
        case LIVE.name:
            return read_live(station, utc)
        case ALARMS.name:
            return Mapped(read_alarms(station, utc), partial(_standing, family_of(station).phases))
        case SETTINGS.name:
            return read_settings(station, utc)
        case _:
            raise LocalProtocolError(f"no such poll: {item.name}")


def read_live(station: Station, utc: float) -> Exchange[Values]:
    """Read the live values; a payload of another length is refused, for in low light some are cut off."""
    layout = family_of(station).layout
    if layout is None:
        raise LocalProtocolError(f"{station.serial}: no live layout")
    read = partial(realtime.from_payload, layout)
    return ask(station, DataType.REALTIME, utc, read, payload_bytes=layout.size)


def read_alarms(station: Station, utc: float) -> Exchange[tuple[alarm_log.AlarmEntry, ...]]:
    """Read the alarm log."""
    return ask(station, DataType.ALARM_DATA, utc, alarm_log.unpack)


def _standing(phases: int, entries: tuple[alarm_log.AlarmEntry, ...]) -> Values:
    standing = standing_text(entry.code for entry in entries if entry.standing)
    return {Channel(ALRM): standing, Channel(PHASES): phases}


def read_settings(station: Station, utc: float) -> Exchange[Values]:
    """Read the power limit; newer HMS firmware is asked for its version first, as it does not tell a temporary one."""
    if not _is_hms(station):
        return read_config(station, utc)
    return Then(
        read_firmware(station, utc),
        lambda firmware: Mapped(read_config(station, utc), partial(_told_limit, int(firmware[Channel(y.FW)] or 0))),
    )


def _is_hms(station: Station) -> bool:
    return family_of(station).name.startswith("HMS")


def _told_limit(firmware: int, config: Values) -> Values:
    hidden = codes_of_hms(firmware) is Codes.HMS
    return {channel: value for channel, value in config.items() if not (hidden and channel.point is W_MAX_LIM_PCT)}


def codes_of_hms(firmware: int) -> Codes:
    """Return the numbers that an HMS of that firmware takes; whoever takes the new ones hides a temporary limit."""
    return Codes.HMS if any(first <= version(firmware) < end for first, end in _NEW_CODES) else Codes.CLASSIC


def read_config(station: Station, utc: float) -> Exchange[Values]:
    """Read the configuration: limits and power factor."""
    return ask(station, DataType.CONFIG, utc, config_from, payload_bytes=y.CONFIG.size)


def config_from(payload: bytes) -> dict[Channel, Value]:
    """Return the configuration in a payload; an MIT's is longer, and what follows is not known.

    Raises RemoteProtocolError for one that is cut off.
    """
    values = y.CONFIG.unpack(payload[: y.CONFIG.size])
    limit = values[Channel(W_MAX_LIM_PCT)]
    if isinstance(limit, int | float):
        values[Channel(W_MAX_LIM_PCT)] = min(limit, 100.0)  # more than everything is everything
    return values


def read_firmware(station: Station, utc: float, tries: int = TRIES) -> Exchange[Values]:
    """Read version and date of the firmware."""
    layout = y.DEV_INFO_ALL
    return ask(station, DataType.DEV_INFO_ALL, utc, layout.unpack, payload_bytes=layout.size, tries=tries)


def read_hardware(station: Station, utc: float) -> Exchange[Values]:
    """Read part number and grid profile."""
    layout = y.DEV_INFO_SIMPLE
    return ask(station, DataType.DEV_INFO_SIMPLE, utc, hardware_from, payload_bytes=layout.size)


def hardware_from(payload: bytes) -> dict[Channel, Value]:
    """Return part number and grid profile. Raises RemoteProtocolError for the part number that is sent in error."""
    values = y.DEV_INFO_SIMPLE.unpack(payload)
    if values[Channel(y.HW_PART)] == GARBAGE_PART:
        raise RemoteProtocolError("garbage instead of a part number")
    return values


def read_grid_settings(station: Station, utc: float) -> Exchange[grid_settings.GridSettings]:
    """Read the grid profile with all its settings."""
    return ask(station, DataType.GRID_PROFILE, utc, grid_settings.unpack)


def read_loss_rate(station: Station, utc: float) -> Exchange[Values]:
    """Read how many of the requests the unit has heard."""
    return ask(station, DataType.LOSS_RATE, utc, y.LOSS_RATE.unpack, payload_bytes=y.LOSS_RATE.size)


def join(station: Station, utc: float) -> Exchange[Values]:
    """Call a sub-GHz unit to the work channel, then learn its firmware, its rating and its grid profile.

    The call goes out on the boot channel; whoever works already does not hear it. Which channels these are is the
    radio's to say: it puts its own band and work channel into every call that passes.
    """
    known: Exchange[Values] = Then(
        read_firmware(station, utc, JOIN_TRIES),
        lambda _: Mapped(read_hardware(station, utc), identity_from),
    )
    if family_of(station).radio is not Radio.CMT:
        return known
    region = Region.EU
    call = channel_change(station.node, dtu_address(station), region, region.work)
    return Then(Announce(call, None), lambda _: known)


def identity_from(hardware: Values) -> Values:
    """Return what the answer about hardware and profile says of a unit."""
    firmware, part, profile = (hardware[Channel(point)] for point in (y.FW, y.HW_PART, y.PROFILE_ID))
    watt = rated_w(int(part or 0))
    found: dict[Channel, Value] = {
        Channel(VR): version_text(int(firmware or 0)),
        Channel(GRID_PROFILE): grid_settings.profile_name(int(profile or 0)),
    }
    if watt is not None:
        found[Channel(W_RTG)] = watt
    return found


def version(firmware: int) -> tuple[int, int, int]:
    """Return a firmware number as major, minor and patch."""
    return firmware // 10_000, firmware // 100 % 100, firmware % 100


def version_text(firmware: int) -> str:
    """Return a firmware number as people write it."""
    return ".".join(map(str, version(firmware)))


def command(station: Station, wanted: Command, utc: float) -> Exchange[Values]:
    """Carry out a command; the value is what the unit has accepted: it is read back in its own time.

    An HMS that is to keep something is asked for its firmware first: the numbers depend on it.
    """
    order, accepted = _order(wanted)
    if not (order.persistent and _is_hms(station)):
        return give(station, order, accepted)
    return Then(
        read_firmware(station, utc),
        lambda firmware: give(station, order, accepted, codes_of_hms(int(firmware[Channel(y.FW)] or 0))),
    )


def give(station: Station, order: Order, accepted: Values, codes: Codes = Codes.CLASSIC) -> Exchange[Values]:
    """Give an order; its value when the unit accepts it is `accepted`."""
    frame = order.frame(station.node, dtu_address(station), codes)
    return Tell(frame, accepted, tries=1) if order.action is Action.RESTART else Tell(frame, accepted)


def _order(wanted: Command) -> tuple[Order, Values]:
    match wanted:
        case WMaxLimPct(pct, persistent):
            return Order(Action.ACTIVE_POWER, pct, persistent=persistent), {Channel(W_MAX_LIM_PCT): pct}
        case Conn(on):
            return Order(Action.ON if on else Action.OFF), {Channel(CONN): int(on)}
        case Restart():
            return Order(Action.RESTART), {}
        case AlarmReset():
            return Order(Action.CLEAR), {}
        case PFWInj(pf):
            return Order(Action.POWER_FACTOR, pf), {Channel(PF_W_INJ): pf}
        case VarSet(pct):
            return Order(Action.REACTIVE_POWER, pct), {Channel(VAR_SET_PCT): pct}
        case _:
            raise LocalProtocolError(f"no such command for these inverters: {wanted}")


COMMANDS: frozenset[type[Command]] = frozenset({WMaxLimPct, Conn, Restart, AlarmReset, PFWInj, VarSet})
