"""The live payload as points: what the layouts hold, and what follows from it."""

from collections.abc import Mapping

from protocols.layout import Layout
from protocols.points import (
    AL1,
    AL2,
    AL3,
    DCV,
    DCW,
    INV_ST,
    LNV,
    VL1,
    VL2,
    VL3,
    A,
    Channel,
    Value,
    W,
)
from protocols.states import InvSt
from protocols.vendors.hoymiles import layout as y

Values = Mapping[Channel, Value]
DARK_V = 16.0  # the least that an input works at: below it there is no light
_LINES_V = tuple(Channel(point) for point in (VL1, VL2, VL3))
_LINES_A = tuple(Channel(point) for point in (AL1, AL2, AL3))
_SHARED = {2: 1, 4: 3, 6: 5}  # input → the input whose tracker, and so whose voltage, it shares


def from_payload(layout: Layout, payload: bytes) -> dict[Channel, Value]:
    """Return the values of a live payload. Raises RemoteProtocolError when its length is not the layout's."""
    values = layout.unpack(payload)
    del values[Channel(y.WORD)]
    return complete(values)


def complete(values: dict[Channel, Value]) -> dict[Channel, Value]:
    """Add what follows from a live payload: shared voltages, means and sums over the lines, the state."""
    for port, other in _SHARED.items():
        shared = values.get(Channel(DCV, other))
        if Channel(DCW, port) in values and shared is not None:
            values.setdefault(Channel(DCV, port), shared)
    volts, amps = ([v for c in each if isinstance(v := values.get(c), int | float)] for each in (_LINES_V, _LINES_A))
    if len(volts) == len(_LINES_V):
        values[Channel(LNV)] = round(sum(volts) / len(volts), 2)
    if len(amps) == len(_LINES_A):
        values[Channel(A)] = round(sum(amps), 2)
    state = state_of(values)
    return values if state is None else {**values, Channel(INV_ST): state}


def state_of(values: Values) -> InvSt | None:
    """Return the state that a unit does not tell: who delivers is running, who has no DC voltage sleeps."""
    power = values.get(Channel(W))
    if not isinstance(power, int | float):
        return None
    volts = [v for channel, v in values.items() if channel.point is DCV and isinstance(v, int | float)]
    if power > 0:
        return InvSt.RUNNING
    return InvSt.STANDBY if not volts or max(volts) >= DARK_V else InvSt.SLEEPING


def to_payload(layout: Layout, values: Values) -> bytes:
    """Return the live payload of a unit; what it does not measure is 0: the wire has no sign for that."""
    known = {channel: value for channel, value in values.items() if value is not None}
    filled: dict[Channel, Value] = {**dict.fromkeys(layout.channels, 0), Channel(y.WORD): y.FIRST_WORD}
    if Channel(VL1) in layout.channels:
        volts, amps = known.get(Channel(LNV), 0), known.get(Channel(A), 0)
        share = float(amps) / len(_LINES_A) if isinstance(amps, int | float) else 0
        between = round(float(volts) * 3**0.5, 1) if isinstance(volts, int | float) else 0
        filled |= dict.fromkeys(_LINES_V, volts) | dict.fromkeys(_LINES_A, share)
        filled |= {channel: between for channel in layout.channels if channel.point.name in ("VL1L2", "VL2L3", "VL3L1")}
    return layout.pack(filled | known)
