"""A site file from a few answers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template

from config.packaged import packaged


@dataclass(frozen=True, slots=True)
class Modem:
    """Figures of a class of power-line modems to start from; the data sheet of the modem at hand decides."""

    title: str
    modem: str
    baud: int
    bit_rate: float
    overhead_bytes: int
    turnaround_s: float


MODEMS: Mapping[str, Modem] = {  # figures: drivers/plc/README.md
    "kq": Modem("KQ-130F, KQ-330F: transparent, slow", "transparent", 9600, 960, 0, 0.1),
    "st7540": Modem("ST7540 class: transparent", "transparent", 9600, 2400, 8, 0.03),
    "st7580": Modem("ST7580, X-NUCLEO-PLM01A1: host frames", "st7580", 57600, 4800, 20, 0.06),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One inverter."""

    slot: str
    serial: str
    model: str


@dataclass(frozen=True, slots=True)
class BranchAnswer:
    """One AC breaker and what hangs on it."""

    id: str
    breaker_a: int
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that is asked; `password_env` names the variable that holds the broker's password."""

    name: str
    latitude: float
    longitude: float
    timezone: str
    url: str
    modem: Modem
    broker: str
    user: str | None
    password_env: str | None
    state_dir: str
    branches: tuple[BranchAnswer, ...]


def render(answers: Answers) -> str:
    """Return the text of the site file; whatever was typed is quoted, so that it stays text."""
    template = Template(packaged("init.yaml").read_text("utf-8"))
    modem = answers.modem
    return template.substitute(
        name_plain=" ".join(answers.name.split()),
        id=identifier(answers.name),
        name=_quoted(answers.name),
        latitude=f"{answers.latitude:g}",
        longitude=f"{answers.longitude:g}",
        timezone=_quoted(answers.timezone),
        state_dir=_quoted(answers.state_dir),
        broker=_quoted(answers.broker),
        credentials=_credentials(answers),
        url=_quoted(answers.url),
        modem=modem.modem,
        baud=modem.baud,
        bit_rate=f"{modem.bit_rate:g}",
        overhead_bytes=modem.overhead_bytes,
        turnaround_s=f"{modem.turnaround_s:g}",
        branches="\n".join(_branches(answers.branches)),
    )


def identifier(name: str) -> str:
    """Return a name as an id: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "home"


def _credentials(answers: Answers) -> str:
    if answers.user is None:
        return "  # user: opencombiner\n  # password_env: OPENCOMBINER_MQTT_PASSWORD   # never the password itself\n"
    lines = [f"  user: {_quoted(answers.user)}"]
    if answers.password_env is not None:
        lines.append(f"  password_env: {_quoted(answers.password_env)}   # the variable that holds the password")
    return "\n".join(lines) + "\n"


def _branches(branches: tuple[BranchAnswer, ...]) -> Iterator[str]:
    for branch in branches:
        yield f"      - id: {_quoted(branch.id)}"
        yield f"        breaker_a: {branch.breaker_a}"
        yield "        inverters:"
        for unit in branch.units:
            yield f"          - {{slot: {_quoted(unit.slot)}, serial: {_quoted(unit.serial)}, model: {unit.model}}}"


def _quoted(text: str) -> str:
    """Return a YAML scalar; a JSON string is one."""
    return json.dumps(text, ensure_ascii=False)
