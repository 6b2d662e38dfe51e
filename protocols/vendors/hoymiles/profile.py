"""The vendor's entry in the registry."""

from collections.abc import Iterator

from protocols.framing.volatile import Volatile
from protocols.modems.radio_frame import reseal
from protocols.points import DCWH_INJ
from protocols.profile import Counter, Model, PollSize, Redaction, VendorProfile
from protocols.states import InvSt
from protocols.vendors.hoymiles.codec import COMMANDS, POLL_PLAN, command, join, poll
from protocols.vendors.hoymiles.conversation import frame_sizes
from protocols.vendors.hoymiles.events import events
from protocols.vendors.hoymiles.grid_settings import NAMES
from protocols.vendors.hoymiles.kinds import KINDS
from protocols.vendors.hoymiles.models import MODELS, fits, live_layout
from protocols.vendors.hoymiles.requests import INDEX, REQUEST_BYTES
from protocols.vendors.hoymiles.responder import InverterSide
from protocols.vendors.hoymiles.serials import FAMILIES, carrier, inverter_address

_PER_PREFIX = 0x1_0000_0000  # serials with the same first four digits


def _ranges() -> Iterator[range]:
    """Yield the serials of those that the radio reaches and whose live values we can read."""
    for prefix, family in FAMILIES.items():
        first = int(prefix, 16) * _PER_PREFIX
        if family.layout is not None:
            yield range(first, first + _PER_PREFIX)


def _counters(model: Model) -> tuple[Counter, ...]:
    ports = range(1, model.ports + 1)
    return tuple(Counter(DCWH_INJ, port=port, wrap_wh=0xFFFF_FFFF, restarts=False) for port in ports)


def _poll_size(model: Model) -> PollSize:
    return PollSize(REQUEST_BYTES, frame_sizes(live_layout(model).size))


def _spellings(serial: str) -> tuple[bytes, ...]:
    return (int(serial[-8:], 16).to_bytes(4, "big"),)  # the address on the radio, of units and DTUs


_INFORMATION = bytes((INDEX,))  # the body of a request begins at byte 9, with the index
PROFILE = VendorProfile(
    name="hoymiles",
    maker="Hoymiles",
    serials=tuple(_ranges()),
    models=MODELS,
    counters=_counters,
    poll_plan=POLL_PLAN,
    join=join,
    poll=poll,
    command=command,
    commands=COMMANDS,
    events=events,
    responder=InverterSide,
    kinds=KINDS,
    poll_size=_poll_size,
    states=frozenset({InvSt.RUNNING, InvSt.STANDBY, InvSt.SLEEPING}),
    grid_profiles=frozenset(NAMES.values()),
    node=inverter_address,
    carrier=carrier,
    fits=fits,
    volatile=(Volatile(_INFORMATION, at=3, count=4), Volatile(_INFORMATION, at=15, count=2)),  # time and CRC-16
    redaction=Redaction(_spellings, reseal),
)
