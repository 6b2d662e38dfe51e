"""Scenario files read, their loops unrolled, checked against their plant: ready to run."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count, islice, product, repeat
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.alarms import load_catalogue
from config.bench import ACTS
from config.checks import check_site
from config.document import Document, read
from config.expansion import expand
from config.findings import Finding, Loc, Severity, SiteRefusedError, in_order, quoted
from config.formula import AbsentError, FormulaError, fill
from config.grid_profile import GridProfileFile
from config.grid_profiles import grid_profile, grid_profiles
from config.instruments import Kind, Told, arguments, check_acts
from config.links import PlcLink
from config.loader import LoadedSite, load_site, typed
from config.plant import branches, profile_of, recordings, spoken_for, units
from config.roles import ROLES
from config.scenario import Event, Expectation, Scenario, Sketch
from config.scope import scope_of, stage_times_s
from config.site import Site
from config.timeline import at_s, timed
from drivers.clock import SystemClock
from drivers.recording import Recording
from protocols.registry import vendor
from protocols.states import InvSt

SPARE = 4000  # serials after the first: no sketched plant has so many units
MAX_CASES = 500  # of one file: every profile, role and a dozen steps
_STATES = tuple(state.name.lower() for state in InvSt)
_ALARM_CODES = tuple(row.code for row in load_catalogue().alarms)
_ALL: Mapping[str, tuple[str, ...]] = {
    "profile": grid_profiles(),
    "role": tuple(ROLES),
}


@dataclass(frozen=True, slots=True)
class Done:
    """An event of the timeline: its name (its own, or its number), its time in the run, what is done."""

    id: str
    at_s: float
    name: str
    args: Mapping[str, Told]


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a scenario. `absent`: why it does not apply; then there is nothing else."""

    name: str
    path: Path
    parameters: Mapping[str, str]
    absent: str | None = None
    scenario: Scenario | None = None
    site: Site | None = None
    profile: GridProfileFile | None = None
    events: tuple[Done, ...] = ()


@dataclass(frozen=True, slots=True)
class _Choice:
    """Values for the names of the matrix, and for the parameters."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    matrix: Mapping[str, str] = field(default_factory=dict)


def load_cases(path: Path, given: Mapping[str, str] | None = None, bench: Site | None = None) -> list[Case]:
    """Return the runs that a scenario file asks for; `given` replaces parameters, and picks out of the matrix.

    `bench`: a plant that is there, with its grid profile, in place of the file's.

    Raises SiteRefusedError, a ConfigError, with every error in the file.
    """
    document = read(path)
    held = {} if bench is None else {"profile": bench.grid_profile, "role": bench.gateways[0].role}
    choices = list(_choices(document.data, {**(given or {}), **held}))
    if len(choices) > MAX_CASES:
        _refuse(path, document, f"the matrix makes more than {MAX_CASES} runs", ("matrix",))
    return [_case(path, document, choice, bench) for choice in choices]


def _choices(data: Any, given: Mapping[str, str]) -> Iterator[_Choice]:
    parameters = _section(data, "parameters")
    matrix = {name: _values(name, values) for name, values in _section(data, "matrix").items()}
    for name, value in given.items():
        if name in matrix:
            matrix[name] = [value]
        elif name in parameters:
            parameters[name] = value
    texts = {name: str(value) for name, value in parameters.items()}
    for values in product(*matrix.values()):
        yield _Choice(texts, dict(zip(matrix, values, strict=True)))


def _section(data: Any, name: str) -> dict[str, Any]:
    section = data.get(name) if isinstance(data, dict) else None
    return dict(section) if isinstance(section, dict) else {}


def _values(name: str, values: Any) -> list[str]:
    if values == "all" and name in _ALL:
        return list(_ALL[name])
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _refuse(path: Path, document: Document, problem: str, loc: Loc, remedy: str = "correct it") -> None:
    raise SiteRefusedError(path, (Finding(problem=problem, remedy=remedy, loc=loc, mark=document.mark(loc)),))


def _case(path: Path, document: Document, choice: _Choice, bench: Site | None) -> Case:
    names = {**choice.parameters, **choice.matrix}
    try:
        profile = _profile(path, document, names) if bench is None else grid_profile(bench.grid_profile)
        scope = _scope(document, names, profile, bench)
        for name, text in names.items():
            scope[name] = fill(text, scope)
        expanded = expand(document, scope)
        shown = {name: str(scope[name]) for name in names}
        scenario = typed(path, expanded, Scenario)
    except AbsentError as error:
        return Case(_title(document, choice), path, names, absent=str(error))
    except FormulaError as error:
        raise SiteRefusedError(path, (Finding(problem=str(error), remedy="correct the formula"),)) from None
    title = _title(document, replace(choice, matrix={name: shown[name] for name in choice.matrix}), scenario)
    if lacking := _lacking(scenario, profile):
        return Case(title, path, shown, absent=lacking)
    if not scenario.applies:
        return Case(title, path, shown, absent="it does not apply to this plant and grid profile")
    planned = _planned(Case(title, path, shown, scenario=scenario, profile=profile), expanded, bench)
    unnamed = _unnamed(planned.site, profile)
    return planned if unnamed is None else Case(title, path, shown, absent=unnamed)


def _lacking(scenario: Scenario, profile: GridProfileFile) -> str | None:
    """Return which expected stage the profile does not have."""
    for trip in (one.trip for one in scenario.expect if one.trip is not None and not one.never):
        times_s = stage_times_s(profile, trip.code)
        if times_s and trip.stage is not None and trip.stage > len(times_s):
            return f"there is no stage {trip.stage} of code {trip.code}"
    return None


def _unnamed(site: Site | None, profile: GridProfileFile) -> str | None:
    """Return whose units have no name for the grid profile: the gateway would rightly call it the wrong one."""
    for each in [profile_of(gateway) for gateway in site.gateways] if site is not None else []:
        if each.grid_profiles is not None and profile.id not in each.grid_profiles:
            return f"units of {each.name} have no name for {profile.id}"
    return None


def _title(document: Document, choice: _Choice, scenario: Scenario | None = None) -> str:
    name = _named(document, choice) if scenario is None else scenario.name
    varied = ", ".join(f"{name}={value}" for name, value in choice.matrix.items())
    return f"{name} [{varied}]" if varied else str(name)


def _named(document: Document, choice: _Choice) -> str:
    """Return the name of a scenario that does not apply, as far as its own choices fill it."""
    name = str(_section({"all": document.data}, "all").get("name", "?"))
    try:
        return fill(name, {**choice.parameters, **choice.matrix})
    except (AbsentError, FormulaError):
        return name


def _profile(path: Path, document: Document, names: Mapping[str, str]) -> GridProfileFile:
    data = document.data
    text = data.get("grid_profile") if isinstance(data, dict) else None
    name = Scenario.model_fields["grid_profile"].default if text is None else fill(str(text), names)
    if "/" not in name and not name.endswith(".yaml"):
        return grid_profile(name)
    return grid_profile(str(path.parent / name))


def _scope(
    document: Document, names: Mapping[str, str], profile: GridProfileFile, bench: Site | None
) -> dict[str, Any]:
    """Return what formulas may name; of a site file's units no model is known."""
    if bench is not None:
        return scope_of(profile, None, profile_of(bench.gateways[0]), bench.gateways[0].link.medium)
    sketch = _section(document.data, "plant")
    if not sketch and _section({"all": document.data}, "all").get("site") is not None:
        return scope_of(profile, None)
    role = fill(str(sketch.get("role", _usual("role"))), names)
    spare = next(islice(_serials(_usual_serial(role)), SPARE, None))
    if role not in ROLES:
        return {**scope_of(profile, None), "spare_serial": spare}
    medium = _link(role, _section(sketch, "link"))["medium"]
    speaker = spoken_for(role, medium)
    named = fill(str(sketch["model"]), names) if "model" in sketch else _usual_model(role)
    return {**scope_of(profile, speaker.models.get(named), speaker, medium), "spare_serial": spare}


def _usual(setting: str) -> str:
    return str(Sketch.model_fields[setting].default)


def _planned(case: Case, document: Document, bench: Site | None) -> Case:
    """Return a case with its plant and timeline. Raises SiteRefusedError."""
    scenario = case.scenario
    if scenario is None:
        return case
    site, findings = _site(case.path, scenario) if bench is None else (bench, [])
    if site is None:
        raise SiteRefusedError(case.path, _marked(findings, document))
    scenario = _as_recorded(scenario, site)
    serials = {unit.id: unit.serial for _, _, unit in units(site)}
    acts = tuple(_with_serials(event, serials) for event in scenario.timeline)
    findings += [
        *check_acts(acts, ("timeline",), site, ACTS),
        *timed(acts, scenario, site),
        *_expected(scenario, site),
    ]
    if findings:
        raise SiteRefusedError(case.path, _marked(findings, document))
    return replace(case, site=site, scenario=scenario, events=tuple(_events(acts, scenario, site)))


def _as_recorded(scenario: Scenario, site: Site) -> Scenario:
    """Return a scenario that begins when what its site replays began."""
    taken = next(iter(recordings(site).values()), None)
    if taken is None:
        return scenario
    return scenario.model_copy(update={"start": datetime.fromtimestamp(Recording(taken).start_utc, UTC)})


def _marked(findings: list[Finding], document: Document) -> tuple[Finding, ...]:
    return in_order(replace(finding, mark=document.mark(finding.loc)) for finding in findings)


def _site(path: Path, scenario: Scenario) -> tuple[Site | None, list[Finding]]:
    if scenario.plant is None:
        loaded = load_site(path.parent / str(scenario.site), SystemClock())
        return loaded.site, []
    try:
        site = sketched(scenario.plant, scenario)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        return None, [Finding(problem=f"{where}: {wrong['msg']}", remedy="correct the plant", loc=("plant",))]
    found = check_site(LoadedSite(site, path, Document({}, {}, {})))
    errors = [finding for finding in found if finding.severity is Severity.ERROR and finding.loc[:1] != ("state_dir",)]
    return site, [replace(finding, loc=("plant",)) for finding in errors]


def sketched(sketch: Sketch, scenario: Scenario) -> Site:
    """Return the site that a sketch stands for; raises ValidationError."""
    serials = _serials(sketch.first_serial or _usual_serial(sketch.role))
    model = sketch.model or _usual_model(sketch.role)
    link = _link(sketch.role, sketch.link)
    nodes = count(1) if sketch.role in ROLES and vendor(ROLES[sketch.role].vendor).pairs else repeat(None)  # as paired
    drawn = [
        {
            "id": branch,
            "breaker_a": 63,
            "inverters": [
                {"slot": f"{branch}-{place}", "serial": next(serials), "model": model, "node": next(nodes)}
                for place in range(1, units_there + 1)
            ],
        }
        for branch, units_there in sketch.branches.items()
    ]
    gateway = {"id": "gw", "role": sketch.role, "poll_s": sketch.poll_s, "branches": drawn}
    emulation = sketch.emulation.model_copy(update={"seed": scenario.seed})
    return Site.model_validate(
        {
            "location": sketch.location.model_dump(),
            "grid_profile": scenario.grid_profile,
            "mqtt": {"url": "mem://hil"},
            "gateways": [{**gateway, "link": {**link, "url": "mem://hil"}}],
            "emulation": emulation.model_dump(),
        }
    )


def _link(role: str, told: Mapping[str, str]) -> dict[str, str]:
    """Return a sketched gateway's link: what a role's links usually are, and what the sketch says."""
    usual = ROLES[role].link if role in ROLES else {}
    return {"medium": PlcLink.model_fields["medium"].default, **usual, **told}


def _usual_model(role: str) -> str:
    if role not in ROLES:
        return "?"
    return ROLES[role].model or next(iter(vendor(ROLES[role].vendor).models), "?")


def _usual_serial(role: str) -> str:
    if role not in ROLES:
        return "AT000001"
    ranges = vendor(ROLES[role].vendor).serials
    return ROLES[role].first_serial or (f"{ranges[0].start:012X}" if ranges else "AT000001")


def _serials(first: str) -> Iterator[str]:
    stem = first.rstrip("0123456789")
    digits = first[len(stem) :]
    return (f"{stem}{number:0{len(digits)}d}" for number in count(int(digits)))


def _with_serials(event: Event, serials: Mapping[str, str]) -> Event:
    """Return an event whose units are named by their serials."""
    known = ACTS.get(event.name, {})
    args = {
        name: serials.get(value, value)
        if value is not None and name in known and known[name].kind in {Kind.UNIT, Kind.ANYWHERE}
        else value
        for name, value in event.args.items()
    }
    return event.model_copy(update={"args": args})


def _expected(scenario: Scenario, site: Site) -> Iterator[Finding]:
    named = Counter(event.id for event in scenario.timeline if event.id is not None)
    for index, event in enumerate(scenario.timeline):
        if event.id is not None and named[event.id] > 1:
            remedy = "give each event its own; in a loop put the variable into it"
            yield Finding(problem=f"two events are called {quoted(event.id)}", remedy=remedy, loc=("timeline", index))
    ids = set(named)
    slots = {unit.id for _, _, unit in units(site)}
    groups = {"site", *(f"gateway/{gateway.id}" for gateway in site.gateways)}
    groups |= {f"branch/{branch.id}" for _, _, branch in branches(site)}
    for index, expectation in enumerate(scenario.expect):
        loc: Loc = ("expect", index)
        if expectation.since is not None and expectation.since not in ids:
            yield _nobody(f"event {quoted(expectation.since)}", sorted(ids), (*loc, "since"))
        yield from _expected_of(expectation, loc, slots, groups, ids)


def _expected_of(one: Expectation, loc: Loc, slots: set[str], groups: set[str], ids: set[str]) -> Iterator[Finding]:
    (kind,) = one.kinds
    asked = getattr(one, kind)
    if one.answer is not None and one.answer.to not in ids:
        yield _nobody(f"event {quoted(one.answer.to)}", sorted(ids), (*loc, kind, "to"))
    if one.alarm is not None and one.alarm.code not in {None, *_ALARM_CODES}:
        yield _nobody(f"alarm {one.alarm.code}", [str(code) for code in _ALARM_CODES], (*loc, kind, "code"))
    for state in one.state.is_in if one.state is not None else ():
        if state not in _STATES:
            yield _nobody(f"state {quoted(state)}", list(_STATES), (*loc, kind, "is_in"))
    of = getattr(asked, "of", None)
    allowed = slots | groups if kind in {"alarm", "listed"} else slots | {"site"} if kind == "energy" else slots
    if of is not None and of not in allowed:
        yield _nobody(f"{quoted(of)} for {kind}", sorted(allowed), (*loc, kind, "of"))


def _nobody(what: str, known: list[str], loc: Loc) -> Finding:
    return Finding(
        problem=f"there is no {what}", remedy=f"use {', '.join(known[:20]) or 'an id that an event has'}", loc=loc
    )


def _events(acts: tuple[Event, ...], scenario: Scenario, site: Site) -> Iterator[Done]:
    before = 0.0
    for number, act in enumerate(acts, start=1):
        before = at_s(act, before, scenario, site)
        yield Done(act.id or f"#{number}", before, act.name, arguments(ACTS[act.name], act.args))
