"""What a report means, and what a unit must be told for it."""

from collections.abc import Mapping

from protocols.points import DCA, DCV, DCW, Channel, Number, Value
from protocols.push import Heard
from protocols.vendors.rockcore.keys import FAULTS, FLAGS, INPUTS, KEYS, REGISTER, REPORT_S, Key
from protocols.vendors.rockcore.message import Answer, Kind, Raw, Uplink, encode_answer, parse_uplink


def values(raw: Mapping[str, Raw]) -> dict[Channel, Value]:
    """Return the quantities of a report; a key that nobody knows is left out, and flags stay as they are.

    No current is sent: it is the power by the voltage, as the maker's own app shows it.
    """
    found = {key.channel: _value(key, raw[name]) for name, key in KEYS.items() if name in raw}
    found |= {channel: raw[name] for name, channel in FLAGS.items() if name in raw}
    for watt_at, volt_at, amp_at in _CURRENTS:
        watt, volt = found.get(watt_at), found.get(volt_at)
        if isinstance(watt, Number) and isinstance(volt, Number):
            found[amp_at] = watt / volt if volt else 0.0
    return found


def _value(key: Key, raw: Raw) -> Value:
    if isinstance(raw, str) or not key.least <= raw <= key.most:
        return None
    return raw if key.div == 1 else raw / key.div


def answer(uplink: Uplink, now_ms: int, interval_s: float = REPORT_S) -> Answer:
    """Return what a unit must hear for a report, or it hangs up and dials again for ever."""
    kind, value = Kind.SAVE, "0"
    if REGISTER in uplink.raw:
        kind, value = Kind.REGISTER, str(uplink.raw[REGISTER])
    elif FAULTS in uplink.raw:
        kind, value = Kind.ERR, str(uplink.raw[FAULTS])
    return Answer(kind, value, now_ms, uplink.t_ms, round(interval_s))


def hear(payload: bytes, utc: float, interval_s: float) -> Heard:
    """Return what a payload says and the answer to it. Raises RemoteProtocolError."""
    uplink = parse_uplink(payload)
    reply = answer(uplink, round(utc * 1000), interval_s)
    return Heard(values(uplink.raw), encode_answer(reply), uplink.t_ms)


_CURRENTS = tuple((Channel(DCW, port), Channel(DCV, port), Channel(DCA, port)) for port in range(1, INPUTS + 1))
