"""A unit's side of the protocol: answers, commands, pairing, the lamp."""

from collections.abc import Mapping

from protocols.commands import AlarmReset, Command, Conn, Restart, WMaxLimPct
from protocols.errors import RemoteProtocolError
from protocols.modems.znp.air import MOST_LQI, Message, Report, content, datagram
from protocols.modems.znp.network import CLUSTER_IN, CLUSTER_OUT
from protocols.points import (
    CONN,
    DCWH_INJ,
    INV_ST,
    LNV,
    PF,
    TOT_WH_INJ,
    UP_TMS,
    VAR,
    VL1,
    VL2,
    VL3,
    VR,
    W_MAX_LIM_PCT,
    Channel,
    Point,
    Value,
)
from protocols.profile import Device, Model
from protocols.states import InvSt
from protocols.vendors.apsystems import identity, l2
from protocols.vendors.apsystems.codec import CLEAR_GFDI, OFF, ON, REFUSED, SUCCEEDED
from protocols.vendors.apsystems.events import status_bits
from protocols.vendors.apsystems.family import SERIAL_BYTES, Family, serial_bytes
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.layout import BODIES, DC_LINK, MAJOR, MINOR, MODEL_BYTE, OPEN_INPUTS, STATUS
from protocols.vendors.apsystems.led import Led, led
from protocols.vendors.apsystems.limits import FORMS, PAGE_B, LimitForm
from protocols.vendors.apsystems.models import MODEL_FAMILIES
from protocols.vendors.apsystems.pairing_side import PairingSide
from protocols.vendors.apsystems.telemetry import ANSWER_B1, ANSWER_BB, SCALED

_MODEL_BYTE = {  # as captured, where the list has several
    Family.YC600: 0x07,
    Family.QS1: 0x08,
    Family.QS1A: 0x18,
    Family.DS3: 0x20,
    Family.QT2: 0x30,
}
_BOOT_SLACK_S = 1.0
_COMMANDS: Mapping[bytes, Command] = {  # command, body, sum and end of the frames that command something
    l2.REBOOT[3:]: Restart(),
    l2.encode(L2(ON))[3:]: Conn(on=True),
    l2.encode(L2(OFF))[3:]: Conn(on=False),
    l2.encode(L2(CLEAR_GFDI, check=l2.UNUSED))[3:]: AlarmReset(),
}
_SUCCEEDED = L2(SUCCEEDED, bytes((0x02, 0, 0, 0, 0)), check=l2.UNUSED)
_REFUSED = L2(REFUSED, bytes((0, 0x03, 0, 0, 0)), check=l2.UNUSED)


class Counters:
    """Energy of the inputs since the unit booted, from a device's lifetime counters.

    A boot shows by the uptime. What a device counts between its boot and the first question is lost, as on a real unit
    what it counts between the last question and the night.
    """

    def __init__(self) -> None:
        self._booted_at: float | None = None
        self._base: Mapping[int, float] = {}

    def since_boot(self, values: Mapping[Channel, Value], model: Model, now: float) -> dict[Channel, Value]:
        """Return the counters as the unit sends them."""
        lifetime = {port: _lifetime_wh(values, port, model) for port in range(1, model.ports + 1)}
        booted_at = now - _number(values, UP_TMS)
        if self._booted_at is None or abs(booted_at - self._booted_at) > _BOOT_SLACK_S:
            self._base = lifetime
        self._booted_at = booted_at
        return {Channel(DCWH_INJ, port): lifetime[port] - self._base[port] for port in lifetime}


def _lifetime_wh(values: Mapping[Channel, Value], port: int, model: Model) -> float:
    own = values.get(Channel(DCWH_INJ, port))
    if isinstance(own, int | float):
        return own
    return _number(values, TOT_WH_INJ) / model.efficiency / model.ports


class InverterSide:
    """Answers one gateway for one device; never raises, whatever it hears.

    `pairing` keeps the short address and the PAN, in non-volatile memory: they outlive the device's restarts. To whom
    a message is addressed is the radio's business: `answer` takes every message as one for this unit.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._serial = serial_bytes(device.serial)
        self._family = MODEL_FAMILIES[device.model.name]
        self._counters = Counters()
        self._polled_at: float | None = None
        self._limit: tuple[float, int] | None = None  # % of the last order and its number on the air
        self.pairing = PairingSide(device.serial)

    @property
    def node(self) -> int:
        """Return the short address."""
        return self.pairing.node

    def led(self, now: float) -> Led:
        """Return what the lamp shows."""
        values = self._device.values(now)
        silence_s = None if self._polled_at is None else now - self._polled_at
        state, uptime_s = InvSt(int(_number(values, INV_ST))), _number(values, UP_TMS)
        return led(state, self._device.alarms(now), uptime_s=uptime_s, silence_s=silence_s)

    def concerns(self, raw: bytes) -> bool:
        """Tell whether a datagram may be a message at all: the radio has chosen already."""
        return len(raw) > SERIAL_BYTES

    def answer(self, raw: bytes, now: float) -> tuple[bytes, ...]:
        """Return the answer to a request; silence to all else."""
        try:
            found = content(raw)
            if isinstance(found, Report):
                return ()
            if found.cluster != CLUSTER_OUT:
                return tuple(datagram(said) for said in self.pairing.answer(found))
            if found.scope.value or found.data[:SERIAL_BYTES] == self._serial:
                return ()
            asked = l2.decode(found.data[SERIAL_BYTES:])
        except RemoteProtocolError:
            return ()
        said = self._said(asked, now)
        if said is None:
            return ()
        return (datagram(Message(found.node, CLUSTER_IN, self._serial + l2.encode_answer(said), lqi=MOST_LQI)),)

    def _said(self, asked: L2, now: float) -> L2 | None:
        command = _COMMANDS.get(l2.encode(asked)[3:])
        if command is not None:
            return self._obeyed(command, now)
        match asked.command, asked.check:
            case 0xBB, None:
                self._polled_at = now
                return self._reading(now)
            case identity.QUESTION, None:
                return self._identity(now)
            case 0xDE, None:
                return self._page_b(now)
            case _:
                return self._limited(asked, now)

    def _obeyed(self, command: Command, now: float) -> L2:
        return _SUCCEEDED if self._device.command(command, now) else _REFUSED

    def _reading(self, now: float) -> L2:
        device, kind = self._device, self._family
        shown = device.values(now)
        alarms, shut = device.alarms(now), shown.get(Channel(CONN)) == 0
        bits = status_bits(kind, alarms, shut=shut)
        major, minor = _version(shown)
        own: dict[Channel, Value] = {
            Channel(STATUS): bits if kind in SCALED else bits >> 8,
            Channel(OPEN_INPUTS): 0,
            Channel(MODEL_BYTE): _MODEL_BYTE[kind],
            Channel(MAJOR): major,
            Channel(MINOR): minor,
            Channel(DC_LINK): 0,
            **self._counters.since_boot(shown, device.model, now),
        }
        usual: dict[Channel, Value] = {
            Channel(PF): 1.0,
            Channel(VAR): 0,
            **dict.fromkeys((Channel(VL1), Channel(VL2), Channel(VL3)), shown.get(Channel(LNV))),
        }
        body = BODIES[kind].pack(usual | dict(shown) | own)
        return L2(ANSWER_BB, body) if kind in SCALED else L2(ANSWER_B1, body, check=l2.UNUSED)

    def _identity(self, now: float) -> L2:
        said = identity.Identity(_MODEL_BYTE[self._family], _version(self._device.values(now)))
        return identity.answer(said, tagged=self._family in SCALED)

    def _page_b(self, now: float) -> L2 | None:
        form = FORMS.get(self._family)
        if form is None:
            return None
        model, pct = self._device.model, _number(self._device.values(now), W_MAX_LIM_PCT)
        raw = form.raw(pct * model.rated_w / 100 / model.ports)
        if self._limit is not None and self._limit[0] == pct:
            raw = self._limit[1]  # as it was written: the device keeps it as a share of its rating
        body = bytearray(form.page_body)
        body[0] = PAGE_B if form.tagged else 0
        body[form.at : form.at + 2] = raw.to_bytes(2, "big")
        return L2(form.page_command, bytes(body), check=None if form.tagged else l2.UNUSED)

    def _limited(self, asked: L2, now: float) -> L2 | None:
        form = FORMS.get(self._family)
        raw = None if form is None else _limit_in(asked, form)
        if form is None or raw is None:
            return None
        model = self._device.model
        pct = min(100.0, round(100 * form.watt(raw) * model.ports / model.rated_w, 1))
        self._limit = pct, raw
        return self._obeyed(WMaxLimPct(pct), now)


def _limit_in(asked: L2, form: LimitForm) -> int | None:
    """Return the number of a request that sets the limit."""
    head = len(form.head)
    if asked.command != form.command or asked.body[:head] != form.head:
        return None
    return int.from_bytes(asked.body[head : head + 2], "big")


def _version(values: Mapping[Channel, Value]) -> tuple[int, int]:
    numbers = [int(part) for part in str(values.get(Channel(VR))).split(".")[:2] if part.isdigit()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)


def _number(values: Mapping[Channel, Value], point: Point) -> float:
    value = values.get(Channel(point))
    return float(value) if isinstance(value, int | float) else 0.0
