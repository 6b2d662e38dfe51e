"""An inverter's side of the radio protocol."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.commands import AlarmReset, Command, Conn, PFWInj, Restart, VarSet, WMaxLimPct
from protocols.errors import RemoteProtocolError
from protocols.framing.fragments import split
from protocols.layout import Layout
from protocols.modems.radio_frame import ANSWER, FRAGMENT_BYTES, LAST, Main, RadioFrame, decode
from protocols.points import DCV, PF_W_INJ, VR, W_MAX_LIM_PCT, Channel, Value
from protocols.profile import Device
from protocols.vendors.hoymiles import alarm_log, control, grid_settings, realtime
from protocols.vendors.hoymiles import layout as y
from protocols.vendors.hoymiles.codec import codes_of_hms
from protocols.vendors.hoymiles.control import Action, Codes, Order
from protocols.vendors.hoymiles.memory import Memory
from protocols.vendors.hoymiles.models import part_number
from protocols.vendors.hoymiles.requests import MAX_FRAGMENTS, DataType, Information, opened, repeated, sealed
from protocols.vendors.hoymiles.serials import Family, Radio, family, inverter_address

_BUILT = {y.BUILT_YEAR: 2024, y.BUILT_DAY: 101, y.BUILT_AT: 1200, y.BOOTLOADER: 100}
_HARDWARE_VR = 0x0100
_PROFILE_VR = 0x2000
_NEWER = "2.0.4"  # an HMS of it takes the new numbers for what is persistent, and hides what is temporary


@dataclass(frozen=True, slots=True)
class Habits:
    """What some firmware does: deliver every n-th fragment only, cut live answers off in low light.

    `firmware` is its version, which decides whether an HMS tells a temporary limit; empty: as the device says.
    """

    every_fragment: int = 1
    cuts_in_low_light: bool = False
    firmware: str = ""


def habits_of(serial: str) -> Habits:
    """Return what a unit does by its serial: letters in it, or an MIT, tell newer firmware of a sub-GHz unit."""
    found, _ = _known(serial)
    newer = not serial.isdigit() or found.name.startswith("MIT")
    sub_ghz = found.radio is Radio.CMT
    firmware = _NEWER if newer and sub_ghz else ""
    return Habits(every_fragment=3 if newer and sub_ghz else 1, cuts_in_low_light=not sub_ghz, firmware=firmware)


class InverterSide:
    """Answers whoever asks for one device; never raises, whatever it hears. Without `habits` its serial tells them.

    Calls to another channel are its radio's to follow. Raises ValueError for a serial without family.
    """

    def __init__(self, device: Device, habits: Habits | None = None) -> None:
        self._device = device
        self._family, self._layout = _known(device.serial)
        self._address = inverter_address(device.serial)
        self._first_bytes = self._address.to_bytes(4, "big")
        self._habits = habits or habits_of(device.serial)
        self._memory = Memory(device)
        self._spoken: tuple[bytes, ...] = ()
        self._said: Mapping[int, Callable[[float], bytes]] = {
            DataType.DEV_INFO_SIMPLE: self._dev_info_simple,
            DataType.DEV_INFO_ALL: self._dev_info_all,
            DataType.GRID_PROFILE: lambda _: grid_settings.pack(grid_settings.from_profile(device.grid_profile)),
            DataType.CONFIG: self._config,
            DataType.REALTIME: self._live,
            DataType.REALTIME_REALITY: self._live,
            DataType.ALARM_DATA: lambda _: alarm_log.pack(self._memory.log()),
            DataType.ALARM_UPDATE: lambda _: alarm_log.pack(self._memory.pending()),
            DataType.LOSS_RATE: self._loss_rate,
        }
        self._requests = 0

    def concerns(self, datagram: bytes) -> bool:
        """Tell by the address."""
        return datagram[1:5] == self._first_bytes

    def answer(self, datagram: bytes, now: float) -> tuple[bytes, ...]:
        """Return the frames that answer a request for this inverter; silence to all else."""
        if not self.concerns(datagram):
            return ()  # before the CRC
        try:
            return self._serve(decode(datagram), now)
        except RemoteProtocolError:
            return ()

    def _serve(self, frame: RadioFrame, now: float) -> tuple[bytes, ...]:
        match frame.main:
            case Main.INFORMATION:
                number = repeated(frame)
                if number is not None:
                    return self._spoken[number - 1 : number] if number else ()
                return self._inform(frame, Information(frame), now)
            case Main.CONTROL:
                return (self._obey(frame, control.order_of(frame), now),)
            case _:
                return ()

    def _inform(self, frame: RadioFrame, asked: Information, now: float) -> tuple[bytes, ...]:
        payload = self._said.get(asked.kind)
        if payload is None:
            return ()
        self._requests += 1
        if self._memory.hear(asked.utc, now):
            self._device.command(WMaxLimPct(self._memory.kept_pct), now)  # what was temporary is forgotten
        whole = sealed(payload(now))
        self._spoken = tuple(
            self._framed(frame, (LAST if piece.last else 0) | piece.number, piece.data)
            for piece in split(whole, FRAGMENT_BYTES, MAX_FRAGMENTS)
        )
        return self._spoken[:: self._habits.every_fragment]

    def _framed(self, frame: RadioFrame, index: int, data: bytes) -> bytes:
        return RadioFrame(frame.main | ANSWER, self._address, self._dtu(frame), index, data).encode()

    def _dtu(self, frame: RadioFrame) -> int:
        return frame.dtu if self._family.names_dtu else self._address

    def _live(self, now: float) -> bytes:
        values = self._device.values(now)
        own = {Channel(y.EVT_CNT): self._memory.events, **self._memory.day_counters(values, now)}
        payload = realtime.to_payload(self._layout, {**values, **own})
        if self._habits.cuts_in_low_light and self._is_dim(values):
            return payload[:FRAGMENT_BYTES]
        return payload

    def _is_dim(self, values: Mapping[Channel, Value]) -> bool:
        volts = [v for channel, v in values.items() if channel.point is DCV and isinstance(v, int | float)]
        return max(volts, default=0.0) < self._device.model.dc_start_v

    def _firmware(self, now: float) -> int:
        text = self._habits.firmware or self._device.values(now).get(Channel(VR))
        try:
            major, minor, patch = (int(part) for part in str(text).split("."))
        except ValueError:
            return 0
        return min(10_000 * major + 100 * minor + patch, 0xFFFF)

    def _dev_info_all(self, now: float) -> bytes:
        known = {Channel(point): raw for point, raw in _BUILT.items()}
        return y.DEV_INFO_ALL.pack({Channel(y.FW): self._firmware(now), **known})

    def _dev_info_simple(self, now: float) -> bytes:
        return y.DEV_INFO_SIMPLE.pack(
            {
                Channel(y.FW): self._firmware(now),
                Channel(y.HW_PART): part_number(self._device.model),
                Channel(y.HW_VR): _HARDWARE_VR,
                Channel(y.PROFILE_ID): grid_settings.profile_id(self._device.grid_profile.id),
                Channel(y.PROFILE_VR): _PROFILE_VR,
            }
        )

    def _config(self, now: float) -> bytes:
        limit = self._device.values(now).get(Channel(W_MAX_LIM_PCT))
        hidden = self._codes(now) is Codes.HMS
        factor = self._device.values(now).get(Channel(PF_W_INJ))
        return y.CONFIG.pack(
            {
                Channel(y.WORD): y.FIRST_WORD,
                Channel(W_MAX_LIM_PCT): self._memory.kept_pct if hidden or limit is None else limit,
                Channel(y.VAR_LIM_PCT): 0,
                Channel(y.PF_SET): abs(factor) if isinstance(factor, int | float) else 1,
            }
        )

    def _codes(self, now: float) -> Codes:
        return codes_of_hms(self._firmware(now)) if self._family.name.startswith("HMS") else Codes.CLASSIC

    def _loss_rate(self, _: float) -> bytes:
        count = self._requests & 0xFFFF
        return y.LOSS_RATE.pack({Channel(y.RECEIVED): count, Channel(y.SENT): count})

    def _obey(self, frame: RadioFrame, order: Order, now: float) -> bytes:
        understood = order.body(self._codes(now)) == opened(frame.payload)  # in the numbers of its firmware
        wanted = self._command(order) if understood else None
        done = wanted is not None and self._device.command(wanted, now)
        if done and isinstance(wanted, WMaxLimPct) and wanted.persistent:
            self._memory.kept_pct = wanted.pct
        return control.answer(frame, self._dtu(frame), control.ACCEPTED if done else control.REFUSED)

    def _command(self, order: Order) -> Command | None:
        """Return what the device is to do; None for what it does not know."""
        match order.action:
            case Action.ACTIVE_POWER:
                value = order.value or 0.0
                pct = value if order.relative else 100 * value / self._device.model.rated_w
                return WMaxLimPct(min(100.0, pct), order.persistent)
            case Action.POWER_FACTOR:
                return PFWInj(order.value or 1.0)
            case Action.REACTIVE_POWER:
                return VarSet(order.value or 0.0)
            case _:
                return _PLAIN.get(order.action)


_PLAIN: Mapping[Action, Command] = {
    Action.ON: Conn(on=True),
    Action.OFF: Conn(on=False),
    Action.RESTART: Restart(),
    Action.CLEAR: AlarmReset(),
}


def _known(serial: str) -> tuple[Family, Layout]:
    found = family(serial)
    if found is None or found.layout is None:
        raise ValueError(f"{serial}: no family of inverters on the radio")
    return found, found.layout
