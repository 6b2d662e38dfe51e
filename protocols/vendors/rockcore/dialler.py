"""A unit's side: registers, tells its flags, then reports; whoever does not answer is left, and dialled again."""

from collections.abc import Mapping
from math import inf
from zlib import crc32

from protocols.errors import RemoteProtocolError
from protocols.points import INV_ST, UP_TMS, Channel, Number, Value
from protocols.profile import Device
from protocols.push import HangUp
from protocols.states import InvSt
from protocols.vendors.rockcore.keys import FLAGS, KEYS, REGISTER, SLOW_S, Key
from protocols.vendors.rockcore.led import Lamp, StartUp, lamp
from protocols.vendors.rockcore.message import Kind, Raw, encode_uplink, parse_answer

ANSWER_S = 5.0  # "promptly": how long a real unit waits is not known
AGAIN_S = 5.0  # until it dials again: not known either
MOST_OFFSET_WH = 50_000  # of what the factory leaves in a counter: ours, to be not 0


class UnitSide:
    """Speaks for one device; `start` it by `connected`, whenever the broker has let it in."""

    def __init__(self, device: Device) -> None:
        self._device = device
        seed = crc32(device.serial.encode())
        self._offset_wh = 1 + seed % MOST_OFFSET_WH
        self._token = seed % 1_000_000
        self._start_up = list(StartUp)[seed % len(StartUp)]
        self._clock_ms: float | None = None  # ms since 1970 at loop time 0, once a server has told the time
        self._told_ms = -1
        self._interval_s = 30.0
        self._registered = False
        self._flags: int | None = None  # as the server knows them
        self._slow_at = -inf
        self._due = inf
        self._waiting: tuple[int, Kind, str] | None = None  # t of what was said, and the answer that it needs

    def lamp(self, now: float) -> Lamp:
        """Return what the lamp shows; which of the two start-ups it has is the unit's."""
        shown = self._device.values(now)
        state, up_s = shown.get(Channel(INV_ST)), shown.get(Channel(UP_TMS))
        if not isinstance(state, int) or not isinstance(up_s, Number):
            return Lamp.DARK
        return lamp(InvSt(state), up_s, self._start_up)

    def connected(self, now: float) -> None:
        """Begin with the registration."""
        self._registered, self._flags, self._waiting = False, None, None
        self._due = now

    def next_deadline(self) -> float:
        """Return when the unit speaks or hangs up."""
        return self._due

    def tick(self, now: float) -> bytes | HangUp | None:
        """Say what is due; an answer that has not come in time ends the connection."""
        if now < self._due:
            return None
        if self._waiting is not None:
            self._due = inf
            return HangUp(AGAIN_S)
        raw, kind, value = self._next(now)
        t_ms = self._t_ms(now)
        self._waiting = (t_ms, kind, value)
        self._due = now + ANSWER_S
        return encode_uplink(t_ms, raw)

    def heard(self, payload: bytes, now: float) -> None:
        """Take an answer; one to something else is none."""
        try:
            said = parse_answer(payload)
        except RemoteProtocolError:
            return
        if self._waiting != (said.echoed_ms, said.kind, said.value):
            return
        self._waiting = None
        self._clock_ms = said.sent_ms - now * 1000
        self._interval_s = float(said.interval_s)
        match said.kind:
            case Kind.REGISTER:
                self._registered, self._due = True, now
            case Kind.ERR:
                self._flags, self._due = int(said.value), now
            case Kind.SAVE:
                self._due = now + self._interval_s

    def _next(self, now: float) -> tuple[dict[str, Raw], Kind, str]:
        """Return what to say next, and how it must be answered."""
        if not self._registered:
            groups: dict[str, Raw] = {f"g{number}": 0 for number in range(1, 7)}
            return groups | {REGISTER: self._token}, Kind.REGISTER, str(self._token)
        flags = sum(1 << code - 1 for code in self._device.alarms(now))  # a coding of our own: the real one is unknown
        if flags != self._flags:
            inputs = list(FLAGS)[: self._device.model.ports]
            return dict.fromkeys(inputs, flags), Kind.ERR, str(flags)
        return self._measured(now), Kind.SAVE, "0"

    def _measured(self, now: float) -> dict[str, Raw]:
        slow = now - self._slow_at >= SLOW_S
        if slow:
            self._slow_at = now
        shown = self._device.values(now)
        return {
            name: raw
            for name, key in KEYS.items()
            if (slow or key.every_s < SLOW_S) and (raw := self._raw(key, shown)) is not None
        }

    def _raw(self, key: Key, shown: Mapping[Channel, Value]) -> int | None:
        """Return a value in the key's steps, within its range; None for what the unit does not measure."""
        value = shown.get(key.channel)
        if not isinstance(value, Number):
            return None
        counted = self._offset_wh if key.channel.point.unit == "Wh" else 0
        return min(max(round(value * key.div) + counted, key.least), key.most)

    def _t_ms(self, now: float) -> int:
        """Return the unit's time, which rises from one message to the next also when an answer set it anew."""
        self._told_ms = max(round(now * 1000 + (self._clock_ms or 0.0)), self._told_ms + 1)
        return self._told_ms
