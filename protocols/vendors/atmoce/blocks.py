"""Blocks from what a device offers, and back."""

from collections.abc import Mapping, Sequence

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.events import AlarmRecord
from protocols.grid_profile import EnterService, GridProfile, Stage
from protocols.points import (
    ALRM,
    ALRM_SEQ,
    DA,
    GRID_PROFILE,
    INV_ST,
    LED,
    MD,
    PROTOCOL_VR,
    SN,
    THROT_SRC,
    UP_TMS,
    VR,
    W_RTG,
    Channel,
    Point,
    Value,
)
from protocols.profile import Device
from protocols.states import InvSt
from protocols.vendors.atmoce import layout as y
from protocols.vendors.atmoce.events import alarm_word
from protocols.vendors.atmoce.led import led

Values = Mapping[Channel, Value]
_STAGES = ((y.LV, y.LV_S), (y.HV, y.HV_S), (y.LF, y.LF_S), (y.HF, y.HF_S))


def number(values: Values, point: Point, port: int = 0) -> float:
    """Return a value that must be a number; raises RemoteProtocolError when it is absent."""
    value = values.get(Channel(point, port))
    if value is None or isinstance(value, str):
        raise RemoteProtocolError(f"{point} is not available")
    return value


def _own(values: Values, point: Point) -> float:
    value = values.get(Channel(point))
    if value is None or isinstance(value, str):
        raise LocalProtocolError(f"the device does not tell {point}")
    return value


def identity(device: Device, node: int, now: float) -> bytes:
    """Return the identity block."""
    return y.IDENTITY.pack(
        {
            Channel(SN): device.serial,
            Channel(MD): device.model.name,
            Channel(VR): device.values(now).get(Channel(VR)),
            Channel(DA): node,
            Channel(W_RTG): device.model.rated_w,
            Channel(PROTOCOL_VR): y.VERSION,
        }
    )


def live(device: Device, now: float) -> bytes:
    """Return the live block; what the device does not measure is not available."""
    values, alarms = device.values(now), device.alarms(now)
    newest = next(iter(device.alarm_records(now)), None)
    block = {channel: values.get(channel) for channel in y.LIVE.channels}
    block[Channel(LED)] = led(InvSt(int(_own(values, INV_ST))), alarms)
    block[Channel(ALRM)] = alarm_word(alarms)
    block[Channel(ALRM_SEQ)] = _seq(newest.seq) if newest else 0
    block[Channel(UP_TMS)] = int(1000 * _own(values, UP_TMS)) % y.MS_WRAP / 1000
    block[Channel(THROT_SRC)] = int(_own(values, THROT_SRC)) & 0xFFFF
    return y.LIVE.pack(block)


def control(device: Device, command: int, now: float) -> bytes:
    """Return the control block; `command` is the last command that was obeyed."""
    return y.CONTROL.pack({**device.values(now), Channel(y.COMMAND): command})


def records(device: Device, now: float) -> bytes:
    """Return the alarm records, newest first; unused slots are zero."""
    kept = device.alarm_records(now)[: y.RECORDS]
    return b"".join(y.RECORD.pack(record_values(record)) for record in kept).ljust(y.RECORDS * y.RECORD.size, b"\0")


def _seq(seq: int) -> int:
    """Return a sequence number on the wire: 1 … LAST_SEQ and round again, 0 is none."""
    return (seq - 1) % y.LAST_SEQ + 1


def record_values(record: AlarmRecord) -> dict[Channel, Value]:
    """Return the values of a record's slot."""
    return {
        Channel(y.ALARM_CODE): record.code,
        Channel(y.ALARM_STAGE): record.stage,
        Channel(ALRM_SEQ): _seq(record.seq),
        Channel(y.EXTREME): record.extreme,
        Channel(y.CROSSED_MS): record.crossed_ms % y.MS_WRAP,
        Channel(y.OPENED_MS): record.opened_ms % y.MS_WRAP,
    }


def record_from(values: Values) -> AlarmRecord:
    """Return the record in a slot."""
    return AlarmRecord(
        seq=int(number(values, ALRM_SEQ)),
        code=int(number(values, y.ALARM_CODE)),
        stage=int(number(values, y.ALARM_STAGE)),
        extreme=number(values, y.EXTREME),
        crossed_ms=int(number(values, y.CROSSED_MS)),
        opened_ms=int(number(values, y.OPENED_MS)),
    )


def grid_profile(profile: GridProfile) -> bytes:
    """Return the grid-profile block; raises LocalProtocolError when the profile has too many stages."""
    enter = profile.enter_service
    values: dict[Channel, Value] = {
        Channel(GRID_PROFILE): profile.id,
        Channel(y.V_NOM): profile.v_nom,
        Channel(y.HZ_NOM): profile.hz_nom,
        Channel(y.HV_AVG10): profile.hv_avg10,
        Channel(y.ES_V_LO): enter.v_lo,
        Channel(y.ES_V_HI): enter.v_hi,
        Channel(y.ES_HZ_LO): enter.hz_lo,
        Channel(y.ES_HZ_HI): enter.hz_hi,
        Channel(y.ES_DELAY_S): enter.delay_s,
        Channel(y.ES_RAMP_S): enter.ramp_s,
    }
    for (limit, trip_s), stages in zip(_STAGES, (profile.lv, profile.hv, profile.lf, profile.hf), strict=True):
        values |= _stage_values(limit, trip_s, stages)
    return y.GRID_PROFILE_BLOCK.pack(values)


def _stage_values(limit: Point, trip_s: Point, stages: Sequence[Stage]) -> dict[Channel, Value]:
    if len(stages) > y.STAGES:
        raise LocalProtocolError(f"{len(stages)} stages of {limit}, at most {y.STAGES}")
    values: dict[Channel, Value] = {}
    for port in range(1, y.STAGES + 1):
        stage = stages[port - 1] if port <= len(stages) else None
        values[Channel(limit, port)] = stage.limit if stage else None
        values[Channel(trip_s, port)] = stage.trip_s if stage else None
    return values


def profile_from(values: Values) -> GridProfile:
    """Return the profile in a grid-profile block; raises RemoteProtocolError when a part of it is missing."""
    lv, hv, lf, hf = (_stages_from(values, limit, trip_s) for limit, trip_s in _STAGES)
    mean = values[Channel(y.HV_AVG10)]
    return GridProfile(
        id=str(values[Channel(GRID_PROFILE)]),
        v_nom=number(values, y.V_NOM),
        hz_nom=number(values, y.HZ_NOM),
        lv=lv,
        hv=hv,
        hv_avg10=None if mean is None else float(mean),
        lf=lf,
        hf=hf,
        enter_service=EnterService(
            v_lo=number(values, y.ES_V_LO),
            v_hi=number(values, y.ES_V_HI),
            hz_lo=number(values, y.ES_HZ_LO),
            hz_hi=number(values, y.ES_HZ_HI),
            delay_s=number(values, y.ES_DELAY_S),
            ramp_s=number(values, y.ES_RAMP_S),
        ),
    )


def _stages_from(values: Values, limit: Point, trip_s: Point) -> tuple[Stage, ...]:
    used = (port for port in range(1, y.STAGES + 1) if values[Channel(limit, port)] is not None)
    return tuple(Stage(number(values, limit, port), number(values, trip_s, port)) for port in used)
