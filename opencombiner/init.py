"""The command `init`: a few questions, and a commented site file that passes `check`."""

import re
from collections.abc import Callable, Container
from pathlib import Path
from typing import TypeVar
from zoneinfo import available_timezones

import typer

from config.branch import branch_load
from config.checks import admit
from config.findings import Finding
from config.loader import load_site
from config.roles import ROLES
from config.section import ADDRESS_URL, BROKER_URL, FORMS, ID, LINK_URL, SERIAL
from config.site import Branch
from drivers.clock import Clock
from drivers.ports import serial_ports
from opencombiner.draft import ADAPTERS, Adapter, Answers, BranchAnswer, Unit, render
from protocols.profile import VendorProfile
from protocols.registry import vendor

T = TypeVar("T")
_LEAST_A, _MOST_A = 1, 63  # of a breaker, as config.site takes it
_USUAL_A = 20
_STATE_DIR = "/var/lib/opencombiner"


def init(path: Path, clock: Clock) -> tuple[Finding, ...]:
    """Ask, write the site file to `path` and return the warnings of its check. Raises SiteRefusedError."""
    path.write_text(render(_ask_all()), "utf-8")
    return admit(load_site(path, clock))


def _ask_all() -> Answers:
    name = _ask("Name of the plant", str.strip, "Home")
    latitude = _ask("Latitude, degrees, north positive", _between(-90, 90))
    longitude = _ask("Longitude, degrees, east positive", _between(-180, 180))
    timezone = _ask("Time zone", _one_of(available_timezones(), "an IANA name, as Europe/Amsterdam"), _local_zone())
    for key, adapter in ADAPTERS.items():
        typer.echo(f"  {key:<8} {adapter.title}")
    adapter = ADAPTERS[_ask("Modem, radio or network", _one_of(ADAPTERS, ", ".join(ADAPTERS)), "st7580")]
    url = _ask_url(adapter)
    broker = _ask("MQTT broker", _form(BROKER_URL), "mqtt://localhost:1883")
    user = typer.prompt("Broker's user, empty for none", default="", show_default=False).strip() or None
    env = "OPENCOMBINER_MQTT_PASSWORD"
    password_env = env if user and typer.confirm(f"Has it a password (read from ${env})?", default=True) else None
    state_dir = _ask("Folder for the energy ledger", str.strip, _STATE_DIR)
    return Answers(
        name=name,
        latitude=latitude,
        longitude=longitude,
        timezone=timezone,
        url=url or broker,
        adapter=adapter,
        broker=broker,
        user=user,
        password_env=password_env,
        state_dir=state_dir,
        branches=_ask_branches(adapter),
    )


def _ask_url(adapter: Adapter) -> str | None:
    """Return where the units are found; None at the broker."""
    match adapter.at:
        case "port":
            return _ask_port()
        case "address":
            return _ask("Address of the units", _form(ADDRESS_URL), "socket://192.168.1.50:502")
        case "broker":
            return None


def _ask_port() -> str:
    ports = serial_ports()
    for number, port in enumerate(ports, start=1):
        typer.echo(f"  {number}  {port.path}  {port.description}")
    if not ports:
        typer.echo("  no serial port is plugged in; type where the modem or radio will be")

    def chosen(text: str) -> str:
        if text.isdecimal() and 1 <= int(text) <= len(ports):
            return ports[int(text) - 1].path
        return _form(LINK_URL)(text)

    return _ask("Port of the modem or radio: a number of the list, or a path", chosen, "1" if ports else None)


def _ask_branches(adapter: Adapter) -> tuple[BranchAnswer, ...]:
    branches: list[BranchAnswer] = []
    taken: set[str] = set()
    while not branches or typer.confirm("Another AC breaker?", default=False):
        branches.append(_ask_branch(len(branches) + 1, adapter, taken))
    return tuple(branches)


def _ask_branch(number: int, adapter: Adapter, taken: set[str]) -> BranchAnswer:
    """Ask for one breaker and its units; a unit that would overload it is not taken."""
    branch_id = _ask("Name of the AC branch", _form(ID), f"branch-{number}")
    profile = _profile(adapter)
    breaker_a = _ask("Its breaker, A", _breaker(profile), str(_breakers(profile)[0]))
    models = ", ".join(profile.models)
    typer.echo(f"Units from the breaker outwards, one a line: SERIAL MODEL [SLOT], models {models}; empty line: done")
    units: list[Unit] = []
    while (text := typer.prompt("Unit", default="", show_default=False).strip()) or not units:
        try:
            unit = _unit(text, adapter, taken)
            _bear(branch_id, breaker_a, [*units, unit], profile)
        except ValueError as error:
            typer.echo(f"  {error}", err=True)
            continue
        units.append(unit)
        taken |= {unit.slot, unit.serial}
    return BranchAnswer(branch_id, breaker_a, tuple(units))


def _unit(text: str, adapter: Adapter, taken: set[str]) -> Unit:
    """Return the unit that was typed. Raises ValueError that says what is wrong with it."""
    profile = _profile(adapter)
    match text.split():
        case [serial, model, *slots] if len(slots) <= 1:
            unit = Unit(slots[0] if slots else serial, serial, model.upper())
        case _:
            raise ValueError(f"write the serial, a blank, the model: {adapter.example}")
    if not re.match(SERIAL, unit.serial) or not re.match(ID, unit.slot):
        raise ValueError(f"a serial has {FORMS[SERIAL]}, a slot {FORMS[ID]}")
    if unit.model not in profile.models:
        raise ValueError(f"no model {unit.model}; there are {', '.join(profile.models)}")
    if {unit.slot, unit.serial} & taken:
        raise ValueError(f"{unit.serial} {unit.slot} was named before")
    needed = None if profile.carrier is None else profile.carrier(unit.serial)
    if needed not in (None, adapter.carrier):
        raise ValueError(f"{unit.serial} is out of reach: it wants {needed}, not {adapter.carrier}")
    return unit


def _bear(branch_id: str, breaker_a: int, units: list[Unit], profile: VendorProfile) -> None:
    """Raise ValueError when the units are too much for their breaker."""
    branch = Branch.model_validate(
        {"id": branch_id, "breaker_a": breaker_a, "inverters": [{"serial": u.serial, "model": u.model} for u in units]}
    )
    load = branch_load(branch, profile.models)
    if load.limit is not None and load.limit.used > 1:
        most = f"at most {load.limit.permitted} ({load.limit.source})"
        raise ValueError(f"too much for a {breaker_a} A breaker: {load.text}; {most}")
    if load.drawn_a > breaker_a:
        raise ValueError(f"too much for a {breaker_a} A breaker: {load.text} draw {load.drawn_a:.2f} A")


def _breakers(profile: VendorProfile) -> list[int]:
    """Return the ratings that a manual has figures for, else a usual one."""
    return sorted({rating for model in profile.models.values() for rating in model.units_per_breaker}) or [_USUAL_A]


def _breaker(profile: VendorProfile) -> Callable[[str], int]:
    """Return what reads a breaker's rating: one of those that a manual has figures for, any where none has."""
    if not any(model.units_per_breaker for model in profile.models.values()):
        return lambda text: int(_between(_LEAST_A, _MOST_A)(text))
    known = [str(rating) for rating in _breakers(profile)]
    choice = _one_of(set(known), f"{' or '.join(known)}: the manual has figures for these")
    return lambda text: int(choice(text))


def _profile(adapter: Adapter) -> VendorProfile:
    return vendor(ROLES[adapter.role].vendor)


def _ask(question: str, convert: Callable[[str], T], default: str | None = None) -> T:
    """Ask until the answer can be converted."""
    while True:
        text = str(typer.prompt(question, default=default))
        try:
            return convert(text)
        except ValueError as error:
            typer.echo(f"  {error}", err=True)


def _between(least: float, most: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            raise ValueError(f"not {text!r}; a number from {least:g} to {most:g}") from None
        if not least <= number <= most:
            raise ValueError(f"from {least:g} to {most:g}")
        return number

    return convert


def _one_of(allowed: Container[str], words: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"not {text!r}; {words}")
        return text

    return convert


def _form(pattern: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not re.match(pattern, text):
            raise ValueError(f"not {text!r}; {FORMS[pattern]}")
        return text

    return convert


def _local_zone() -> str:
    """Return this machine's time zone, as Debian keeps it."""
    try:
        name = Path("/etc/timezone").read_text("utf-8").strip()
    except OSError:
        return "Europe/Amsterdam"
    return name if name in available_timezones() else "Europe/Amsterdam"
