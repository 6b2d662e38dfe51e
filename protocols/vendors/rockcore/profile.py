"""The vendor's entry in the registry."""

from collections.abc import Mapping

from protocols.events import Event
from protocols.points import TOT_WH_INJ, Channel, Value
from protocols.profile import Counter, Model, PollSize, Push, VendorProfile
from protocols.unasked import Mute, Unasked
from protocols.vendors.rockcore.codec import hear
from protocols.vendors.rockcore.dialler import UnitSide
from protocols.vendors.rockcore.kinds import KINDS
from protocols.vendors.rockcore.models import MODELS

_COUNTERS = (Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False, offset=True),)
_NO_POLL = PollSize(0, ())


def _counters(_: Model) -> tuple[Counter, ...]:
    return _COUNTERS


def _poll_size(_: Model) -> PollSize:
    return _NO_POLL


def _events(_: Mapping[Channel, Value]) -> frozenset[Event]:
    """Return nothing: how the flags are coded is not known, and they are not guessed."""
    return frozenset()


PROFILE = VendorProfile(
    name="rockcore",
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
    alarm_codes=frozenset(),  # the coding of the flags is not known
)
