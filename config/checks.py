"""Rules over a whole site that types cannot state; each is a generator of findings."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from config.branch import Limit, branch_load
from config.broker import Broker
from config.check_faces import check_faces
from config.findings import Finding, Loc, Severity, SiteRefusedError, in_order, quoted, setting
from config.grid_profiles import grid_profile
from config.instruments import check_script
from config.links import WifiLink
from config.loader import LoadedSite
from config.plant import branches, cycle, dials_in, profile_of, recordings, units
from config.roles import ROLES
from config.section import BROKER_URL, FORMS, LINK_URL
from config.site import Branch, Site
from drivers.recording import Recording
from drivers.registry import last_node
from drivers.replay import SCHEME, path_of
from protocols.errors import ConfigError
from protocols.profile import Model

TAKEN_SLOTS = frozenset({"site", "bridge", "gateway", "branch"})  # words of the topic tree and of targets


def check_site(loaded: LoadedSite) -> tuple[Finding, ...]:
    """Return what is wrong or doubtful about a site, in the order of the file."""
    findings = [
        replace(finding, mark=loaded.document.mark(finding.loc)) for rule in _RULES for finding in rule(loaded.site)
    ]
    return in_order(findings)


def admit(loaded: LoadedSite) -> tuple[Finding, ...]:
    """Return the warnings about a site; raises SiteRefusedError when there are errors."""
    findings = check_site(loaded)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise SiteRefusedError(loaded.path, errors)
    return findings


def _time_zone(site: Site) -> Iterator[Finding]:
    name = site.location.timezone
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; not a relative path; a folder of zones
        near = get_close_matches(name, available_timezones(), n=1)
        remedy = f"did you mean {near[0]}?" if near else "write an IANA name, as Europe/Amsterdam"
        yield Finding(problem=f"there is no time zone {quoted(name)}", remedy=remedy, loc=("location", "timezone"))


def _no_time_zone(site: Site) -> Iterator[Finding]:
    if "timezone" not in site.location.model_fields_set:
        problem = "is not given: the energy of the day begins anew at midnight UTC"
        remedy = "write an IANA name, as Europe/Amsterdam, or UTC if you want it so"
        yield Finding(problem=problem, remedy=remedy, loc=("location", "timezone"), severity=Severity.WARNING)


def _grid_profile(site: Site) -> Iterator[Finding]:
    try:
        grid_profile(site.grid_profile)
    except SiteRefusedError as error:
        for finding in error.findings:
            place = f"{setting(finding.loc)}: " if finding.loc else ""
            where = "" if finding.mark is None else f" line {finding.mark.line}:"
            problem = f"{quoted(site.grid_profile)}:{where} {place}{finding.problem}"
            yield Finding(problem=problem, remedy=finding.remedy, loc=("grid_profile",))


def _gateway_ids(site: Site) -> Iterator[Finding]:
    yield from _doubles("gateway", ((("gateways", i, "id"), one.id) for i, one in enumerate(site.gateways)))


def _branch_ids(site: Site) -> Iterator[Finding]:
    yield from _doubles("branch", (((*loc, "id"), branch.id) for loc, _, branch in branches(site)))


def _serials(site: Site) -> Iterator[Finding]:
    yield from _doubles("serial", (((*loc, "serial"), unit.serial) for loc, _, unit in units(site)))


def _slots(site: Site) -> Iterator[Finding]:
    first = {unit.serial: (loc, unit) for loc, _, unit in reversed(list(units(site)))}  # a doubled serial has its rule
    places = sorted(first.values(), key=lambda place: place[0])
    yield from _doubles("slot", (((*loc, "slot" if unit.slot else "serial"), unit.id) for loc, unit in places))
    for loc, unit in places:
        if unit.id in TAKEN_SLOTS:
            problem = f"{quoted(unit.id)} means something else in topics and commands"
            yield Finding(problem=problem, remedy="give the slot another name", loc=(*loc, "slot"))


def _nodes(site: Site) -> Iterator[Finding]:
    for i, gateway in enumerate(site.gateways):
        if dials_in(gateway):
            continue
        own = [(loc, unit.node) for loc, owner, unit in units(site) if owner is gateway and unit.node is not None]
        yield from _doubles("node", (((*loc, "node"), str(node)) for loc, node in own))
        most, count = last_node(gateway.link.medium), len([owner for _, owner, _ in units(site) if owner is gateway])
        if count > most:
            problem = f"{count} units on one link; the medium has {most} addresses"
            yield Finding(problem=problem, remedy="spread them over several gateways", loc=("gateways", i))
        for loc, node in own:
            if node > most:
                problem = f"node {node} is no address of the medium"
                yield Finding(problem=problem, remedy=f"use at most {most}", loc=(*loc, "node"))


def _derived_nodes(site: Site) -> Iterator[Finding]:
    for gateway in site.gateways:
        places = {unit.serial: (*loc, "serial") for loc, owner, unit in units(site) if owner is gateway}
        node_of = profile_of(gateway).node
        if node_of is not None:
            yield from derived_nodes(places, node_of)


def _carriers(site: Site) -> Iterator[Finding]:
    for loc, gateway, unit in units(site):
        carrier_of, carrier = profile_of(gateway).carrier, gateway.link.carrier
        needed = carrier if carrier_of is None else carrier_of(unit.serial)
        if needed not in (None, carrier):
            problem = (
                f"serial {quoted(unit.serial)} is that of a unit for {needed}; the link of {gateway.id} is {carrier}"
            )
            yield Finding(problem=problem, remedy=f"put it under a gateway with {needed}", loc=(*loc, "serial"))


def derived_nodes(places: Mapping[str, Loc], node_of: Callable[[str], int]) -> Iterator[Finding]:
    """Judge the addresses that follow from serials; each serial with its place in the file."""
    derived: list[tuple[Loc, str]] = []
    for serial, loc in places.items():
        try:
            derived.append((loc, f"{node_of(serial):x}"))
        except ValueError:
            problem = f"from serial {quoted(serial)} follows no address on the medium"
            yield Finding(problem=problem, remedy="write it as it is printed on the label", loc=loc)
    yield from _doubles("address", derived)


def _hosts(site: Site) -> Iterator[Finding]:
    named = ((("gateways", i), f"{one.link.medium} {one.host}") for i, one in enumerate(site.gateways) if one.host)
    yield from _doubles("name on the medium", named)


def _long_answers(site: Site) -> Iterator[Finding]:
    for loc, gateway, unit in units(site):
        profile, most = profile_of(gateway), gateway.link.longest_answer
        model = profile.models.get(unit.model)
        longest = max(profile.poll_size(model).answers, default=0) if model else 0
        if most is not None and longest > most:
            problem = f"answers of a {unit.model} have {longest} bytes, and the adapter hands up {most} at most"
            remedy = "use other firmware, and say so in the link"
            yield Finding(problem=problem, remedy=remedy, loc=(*loc, "model"))


def _links(site: Site) -> Iterator[Finding]:
    own = [(loc, url) for loc, url, shared in _link_urls(site) if not shared and not url.startswith(SCHEME)]
    yield from _doubles("link", own)


def _replays(site: Site) -> Iterator[Finding]:
    """Judge links that replay: a recording has all links of its site, and a clock of its own."""
    files = set(recordings(site).values())
    if not files:
        return
    path = min(files)
    for loc, url, _ in _link_urls(site):
        if path_of(url) != path:
            problem = f"{quoted(url)} beside a recording, which has its own time"
            yield Finding(problem=problem, remedy=f"let every link be {SCHEME}{path}, or none", loc=loc)
            return
    try:
        links = Recording(path).links
    except ConfigError as error:
        yield Finding(problem=str(error), remedy="name a file that `capture` wrote", loc=_link_urls(site)[0][0])
        return
    for i, gateway in enumerate(site.gateways):
        if gateway.id not in links:
            problem = f"{path} has no link {quoted(gateway.id)}"
            remedy = f"name the gateway as it was captured: {', '.join(sorted(links))}"
            yield Finding(problem=problem, remedy=remedy, loc=("gateways", i, "id"))


def _link_urls(site: Site) -> list[tuple[Loc, str, bool]]:
    """Return place and URL of every link, and whether it is a broker, which many may use."""
    return [
        (("gateways", i, "link", "url"), gateway.link.url, isinstance(gateway.link, WifiLink))
        for i, gateway in enumerate(site.gateways)
    ]


def _addresses(site: Site) -> Iterator[Finding]:
    for loc, url, is_broker in (*_link_urls(site), (("mqtt", "url"), site.mqtt.url, True)):
        problem = _wrong_address(url)
        if problem is not None:
            yield Finding(problem=problem, remedy=f"write {FORMS[BROKER_URL if is_broker else LINK_URL]}", loc=loc)
        if is_broker and "@" in url:
            at = setting(loc[:-1])
            remedy = f"set {at}.user, and {at}.password_file or {at}.password_env"
            yield Finding(problem="user and password do not belong in an address", remedy=remedy, loc=loc)


def _wrong_address(url: str) -> str | None:
    """Return what an address lacks; a broker's port may be left out. Secrets that stand in it are not repeated."""
    scheme, _, rest = url.partition(":")
    if scheme != url and not rest.strip("/"):
        return f"{quoted(url)} names nothing"
    if scheme not in {"mqtt", "mqtts", "socket"}:
        return None
    try:
        where = urlsplit(url)
        host, port = where.hostname, where.port
    except ValueError:  # a port that is no number or out of range, a broken IPv6 address
        return "its port is no number from 1 to 65535, or its host is misspelt"
    if not host or " " in host:
        return "its host is missing or misspelt"
    return "its port is missing" if scheme == "socket" and port is None else None


def _models(site: Site) -> Iterator[Finding]:
    for loc, gateway, unit in units(site):
        profile = profile_of(gateway)
        if unit.model not in profile.models:
            problem = f"model {quoted(unit.model)} is not known to {ROLES[gateway.role].title}"
            yield Finding(problem=problem, remedy=f"use {', '.join(profile.models)}", loc=(*loc, "model"))


def _serial_forms(site: Site) -> Iterator[Finding]:
    for loc, gateway, unit in units(site):
        if not known_serial(unit.serial, profile_of(gateway).serials):
            yield Finding(
                problem=f"serial {quoted(unit.serial)} is in no range known of {ROLES[gateway.role].title}",
                remedy="compare it with the label; it is used as it is",
                loc=(*loc, "serial"),
                severity=Severity.WARNING,
            )


def _misfits(site: Site) -> Iterator[Finding]:
    """Compare serials with models, where a vendor's serials tell of them."""
    for loc, gateway, unit in units(site):
        profile = profile_of(gateway)
        model = profile.models.get(unit.model)
        if profile.fits is not None and model is not None and not profile.fits(unit.serial, model):
            yield Finding(
                problem=f"serial {quoted(unit.serial)} is not that of a {unit.model}",
                remedy="compare both with the label: its answers would be taken for those of another model",
                loc=(*loc, "model"),
                severity=Severity.WARNING,
            )


def known_serial(serial: str, ranges: Collection[range] | None) -> bool:
    """Tell whether a serial, read as a hexadecimal number, is in a range; without ranges every one is."""
    if ranges is None:
        return True
    try:
        number = int(serial, 16)
    except ValueError:
        return False
    return any(number in one for one in ranges)


def _breakers(site: Site) -> Iterator[Finding]:
    for loc, gateway, branch in branches(site):
        models = profile_of(gateway).models
        if all(unit.model in models for unit in branch.inverters):  # an unknown model is an error of its own
            yield from _breaker(loc, branch, models)


def _breaker(loc: Loc, branch: Branch, models: Mapping[str, Model]) -> Iterator[Finding]:
    load = branch_load(branch, models)
    ratings = sorted({rating for unit in branch.inverters for rating in models[unit.model].units_per_breaker})
    figures = f"the manual has figures for {', '.join(f'{rating} A' for rating in ratings)}"
    wire = "" if branch.wire_awg is None else f" and {branch.wire_awg} AWG"
    what = f"branch {quoted(branch.id)}: {load.text} draw {load.drawn_a:.2f} A on a {branch.breaker_a} A breaker{wire}"
    match load.limit:
        case None if load.drawn_a > branch.breaker_a:
            yield Finding(problem=f"{what}, more than its rating", remedy="move units to another branch", loc=loc)
        case None if not ratings:
            pass  # no manual has a table: the breaker's own rating is all there is
        case None:
            problem = f"{what}, a rating of which the manual says nothing"
            remedy = f"verify the load yourself; {figures}"
            yield Finding(problem=problem, remedy=remedy, loc=(*loc, "breaker_a"), severity=Severity.WARNING)
        case Limit(used, permitted, source) if used > 1:
            problem = f"{what}, which takes at most {permitted} ({source})"
            yield Finding(problem=problem, remedy=f"move units to another branch; {figures}", loc=loc)
        case Limit():
            pass


def _slow_links(site: Site) -> Iterator[Finding]:
    for i, gateway in enumerate(site.gateways):
        expected = cycle(gateway)
        if expected.cycle_s > expected.poll_s:
            problem = f"a round of polls takes this link {expected.cycle_s:.1f} s"
            remedy = f"each unit is polled every {expected.period_s:.1f} s; set that, or use a faster link"
            loc: Loc = ("gateways", i, "poll_s")
            yield Finding(problem=problem, remedy=remedy, loc=loc, severity=Severity.WARNING)


def _in_process_urls(site: Site) -> Iterator[Finding]:
    for loc, url, _ in (*_link_urls(site), (("mqtt", "url"), site.mqtt.url, True)):
        if url.startswith("mem://"):
            problem = f"{quoted(url)} joins parts of one process only; commands of their own never meet there"
            yield Finding(problem=problem, remedy="use pty:PATH or an address", loc=loc, severity=Severity.WARNING)


def _brokers(site: Site) -> Iterator[Finding]:
    yield from _broker(("mqtt",), site.mqtt)
    for i, gateway in enumerate(site.gateways):
        if isinstance(gateway.link, WifiLink):
            yield from _broker(("gateways", i, "link"), gateway.link)


def _broker(loc: Loc, broker: Broker) -> Iterator[Finding]:
    tls, secure = (*loc, "tls"), f"begin {setting(loc)}.url with mqtts://"
    if broker.password_file is not None and broker.password_env is not None:
        yield Finding(problem="two places for one password", remedy="keep one of them", loc=(*loc, "password_env"))
    if broker.tls is not None and not broker.url.startswith("mqtts://"):
        yield Finding(problem="the URL asks for no TLS", remedy=secure, loc=tls)
    if broker.tls is not None and (broker.tls.cert_file is None) != (broker.tls.key_file is None):
        yield Finding(problem="a certificate needs its key", remedy="set cert_file and key_file", loc=tls)


def _doubles(what: str, entries: Iterable[tuple[Loc, str]]) -> Iterator[Finding]:
    first: dict[str, Loc] = {}
    for loc, value in entries:
        if value in first:
            problem = f"{what} {quoted(value)} is taken by {setting(first[value])}"
            yield Finding(problem=problem, remedy=f"give each its own {what}", loc=loc)
        else:
            first[value] = loc


_RULES: tuple[Callable[[Site], Iterator[Finding]], ...] = (
    _time_zone,
    _no_time_zone,
    _grid_profile,
    _gateway_ids,
    _branch_ids,
    _serials,
    _slots,
    _nodes,
    _derived_nodes,
    _carriers,
    _hosts,
    _long_answers,
    _links,
    _replays,
    _addresses,
    _models,
    _serial_forms,
    _misfits,
    _breakers,
    _slow_links,
    _in_process_urls,
    _brokers,
    check_faces,
    check_script,
)
