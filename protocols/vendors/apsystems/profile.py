"""The vendor's entry in the registry."""

from protocols.commands import AlarmReset, Conn, Restart, WMaxLimPct
from protocols.modems.znp.air import BROADCAST
from protocols.modems.znp.network import network
from protocols.pairing import PairingWays
from protocols.points import DCWH_INJ
from protocols.profile import Counter, Model, PollItem, PollSize, Redaction, VendorProfile
from protocols.states import InvSt
from protocols.vendors.apsystems.ask import ACK_BYTES, answer_bytes
from protocols.vendors.apsystems.codec import command, join, live_answer_bytes, poll
from protocols.vendors.apsystems.events import RAISED_BY, events
from protocols.vendors.apsystems.family import SERIALS
from protocols.vendors.apsystems.find import find
from protocols.vendors.apsystems.kinds import KINDS
from protocols.vendors.apsystems.l2 import reseal
from protocols.vendors.apsystems.layout import WRAP_WH
from protocols.vendors.apsystems.limits import FORMS
from protocols.vendors.apsystems.models import MODEL_FAMILIES, MODELS
from protocols.vendors.apsystems.pairing import Pairing
from protocols.vendors.apsystems.responder import InverterSide

_LIMITED = frozenset(name for name, kind in MODEL_FAMILIES.items() if kind in FORMS)


def _counters(model: Model) -> tuple[Counter, ...]:
    wrap_wh = WRAP_WH[MODEL_FAMILIES[model.name]]
    return tuple(Counter(DCWH_INJ, port, wrap_wh, restarts=True) for port in range(1, model.ports + 1))


def _pair(serial: str, host: str, taken: frozenset[int]) -> Pairing:
    return Pairing(serial, host, network(host), taken=taken)


def _spellings(text: str) -> tuple[bytes, ...]:
    number = network(text).id  # a unit's serial has as many digits as the id of a gateway
    return number, number[::-1]


def _poll_size(model: Model) -> PollSize:
    return PollSize(ACK_BYTES, (answer_bytes(live_answer_bytes(MODEL_FAMILIES[model.name])),))


PROFILE = VendorProfile(
    name="apsystems",
    maker="APsystems",
    serials=SERIALS,
    models=MODELS,
    counters=_counters,
    poll_plan=(PollItem("live"), PollItem("limit", every_s=3600.0, models=_LIMITED)),
    join=join,
    poll=poll,
    command=command,
    commands=frozenset({WMaxLimPct, Conn, Restart, AlarmReset}),
    events=events,
    responder=InverterSide,
    kinds=KINDS,
    poll_size=_poll_size,
    pairing=PairingWays(pair=_pair, find=find, everybody=BROADCAST),
    states=frozenset({InvSt.RUNNING, InvSt.STANDBY, InvSt.OFF, InvSt.FAULT, InvSt.SLEEPING}),
    memory_writes={WMaxLimPct: 1},
    redaction=Redaction(_spellings, reseal),
    alarm_codes=frozenset(RAISED_BY),  # of a QS1; a DS3 has no bit for 10
)
