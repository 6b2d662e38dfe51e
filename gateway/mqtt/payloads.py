"""What is said on each topic: frozen values in, JSON out. What is asked from outside is checked here, too."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, StrictBool, StringConstraints, TypeAdapter, ValidationError
from pydantic import Field as Limits

from gateway.mqtt.fields import AC_FIELDS, DC_FIELDS, Field
from gateway.snapshot import CommState, Identity, InverterView, SiteTotals
from gateway.telemetry.outbox import SiteEvent
from protocols.points import ALRM, CONN, W_MAX_LIM_PCT, Channel, Value
from protocols.states import InvSt, Quality

Json: TypeAlias = Mapping[str, Any]

MAX_REQUEST = 64 * 1024  # bytes of a request: the longest sensible one is a few hundred
MAX_INVENTORY = 1024 * 1024  # bytes of our own inventory when it comes back to us: 5000 slots
MAX_TRANSACTION = 64  # characters of the caller's mark: a UUID has 36
MAX_WRITE = 64  # bytes of a simple write: a number or a word
MAX_AUTHOR = 64  # characters of who says that he asks: it goes into every audit event
MAX_TARGET = 60  # characters: `gateway/` and an id of 40

_AVAILABILITY = {
    CommState.ONLINE: "online",
    CommState.DEGRADED: "online",
    CommState.ASLEEP: "sleeping",
    CommState.LOST: "offline",
    CommState.UNPAIRED: "offline",
}
_QUALITY = {
    Quality.GOOD: "good",
    Quality.QUESTIONABLE: "stale",  # not to be taken for a present value, and there is no fourth word
    Quality.INVALID: "stale",
    Quality.STALE: "stale",
    Quality.NIGHT: "night",
}
_SWITCHED: Mapping[InvSt | None, bool] = {InvSt.OFF: False, InvSt.RUNNING: True, InvSt.THROTTLED: True}
_LIMIT, _SWITCH = Channel(W_MAX_LIM_PCT), Channel(CONN)
_Fields: TypeAlias = Sequence[tuple[Channel, Field]]
_AC: _Fields = tuple((Channel(field.point), field) for field in AC_FIELDS)


@cache  # as many as a model has inputs
def _dc(port: int) -> _Fields:
    return tuple((Channel(field.point, port), field) for field in DC_FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The gateway itself. `drivers` names the medium of each gateway id; `config_schema` the form of the site file."""

    version: str
    config_schema: str
    site: str
    name: str
    drivers: Mapping[str, str]
    restart_required: bool = False


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def encode(payload: Json | Sequence[Json]) -> bytes:
    """Return compact JSON."""
    return _encode(payload).encode()


def stamp(utc: float | None) -> str | None:
    """Return ISO 8601 with milliseconds and Z."""
    if utc is None:
        return None
    return datetime.fromtimestamp(utc, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def online() -> Json:
    """Return the state of a bridge that is there."""
    return {"state": "online"}


def offline() -> Json:
    """Return the state of a bridge that is gone: the last will, too."""
    return {"state": "offline"}


def availability(view: InverterView) -> Json | None:
    """Return whether a unit can be reached; None as long as there is no verdict."""
    if view.comm is CommState.UNKNOWN:  # after an answer: the link went down since
        return offline() if answered(view) else None
    return {"state": _AVAILABILITY[view.comm]}


def answered(view: InverterView) -> bool:
    """Tell whether a unit has answered since the daemon started."""
    return view.ts is not None


def has_state(view: InverterView, port: int = 0) -> bool:
    """Tell whether there is anything to say: a unit that has not answered has at most its stored energy."""
    return answered(view) or port in view.energy


def inverter_state(view: InverterView) -> Json:
    """Return the AC side of a slot."""
    asleep = view.comm is CommState.ASLEEP
    known = answered(view) and not asleep
    state = view.state.name.lower() if view.state is not None and known else None
    return {
        **_sample(view),
        "state": "sleeping" if asleep and answered(view) else state,
        "events": sorted({event.kind.name.lower() for event in view.events}) if known else None,
        **_measured(view, _AC),
        "limit_w": _limit_w(view),
        "enabled": _enabled(view),
        **_energy(view, 0),
        **_flags(view, 0),
    }


def input_state(view: InverterView, port: int) -> Json:
    """Return the DC side of one PV input of a slot."""
    return {
        **_sample(view),
        **_measured(view, _dc(port)),
        **_energy(view, port),
        **_flags(view, port),
    }


def site_state(totals: SiteTotals, utc: float) -> Json:
    """Return the sums over the site."""
    return {
        "ts": stamp(utc),
        "p_ac_w": _rounded(totals.p_ac_w, 1),
        "q_ac_var": _rounded(totals.q_ac_var, 1),
        "e_total_wh": totals.e_total_wh,
        "e_day_wh": totals.e_day_wh,
        "expected": totals.expected,
        "reporting": totals.reporting,
        "asleep": totals.asleep,
        "complete": totals.complete,
        "limit_w": _rounded(totals.limit_w, 1),
        "limit_pct": _rounded(totals.limit_pct, 1),
    }


def inverter_info(identity: Identity, about: About) -> Json:
    """Return who stands in a slot; the inventory is a list of these."""
    return {
        "id": identity.slot,
        "serial": identity.serial,
        "model": identity.model,
        "vendor": identity.vendor,
        "firmware": identity.firmware,
        "grid_profile": identity.grid_profile,
        "channels": identity.ports,
        "rated_w": identity.rated_w,
        "driver": about.drivers.get(identity.gateway),
        "gateway": identity.gateway,
        "branch": identity.branch,
        "node": identity.node,
    }


def link(view: InverterView) -> Json:
    """Return how the conversations with a unit went since the daemon started."""
    stats = view.stats
    return {
        "comm": view.comm.value,
        "polls": stats.polls,
        "answered": stats.answered,
        "retries": stats.retries,
        "success_pct": round(100 * stats.answered / stats.polls, 1) if stats.polls else None,
        "latency_s": _rounded(stats.latency_s, 3),
        "last_failure": stats.last_failure,
    }


def devices(views: Mapping[str, InverterView], about: About) -> list[Json]:
    """Return the inventory."""
    return [inverter_info(view.identity, about) for view in views.values()]


def bridge_info(about: About) -> Json:
    """Return what runs here."""
    return {
        "version": about.version,
        "config_schema": about.config_schema,
        "site": about.site,
        "name": about.name,
        "restart_required": about.restart_required,
    }


def site_event(event: SiteEvent) -> Json:
    """Return an event; its id is the same however often it is delivered."""
    return {
        "id": f"{round(event.ts * 1000):x}-{event.kind}-{event.subject}",
        "ts": stamp(event.ts),
        "kind": event.kind,
        "subject": event.subject,
        "detail": {key: value if isinstance(value, str) else _rounded(value, 6) for key, value in event.detail.items()},
    }


def _sample(view: InverterView) -> Json:
    quality = _QUALITY[view.quality] if answered(view) else "stale"
    return {"ts": stamp(view.ts), "seq": view.seq, "quality": quality}


def _measured(view: InverterView, fields: _Fields) -> Json:
    """Return the values of a side by their keys."""
    if not answered(view):
        return {field.key: None for _, field in fields}
    values = view.values
    if view.comm is CommState.ASLEEP:
        return {field.key: _at_night(values.get(channel), field) for channel, field in fields}
    return {field.key: _rounded(values.get(channel), field.digits) for channel, field in fields}


def _at_night(value: Value, field: Field) -> float | None:
    if field.zero_at_night:
        return 0
    return _rounded(value, field.digits) if field.setting else None


def _limit_w(view: InverterView) -> float | None:
    """Return the limit in watts of a unit that has told it."""
    pct = view.values.get(_LIMIT) if answered(view) else None
    return _rounded(pct / 100 * view.identity.rated_w, 1) if isinstance(pct, int | float) else None


def _enabled(view: InverterView) -> bool | None:
    """Return the owner's switch: as the unit's state shows it, else as it said last; None where it never did."""
    if not answered(view):
        return None
    if view.state in _SWITCHED:
        return _SWITCHED[view.state]
    switch = view.values.get(_SWITCH)
    return None if switch is None else switch == 1


def _flags(view: InverterView, port: int) -> Json:
    """Return flags or codes of a side as the unit sent them, where it sends any."""
    flags = view.values.get(Channel(ALRM, port))
    return {} if flags is None else {"fault_raw": flags}


def _rounded(value: Value, digits: int) -> float | None:
    """Return a number fit for JSON: no text, no infinity, no minus zero."""
    if isinstance(value, float) and digits and isfinite(value):  # nearly all
        return round(value, digits) + 0.0
    if isinstance(value, int):
        return value
    if value is None or isinstance(value, str) or not isfinite(value):
        return None
    return round(value)


def _energy(view: InverterView, port: int) -> Json:
    energy = view.energy.get(port)
    if energy is None:
        return {"e_total_wh": None, "e_day_wh": None}
    ledger: dict[str, int | str] = {"e_total_wh": energy.total_wh, "e_day_wh": energy.day_wh}
    return ledger | {"e_source": "derived"} if energy.derived else ledger


_EMPTY = InverterView(Identity("", "", "", "", "", "", 0, 1, 0.0))
STATE_KEYS = tuple(inverter_state(_EMPTY))
INPUT_KEYS = tuple(input_state(_EMPTY, 1))

Whole = Annotated[int, Limits(ge=-(2**53), le=2**53)]  # what every JSON reader keeps exactly


Number = Annotated[float, Limits(strict=True, allow_inf_nan=False)]


class Query(BaseModel):
    """A question to the gateway; keys that it does not know do no harm."""

    transaction: Annotated[str, StringConstraints(max_length=MAX_TRANSACTION)] | Whole | None = None


class CommandQuery(Query):
    """A command: `ts` is the time at which it was given, `by` who gave it, as far as he says so.

    `persistent`: a limit in % without `for_s` is also written to the memory of units that tell the two apart.
    """

    target: Annotated[str, StringConstraints(max_length=MAX_TARGET)]
    command: Annotated[str, StringConstraints(max_length=MAX_TARGET)]
    value: Number | None = None
    unit: Annotated[str, StringConstraints(max_length=4)] | None = None
    for_s: Number | None = None
    persistent: StrictBool = False
    by: Annotated[str, StringConstraints(min_length=1, max_length=MAX_AUTHOR)] = "mqtt"
    ts: AwareDatetime | None = None


class AlarmQuery(Query):
    """What an operator asks of an alarm."""

    target: Annotated[str, StringConstraints(max_length=MAX_TARGET)]
    code: Whole
    action: Annotated[str, StringConstraints(max_length=MAX_TARGET)]
    for_s: Number | None = None
    by: Annotated[str, StringConstraints(min_length=1, max_length=MAX_AUTHOR)] = "mqtt"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not answered; the codes are listed in the documentation of the interface."""

    code: str
    message: str


Q = TypeVar("Q", bound=Query)
Word = TypeVar("Word")


def parse_query(payload: bytes, form: type[Q]) -> Q | Refusal:
    """Read a question of a form; an empty payload is one that names nothing."""
    if len(payload) > MAX_REQUEST:
        return Refusal("invalid_payload", f"more than {MAX_REQUEST} bytes")
    try:
        return form.model_validate_json(payload or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"][:1])
        return Refusal("invalid_payload", f"{where}: {first['msg']}" if where else first["msg"])


_NUMBER: TypeAdapter[float] = TypeAdapter(Number)
_SWITCH_WORD = TypeAdapter(bool, config=ConfigDict(strict=True))


def parse_number(payload: bytes) -> float | Refusal:
    """Read a number."""
    return _parse_word(_NUMBER, payload, "a number")


def parse_switch(payload: bytes) -> bool | Refusal:
    """Read true or false."""
    return _parse_word(_SWITCH_WORD, payload, "true or false")


def _parse_word(form: TypeAdapter[Word], payload: bytes, wanted: str) -> Word | Refusal:
    try:
        if len(payload) <= MAX_WRITE:
            return form.validate_json(payload)
    except ValidationError:
        pass
    return Refusal("invalid_payload", f"expected {wanted}")


def response(answer: Json | Sequence[Json] | Refusal, transaction: str | int | None) -> Json:
    """Return an answer in its envelope."""
    if isinstance(answer, Refusal):
        error = {"code": answer.code, "message": answer.message}
        return {"status": "error", "transaction": transaction, "data": None, "error": error}
    return {"status": "ok", "transaction": transaction, "data": answer, "error": None}


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class Known(BaseModel):
    """A slot of an inventory that we published earlier."""

    id: Name
    channels: Annotated[int, Limits(ge=0, le=99)]
    gateway: Name | None = None
    branch: Name | None = None


_INVENTORY = TypeAdapter(list[Known])


def parse_inventory(payload: bytes) -> list[Known]:
    """Read an inventory; one that is not ours, or damaged, is empty."""
    try:
        return _INVENTORY.validate_json(payload) if len(payload) <= MAX_INVENTORY else []
    except ValidationError:
        return []
