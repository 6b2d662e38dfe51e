"""The vendor's entry in the registry."""

from protocols.commands import Activate, AlarmReset, Conn, Restart, WMaxLimPct
from protocols.modbus import rtu
from protocols.modbus.exchange import READ_REQUEST_BYTES, read_answer_bytes
from protocols.points import TOT_WH_INJ
from protocols.profile import Counter, Model, PollItem, PollSize, RecordLog, Redaction, VendorProfile
from protocols.vendors.atmoce.codec import MOST_RECORDS, command, join, poll, read_alarm_records
from protocols.vendors.atmoce.events import events
from protocols.vendors.atmoce.kinds import KINDS
from protocols.vendors.atmoce.layout import LAST_SEQ, LIVE
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.responder import InverterSide

_COUNTERS = (Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False),)
_POLL_SIZE = PollSize(READ_REQUEST_BYTES, (read_answer_bytes(LIVE.size // 2),))


def _counters(_: Model) -> tuple[Counter, ...]:
    return _COUNTERS


def _poll_size(_: Model) -> PollSize:
    return _POLL_SIZE


def _spellings(serial: str) -> tuple[bytes, ...]:
    return (serial.encode("ascii"),)  # in the identity, the assignment and the SunSpec common model


PROFILE = VendorProfile(
    name="atmoce",
    maker="Atmoce",
    serials=None,  # how Atmoce numbers its units is not public
    models=MODELS,
    counters=_counters,
    poll_plan=(PollItem("live"),),
    join=join,
    poll=poll,
    command=command,
    commands=frozenset({WMaxLimPct, Conn, Restart, AlarmReset, Activate}),
    events=events,
    responder=InverterSide,
    kinds=KINDS,
    poll_size=_poll_size,
    records=RecordLog(read_alarm_records, MOST_RECORDS, LAST_SEQ),
    redaction=Redaction(_spellings, rtu.reseal),
)
