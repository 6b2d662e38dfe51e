"""The vendor's entry in the registry."""

from protocols.modbus.exchange import READ_REQUEST_BYTES, read_answer_bytes
from protocols.points import TOT_WH_INJ
from protocols.profile import Counter, PollItem, RecordLog, VendorProfile
from protocols.vendors.atmoce.codec import MOST_RECORDS, command, join, poll, read_alarm_records
from protocols.vendors.atmoce.events import events
from protocols.vendors.atmoce.kinds import KINDS
from protocols.vendors.atmoce.layout import LAST_SEQ, LIVE
from protocols.vendors.atmoce.models import MODELS
from protocols.vendors.atmoce.responder import InverterSide

PROFILE = VendorProfile(
    name="atmoce",
    serials=None,  # how Atmoce numbers its units is not public
    models=MODELS,
    counters=(Counter(TOT_WH_INJ, port=0, wrap_wh=0xFFFF_FFFF, restarts=False),),
    poll_plan=(PollItem("live", LIVE),),
    join=join,
    poll=poll,
    command=command,
    events=events,
    responder=InverterSide,
    kinds=KINDS,
    poll_bytes=(READ_REQUEST_BYTES, read_answer_bytes(LIVE.size // 2)),
    records=RecordLog(read_alarm_records, MOST_RECORDS, LAST_SEQ),
)
