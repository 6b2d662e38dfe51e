"""Rules over the faces of a site: no two programs at one port, and every inverter somewhere."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import combinations
from urllib.parse import urlsplit

from config.faces import DTU_INPUTS, SINGLES, DtuModbusFace, EcuTcpFace, Face, GatewayFace, SunSpecFace
from config.findings import Finding, Loc, Severity, quoted, setting
from config.plant import gateway_of, profile_of, units
from config.site import Gateway, Site
from protocols.vendors.apsystems.ecu_tcp import fitting, record_type


def check_faces(site: Site) -> Iterator[Finding]:
    """Yield what is wrong about the faces of a site."""
    places: list[tuple[Loc, Face]] = [(("faces", index), face) for index, face in enumerate(site.faces)]
    for (loc, one), (other_loc, other) in combinations(places, 2):
        if one.port == other.port and _meet(one.address, other.address):
            yield _taken(other_loc, other, setting(loc))
    for loc, face in places:
        for url_loc, url in _others(site):
            if _listens_there(face, url):
                yield _taken(loc, face, f"{setting(url_loc)}, {quoted(url)}")
    yield from _inverters(site, places)
    for loc, face in places:
        if isinstance(face, GatewayFace):
            yield from _stands_for(site, loc, face)


def _stands_for(site: Site, loc: Loc, face: GatewayFace) -> Iterator[Finding]:
    """Yield what keeps a face from standing for a gateway."""
    gateway = gateway_of(site, face)
    if gateway is not None:
        yield from _room(loc, face, gateway)
        return
    found = [each.id for each in site.gateways if each.role == face.role]
    if face.gateway is not None:
        problem = f"no gateway {quoted(face.gateway)} of role {face.role}"
    else:
        problem = f"which of {', '.join(found)}?" if found else f"no gateway of role {face.role}"
    remedy = (
        f"name one of {', '.join(found)}" if found else f"take the face out: gateways of role {face.role} alone have it"
    )
    yield Finding(problem=problem, remedy=remedy, loc=(*loc, "gateway" if found else "kind"))


def _room(loc: Loc, face: GatewayFace, gateway: Gateway) -> Iterator[Finding]:
    """Yield that a face cannot show all units of its gateway."""
    models = profile_of(gateway).models
    known = [unit.model for branch in gateway.branches for unit in branch.inverters if unit.model in models]
    inputs, room = sum(models[name].ports for name in known), fitting([record_type(name) for name in known])
    match face:
        case DtuModbusFace() if inputs > DTU_INPUTS:
            problem = f"{gateway.id} has {inputs} inputs; the map has room for {DTU_INPUTS}"
        case EcuTcpFace() if len(known) > room:
            problem = f"{gateway.id} has {len(known)} units; an answer has room for {room}"
        case _:
            return
    remedy = "spread the units over several gateways, each with a face"
    yield Finding(problem=problem, remedy=remedy, loc=loc, severity=Severity.WARNING)


def _meet(one: IPv4Address | IPv6Address, other: IPv4Address | IPv6Address) -> bool:
    return one == other or one.is_unspecified or other.is_unspecified


def _taken(loc: Loc, face: Face, by: str) -> Finding:
    problem = f"port {face.port} at {face.address} is taken by {by}"
    return Finding(problem=problem, remedy="give each face a port of its own", loc=(*loc, "port"))


def _others(site: Site) -> Iterator[tuple[Loc, str]]:
    """Yield the addresses at which other programs listen."""
    yield ("mqtt", "url"), site.mqtt.url
    for index, gateway in enumerate(site.gateways):
        yield ("gateways", index, "link", "url"), gateway.link.url


def _listens_there(face: Face, url: str) -> bool:
    """Tell whether an address is one at which the face listens; a broken one has a finding of its own."""
    try:
        where = urlsplit(url)
        if where.scheme not in {"mqtt", "mqtts", "socket"} or where.port != face.port:
            return False
        host = ip_address("127.0.0.1" if where.hostname == "localhost" else where.hostname or "")
    except ValueError:  # also a name: which machine it is only its network knows
        return False
    return host == face.address or (host.is_loopback and face.address.is_unspecified)


def _inverters(site: Site, places: list[tuple[Loc, Face]]) -> Iterator[Finding]:
    """Yield ports that serve no inverter, and inverters that no port serves, for each family of models."""
    count = sum(1 for _ in units(site))
    ports = [(loc, face) for loc, face in places if isinstance(face, SunSpecFace)]
    for loc, face in ports:
        if face.first > count:
            remedy = f"write a number up to {count}"
            yield Finding(problem=f"the site has {count} inverters", remedy=remedy, loc=(*loc, "first"))
    for models in dict.fromkeys(face.models for _, face in ports):
        same = [(loc, face) for loc, face in ports if face.models == models]
        covered = {number for _, face in same for number in range(face.first, face.first + SINGLES)}
        left_out = next((number for number in range(1, count + 1) if number not in covered), None)
        if left_out is not None:
            yield Finding(
                problem=f"a port has unit ids for {SINGLES} inverters; number {left_out} of the site has none",
                remedy=f"add a sunspec face with first: {left_out}, on a port of its own",
                loc=same[0][0],
                severity=Severity.WARNING,
            )
