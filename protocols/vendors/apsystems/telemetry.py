"""Readings from the answers to a poll."""

from collections.abc import Mapping

from protocols.errors import RemoteProtocolError
from protocols.points import (
    ALRM,
    CONN,
    DCA,
    DCV,
    DCW,
    HZ,
    INV_ST,
    LNV,
    TMP_CAB,
    VL1,
    VL2,
    VL3,
    Channel,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.vendors.apsystems.events import REMOTE_SHUT, alarm_word, named_events
from protocols.vendors.apsystems.family import MODEL_BYTES, Family
from protocols.vendors.apsystems.l2 import L2
from protocols.vendors.apsystems.layout import BODIES, OPEN_INPUTS, SLOTS, STATUS
from protocols.vendors.apsystems.models import ac_share

Values = Mapping[Channel, Value]
ANSWER_B1 = 0xB1
ANSWER_BB = 0xBB
SCALED = frozenset({Family.DS3, Family.QT2})  # families that answer BB
INPUT_W = {Family.YC600: 450.0, Family.QS1: 480.0, Family.QS1A: 600.0}  # more than an input ever gives
USUAL_INPUT_W = 750.0
IDLE_INPUT_W = 1.0  # what the unit itself may take from an input; its currents come in steps of some 0.3 W
UNKNOWN_BODIES = frozenset({Family.YC500, Family.YC1000})  # of which no answer was ever captured
LIMITS = {  # what a unit can measure; 0 Hz is "no mains"
    Channel(HZ): (30.0, 80.0),
    Channel(LNV): (0.0, 440.0),  # line to line, where the neutral is lost; an over-voltage stage may be at 288 V
    Channel(TMP_CAB): (-60.0, 150.0),
}
_PHASES = (Channel(VL1), Channel(VL2), Channel(VL3))


def body_family(frame: L2, known: Family | None) -> Family:
    """Return the family that built an answer; `known` is what the serial number tells.

    Raises RemoteProtocolError when the frame is no answer to a poll, or one of a kind that is not known.
    """
    if known in UNKNOWN_BODIES and frame.command in (ANSWER_B1, ANSWER_BB):
        raise RemoteProtocolError(f"an answer {frame.command:02X} of a {known.value}, which is not supported")
    match frame.command, len(frame.body):
        case 0xB1, 82:
            return Family.QS1A
        case 0xB1, 80:
            return Family.YC600 if known is Family.YC600 else Family.QS1
        case 0xBB, 91:
            return _scaled_family(frame)
        case 0xB1 | 0xBB, size:
            raise RemoteProtocolError(f"an answer {frame.command:02X} with a body of {size} bytes: no such family")
        case command, _:
            raise RemoteProtocolError(f"no answer to a poll: {command:02X}")


def _scaled_family(frame: L2) -> Family:
    if frame.check is not None:
        raise RemoteProtocolError("an answer BB without its L2 checksum")
    if frame.body[0] != ANSWER_BB:
        raise RemoteProtocolError(f"an answer BB whose body begins with {frame.body[0]:02X}")
    kind = MODEL_BYTES.get(frame.body[1])
    if kind not in SCALED:
        named = "an unknown model" if kind is None else f"a {kind.value}, which is not supported"
        raise RemoteProtocolError(f"an answer BB of {named}: model byte {frame.body[1]:02X}")
    return kind


def reading(kind: Family, body: bytes) -> dict[Channel, Value]:
    """Return all that a body says, in values of every device and in the rows' own.

    DC power is voltage * current. Where no AC power is sent it is the DC power times a share known for the family.
    Raises RemoteProtocolError when the length is wrong.
    """
    values = BODIES[kind].unpack(body)
    total = 0.0
    for port in range(1, len(SLOTS[kind]) + 1):
        watt = _float(values, Channel(DCV, port)) * _float(values, Channel(DCA, port))
        values[Channel(DCW, port)] = watt
        total += watt
    values.setdefault(Channel(W), ac_share(kind) * total)
    if _PHASES[0] in values:
        values[Channel(LNV)] = sum(_float(values, phase) for phase in _PHASES) / len(_PHASES)
    word = alarm_word(kind, _status(values))
    values[Channel(ALRM)] = word
    return values | _state(word, feeds=_float(values, Channel(W)) > IDLE_INPUT_W * len(SLOTS[kind]))


def _status(values: Values) -> int:
    """Return the 40 status bits: five bytes, or four and the one for open inputs."""
    status, opened = values[Channel(STATUS)], values.get(Channel(OPEN_INPUTS))
    bits = status if isinstance(status, int) else 0
    return bits << 8 | opened if isinstance(opened, int) else bits


def _state(word: int, *, feeds: bool) -> dict[Channel, Value]:
    """Return what the bits and the power say of the state; units do not send it."""
    active = named_events(word)
    shut = any(event.code == REMOTE_SHUT for event in active)
    if any(event.alarm_code is not None for event in active):
        state = InvSt.FAULT
    elif shut:
        state = InvSt.OFF
    else:
        state = InvSt.RUNNING if feeds else InvSt.STANDBY
    return {Channel(INV_ST): state, Channel(CONN): int(not shut)}


def common(values: Values) -> dict[Channel, Value]:
    """Return the values that any device may have, without the rows' own."""
    return {channel: value for channel, value in values.items() if channel.point.unit is not None or channel in _CODES}


_CODES = frozenset({Channel(ALRM), Channel(INV_ST), Channel(CONN)})


def implausible(kind: Family, values: Values) -> str | None:
    """Return what no unit of the family would measure, None when all may be true."""
    for channel, (least, most) in LIMITS.items():
        value = _float(values, channel)
        if not (least <= value <= most or (channel.point is HZ and value == 0)):
            return f"{channel.point} = {value:.1f} {channel.point.unit}"
    for port in range(1, len(SLOTS[kind]) + 1):
        if (watt := _float(values, Channel(DCW, port))) > INPUT_W.get(kind, USUAL_INPUT_W):
            return f"{watt:.0f} W at input {port}"
    return None


def _float(values: Values, channel: Channel) -> float:
    value = values.get(channel)
    return float(value) if isinstance(value, int | float) else 0.0
