"""A site file from a few answers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Literal

from config.packaged import packaged
from config.roles import ROLES

_GATEWAYS = {"m-combiner": "combiner", "dtu": "dtu", "ecu": "ecu", "wifi-hub": "hub"}  # the id that a gateway gets


@dataclass(frozen=True, slots=True)
class Adapter:
    """How units are reached: role, what bears their datagrams, a warning, a unit as an example, its link.

    `link` has lines of setting, value and comment: figures to start from; the data sheet of what is at hand decides.
    `at` is what has to be asked for, or the site's own broker.
    """

    title: str
    role: str
    carrier: str
    warning: str
    example: str
    link: tuple[tuple[str, object, str], ...]
    at: Literal["port", "address", "broker"] = "port"
    poll_s: int = 10
    poll_means: str = "each unit is read this often, if the link is fast enough for it"


_MAINS = "DANGER: a power-line modem is coupled to the mains. Use a finished, isolated device only."
_AERIAL = "Only one DTU may ask these units: switch the manufacturer's own off."


def _modem(title: str, modem: str, baud: int, bit_rate: int, overhead_bytes: int, turnaround_s: float) -> Adapter:
    link = (
        ("modem", modem, ""),
        ("baud", baud, "between this machine and the modem"),
        ("bit_rate", bit_rate, "net, on the mains: see the modem's data sheet"),
        ("overhead_bytes", overhead_bytes, "that the modem adds to each frame on the mains"),
        ("turnaround_s", turnaround_s, "from sending to receiving"),
    )
    return Adapter(title, "m-combiner", "plc", _MAINS, "500E2400001 MI-500", link)


def _bridge(title: str, radio: str, *more: tuple[str, object, str]) -> Adapter:
    link = (
        ("medium", "serial_bridge", "what the other side has to do: drivers/serial_bridge/README.md"),
        ("radio", radio, "which units it reaches"),
        ("baud", 115_200, "between this machine and the bridge"),
        *more,
    )
    return Adapter(
        title,
        "dtu",
        radio,
        _AERIAL,
        "1410A01121AE HMS-1000-2T" if radio == "cmt2300a" else "116183063371 HM-1500",
        link,
    )


ADAPTERS: Mapping[str, Adapter] = {  # figures: README.md of the drivers
    "kq": _modem("Atmoce: modem KQ-130F, KQ-330F: transparent, slow", "transparent", 9600, 960, 0, 0.1),
    "st7540": _modem("Atmoce: modem of the ST7540 class: transparent", "transparent", 9600, 2400, 8, 0.03),
    "st7580": _modem("Atmoce: modem ST7580, X-NUCLEO-PLM01A1: host frames", "st7580", 57600, 4800, 20, 0.06),
    "cmt2300a": _bridge(
        "Hoymiles HMS, HMT, MIT: bridge with a CMT2300A",
        "cmt2300a",
        ("region", "eu", "or america: where it may send"),
    ),
    "nrf24": _bridge("Hoymiles HM, HERF: bridge with an nRF24L01+", "nrf24"),
    "znp": Adapter(
        "APsystems: ZigBee coordinator, CC2531 or CC2530, with the community's firmware",
        "ecu",
        "zigbee",
        "Only one ECU may ask these units: switch the manufacturer's own off.",
        "802000012345 QS1",
        (
            ("medium", "zigbee", "which sticks and firmware there are: drivers/zigbee/README.md"),
            ("baud", 115_200, "between this machine and the coordinator"),
            ("uart_bytes", 265, "serial buffer of its firmware; plain builds have 128, too little for DS3 and QT2"),
        ),
    ),
    "spi": Adapter(
        "Hoymiles HM, HERF: nRF24L01+ on this machine's SPI, /dev/spidev0.0",
        "dtu",
        "nrf24",
        _AERIAL,
        "116183063371 HM-1500",
        (("medium", "nrf24", "needs the extra nrf24"), ("ce_pin", 22, "GPIO of the radio's CE")),
    ),
    "wifi": Adapter(
        "Rockcore: units that dial the broker over Wi-Fi",
        "wifi-hub",
        "wifi",
        "The units dial a name that must lead to this broker; they report, and take no commands.",
        "RC000001 MI3S-500S",
        (("medium", "wifi", "the units log in as client, password client: let the broker know them"),),
        at="broker",
        poll_s=30,
        poll_means="what each unit is told to report after; whether they obey is not known, 30 is their own",
    ),
    "sunspec": Adapter(
        "Rockcore: units that answer SunSpec over Modbus TCP at one address",
        "wifi-hub",
        "modbus_tcp",
        "Whoever is in this network can limit and stop the units.",
        "RC000001 MI3S-500S",
        (("medium", "modbus_tcp", "the units' ids are 1, 2, 3 … unless `node` stands beside the serial"),),
        at="address",
    ),
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
    adapter: Adapter
    broker: str
    user: str | None
    password_env: str | None
    state_dir: str
    branches: tuple[BranchAnswer, ...]


def render(answers: Answers) -> str:
    """Return the text of the site file; whatever was typed is quoted, so that it stays text."""
    template = Template(packaged("init.yaml").read_text("utf-8"))
    adapter = answers.adapter
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
        gateway=_GATEWAYS[adapter.role],
        role=adapter.role,
        title=ROLES[adapter.role].title,
        warning=adapter.warning,
        poll_s=adapter.poll_s,
        poll_means=adapter.poll_means,
        link="\n".join([*_settings(adapter.link), *(_login(answers, "      ") if adapter.at == "broker" else ())]),
        branches="\n".join(_branches(answers.branches)),
    )


def _settings(lines: tuple[tuple[str, object, str], ...]) -> Iterator[str]:
    for setting, value, comment in lines:
        text = f"      {setting}: {value}"
        yield f"{text:<35} # {comment}" if comment else text


def identifier(name: str) -> str:
    """Return a name as an id: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "home"


def _credentials(answers: Answers) -> str:
    if answers.user is None:
        return "  # user: opencombiner\n  # password_env: OPENCOMBINER_MQTT_PASSWORD   # never the password itself\n"
    return "\n".join(_login(answers, "  ")) + "\n"


def _login(answers: Answers, indent: str) -> Iterator[str]:
    if answers.user is not None:
        yield f"{indent}user: {_quoted(answers.user)}"
    if answers.password_env is not None:
        yield f"{indent}password_env: {_quoted(answers.password_env)}   # the variable that holds the password"


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
