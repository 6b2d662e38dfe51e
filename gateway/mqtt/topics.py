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
    """The plant as a whole: state."""

    leaf: str


@dataclass(frozen=True, slots=True)
class Inverter:
    """One slot: state, availability, info, link."""

    slot: str
    leaf: str


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


Address: TypeAlias = Bridge | Request | Response | SiteWide | Inverter | Input | Flat

_FORMS: dict[type[Address], str] = {
    Bridge: "bridge/{a.leaf}",
    Request: "bridge/request/{a.verb}",
    Response: "bridge/response/{a.verb}",
    SiteWide: "site/{a.leaf}",
    Inverter: "inverter/{a.slot}/{a.leaf}",
    Input: "inverter/{a.slot}/ch/{a.number}/state",
    Flat: "flat/{a.slot}/{a.port}/{a.field}",
}
_WORD = r"[a-z0-9_]{1,40}"
_PARTS = {
    **dict.fromkeys(("leaf", "verb", "field"), _WORD),
    "slot": r"[A-Za-z0-9_-]{1,40}",
    "number": r"[1-9][0-9]?",
    "port": r"0|[1-9][0-9]?",
}
_NUMBERS = {"number", "port"}
_PATTERNS: dict[type[Address], re.Pattern[str]] = {
    kind: re.compile(re.sub(r"\{a\.(\w+)\}", lambda part: f"(?P<{part[1]}>{_PARTS[part[1]]})", form))
    for kind, form in _FORMS.items()
}


class Tree:
    """The topics of one site below one base."""

    def __init__(self, base: str, site: str) -> None:
        self.root = f"{base}/{site}"
        self.requests = f"{self.root}/bridge/request/+"

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


def _value(name: str, text: str) -> Any:
    return int(text) if name in _NUMBERS else text
