"""The topic tree: built and parsed here and nowhere else."""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

MAX_TOPIC = 256  # characters that we accept from outside; our own longest is about 180


@dataclass(frozen=True, slots=True)
class Bridge:
    """The gateway itself: state, info, devices, health, event, logging."""

    leaf: str


@dataclass(frozen=True, slots=True)
class Request:
    """A question to the gateway."""

    verb: str


@dataclass(frozen=True, slots=True)
class Response:
    """Its answer."""

    verb: str


@dataclass(frozen=True, slots=True)
class SiteWide:
    """The plant as a whole: state, alarms, event."""

    leaf: str


@dataclass(frozen=True, slots=True)
class Branch:
    """An AC branch: alarms, event."""

    branch: str
    leaf: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of the site's gateways: alarms, event."""

    gateway: str
    leaf: str


@dataclass(frozen=True, slots=True)
class Inverter:
    """One slot: state, availability, info, link, alarms, event."""

    slot: str
    leaf: str


@dataclass(frozen=True, slots=True)
class Write:
    """A simple write to a slot: limit_w, limit_pct, enabled, restart."""

    slot: str
    key: str


@dataclass(frozen=True, slots=True)
class SiteWrite:
    """A simple write to the plant as a whole."""

    key: str


@dataclass(frozen=True, slots=True)
class Input:
    """The state of one PV input of a slot, 1 … n."""

    slot: str
    number: int


@dataclass(frozen=True, slots=True)
class Flat:
    """One plain value of the mirror; port 0 is the AC side."""

    slot: str
    port: int
    field: str


Address: TypeAlias = (
    Bridge | Request | Response | SiteWide | Branch | Gateway | Inverter | Write | SiteWrite | Input | Flat
)

_FORMS: dict[type[Address], str] = {
    Bridge: "bridge/{a.leaf}",
    Request: "bridge/request/{a.verb}",
    Response: "bridge/response/{a.verb}",
    SiteWide: "site/{a.leaf}",
    Branch: "branch/{a.branch}/{a.leaf}",
    Gateway: "gateway/{a.gateway}/{a.leaf}",
    Inverter: "inverter/{a.slot}/{a.leaf}",
    Write: "inverter/{a.slot}/set/{a.key}",
    SiteWrite: "site/set/{a.key}",
    Input: "inverter/{a.slot}/ch/{a.number}/state",
    Flat: "flat/{a.slot}/{a.port}/{a.field}",
}
_WORD = r"[a-z0-9_]{1,40}"
_PARTS = {
    **dict.fromkeys(("leaf", "verb", "key", "field"), _WORD),
    **dict.fromkeys(("slot", "branch", "gateway"), r"[A-Za-z0-9_-]{1,40}"),
    "number": r"[1-9][0-9]?",
    "port": r"0|[1-9][0-9]?",
}
_NUMBERS = {"number", "port"}
_PATTERNS: dict[type[Address], re.Pattern[str]] = {
    kind: re.compile(re.sub(r"\{a\.(\w+)\}", lambda part: f"(?P<{part[1]}>{_PARTS[part[1]]})", form))
    for kind, form in _FORMS.items()
}


def target(subject: str, leaf: str) -> Address:
    """Return the address of what the command contract calls a target: site, gateway/<id>, branch/<id> or a slot."""
    kind, _, name = subject.rpartition("/")
    match kind:
        case "gateway":
            return Gateway(name, leaf)
        case "branch":
            return Branch(name, leaf)
        case _:
            return SiteWide(leaf) if subject == "site" else Inverter(subject, leaf)


class Tree:
    """The topics of one site below one base."""

    def __init__(self, base: str, site: str) -> None:
        self.root = f"{base}/{site}"
        self.requests = f"{self.root}/bridge/request/+"
        self.writes = (f"{self.root}/inverter/+/set/+", f"{self.root}/site/set/+")

    def topic(self, address: Address) -> str:
        """Return the topic of an address."""
        return f"{self.root}/{_FORMS[type(address)].format(a=address)}"

    def parse(self, topic: str) -> Address | None:
        """Return what a topic stands for; None when it is not of this tree or longer than any of it."""
        if len(topic) > MAX_TOPIC or not topic.startswith(f"{self.root}/"):
            return None
        for kind, pattern in _PATTERNS.items():
            if found := pattern.fullmatch(topic, len(self.root) + 1):
                return kind(**{name: _value(name, text) for name, text in found.groupdict().items()})
        return None

    def answer_to(self, verb: str, wanted: str | None) -> str:
        """Return where an answer goes: where the asker wants it, but never into our tree except to the responses."""
        ours = self.topic(Response(verb))
        if wanted is None or not 0 < len(wanted) <= MAX_TOPIC or set(wanted) & {"#", "+", "\0"}:
            return ours
        if wanted.startswith(f"{self.root}/") and not isinstance(self.parse(wanted), Response):
            return ours
        return wanted


def _value(name: str, text: str) -> Any:
    return int(text) if name in _NUMBERS else text
