"""The vendor's entry in the registry."""

from collections.abc import Mapping

from protocols.events import Event
from protocols.points import TOT_WH_INJ, Channel, Value
from protocols.profile import Counter, Device, Model, PollItem, PollSize, Push, Redaction, VendorProfile
from protocols.sunspec import client
from protocols.sunspec.reading import ALARM_CODES, events
from protocols.sunspec.responder import TcpSide
from protocols.sunspec.side import Maker
from protocols.unasked import Mute, Unasked
from protocols.vendors.rockcore.codec import hear
from protocols.vendors.rockcore.dialler import UnitSide
from protocols.vendors.rockcore.kinds import KINDS
from protocols.vendors.rockcore.models import MODELS

_COUNTERS = (Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False, offset=True),)
_NO_POLL = PollSize(0, ())


_POLLED_COUNTERS = (Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False),)
WALK_REQUEST_BYTES = 12
WALK_ANSWERS = (17, 149, 117, 13, 13, 13, 65, 73)  # mark, 1, 101, 120, 121, 122, 123, 160: those wanted as a whole


def _polled_counters(_: Model) -> tuple[Counter, ...]:
    return _POLLED_COUNTERS


def _counters(_: Model) -> tuple[Counter, ...]:
    return _COUNTERS


def _poll_size(_: Model) -> PollSize:
    return _NO_POLL


def _events(_: Mapping[Channel, Value]) -> frozenset[Event]:
    """Return nothing: how the flags are coded is not known, and they are not guessed."""
    return frozenset()


def _polled_size(_: Model) -> PollSize:
    return PollSize(WALK_REQUEST_BYTES, WALK_ANSWERS)


_MAKER = Maker("Rockcore", "open SunSpec map", {code: kind for kind, code in ALARM_CODES.items()})


def _spellings(serial: str) -> tuple[bytes, ...]:
    return (serial.encode(),)  # in the common model; the connection has the checksum


def _as_it_is(_: bytes, new: bytes) -> bytes:
    return new


def _responder(device: Device) -> TcpSide:
    return TcpSide(device, _MAKER)


POLLED = VendorProfile(
    name="rockcore",
    maker="Rockcore",
    serials=None,
    models=MODELS,
    counters=_polled_counters,
    poll_plan=(PollItem("live"),),
    join=client.join,
    poll=client.poll,
    command=client.command,
    commands=client.COMMANDS,
    events=events,
    responder=_responder,
    kinds=(),
    poll_size=_polled_size,
    redaction=Redaction(_spellings, _as_it_is),
    alarm_codes=frozenset(ALARM_CODES.values()),
)
"""Units that answer SunSpec over Modbus TCP: an open map. No unit of the vendor is known to do so."""

PROFILE = VendorProfile(
    name="rockcore",
    maker="Rockcore",
    serials=None,  # how Rockcore numbers its units is not public
    models=MODELS,
    counters=_counters,
    poll_plan=(),
    join=Unasked,
    poll=Unasked,
    command=Unasked,
    commands=frozenset(),  # none is known
    events=_events,
    responder=Mute,
    kinds=KINDS,
    poll_size=_poll_size,
    push=Push(
        uplink="jowoiot/toServer/v2/",
        downlink="jowoiot/toEdge/",
        hear=hear,
        dialler=UnitSide,
        user="client",
        password="client",  # noqa: S106 - every unit of the family has it, and it is public
    ),
    over={"modbus_tcp": POLLED},
    alarm_codes=frozenset(),  # the coding of the flags is not known
)
