"""What is said on each topic: frozen values in, JSON out. What is asked from outside is checked here, too."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, StringConstraints, TypeAdapter, ValidationError
from pydantic import Field as Limits

from gateway.mqtt.fields import AC_FIELDS, DC_FIELDS, Field
from gateway.snapshot import CommState, Identity, InverterView, SiteTotals
from gateway.telemetry.outbox import SiteEvent
from protocols.points import Channel, Value
from protocols.states import Quality

Json: TypeAlias = Mapping[str, Any]

MAX_REQUEST = 64 * 1024  # bytes of a request: the longest sensible one is a few hundred
MAX_INVENTORY = 1024 * 1024  # bytes of our own inventory when it comes back to us: 5000 slots
MAX_TRANSACTION = 64  # characters of the caller's mark: a UUID has 36

_AVAILABILITY = {
    CommState.ONLINE: "online",
    CommState.DEGRADED: "online",
    CommState.ASLEEP: "sleeping",
    CommState.LOST: "offline",
}
_QUALITY = {
    Quality.GOOD: "good",
    Quality.QUESTIONABLE: "stale",  # not to be taken for a present value, and there is no fourth word
    Quality.INVALID: "stale",
    Quality.STALE: "stale",
    Quality.NIGHT: "night",
}
_AC = tuple((Channel(field.point), field) for field in AC_FIELDS)


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
    word = _AVAILABILITY.get(view.comm)
    return None if word is None else {"state": word}


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
        **{field.key: _value(view, channel, field) for channel, field in _AC},
        **_energy(view, 0),
    }


def input_state(view: InverterView, port: int) -> Json:
    """Return the DC side of one PV input of a slot."""
    return {
        **_sample(view),
        **{field.key: _value(view, Channel(field.point, port), field) for field in DC_FIELDS},
        **_energy(view, port),
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
    }


def inverter_info(identity: Identity, about: About) -> Json:
    """Return who stands in a slot; the inventory is a list of these."""
    return {
        "id": identity.slot,
        "serial": identity.serial,
        "model": identity.model,
        "vendor": identity.vendor,
        "firmware": identity.firmware,
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


def _value(view: InverterView, channel: Channel, field: Field) -> float | None:
    if not answered(view):
        return None
    if view.comm is CommState.ASLEEP:
        return 0 if field.zero_at_night else None
    return _rounded(view.values.get(channel), field.digits)


def _rounded(value: Value, digits: int) -> float | None:
    """Return a number fit for JSON: no text, no infinity, no minus zero."""
    if isinstance(value, int):
        return value
    if value is None or isinstance(value, str) or not math.isfinite(value):
        return None
    return round(value, digits) + 0.0 if digits else round(value)


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


class Query(BaseModel):
    """A question to the gateway; keys that it does not know do no harm."""

    transaction: Annotated[str, StringConstraints(max_length=MAX_TRANSACTION)] | Whole | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a question is not answered; the codes are listed in the documentation of the interface."""

    code: str
    message: str


def parse_query(payload: bytes) -> Query | Refusal:
    """Read a question; an empty payload is one without a transaction."""
    if len(payload) > MAX_REQUEST:
        return Refusal("invalid_payload", f"more than {MAX_REQUEST} bytes")
    try:
        return Query.model_validate_json(payload or b"{}")
    except ValidationError as error:
        return Refusal("invalid_payload", error.errors(include_url=False, include_input=False)[0]["msg"])


def response(answer: Json | Sequence[Json] | Refusal, transaction: str | int | None) -> Json:
    """Return an answer in its envelope."""
    if isinstance(answer, Refusal):
        error = {"code": answer.code, "message": answer.message}
        return {"status": "error", "transaction": transaction, "data": None, "error": error}
    return {"status": "ok", "transaction": transaction, "data": answer, "error": None}


class Known(BaseModel):
    """A slot of an inventory that we published earlier."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    channels: Annotated[int, Limits(ge=0, le=99)]


_INVENTORY = TypeAdapter(list[Known])


def parse_inventory(payload: bytes) -> list[Known]:
    """Read an inventory; one that is not ours, or damaged, is empty."""
    try:
        return _INVENTORY.validate_json(payload) if len(payload) <= MAX_INVENTORY else []
    except ValidationError:
        return []
