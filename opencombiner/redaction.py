"""The command `redact`: a capture and its site file, with other serials, for a report to strangers."""

from collections.abc import Collection, Sequence
from itertools import chain
from pathlib import Path

from config.anonymous import anonymous, other_serials
from config.faces import GatewayFace
from config.plant import gateway_of, nodes, profile_of
from config.site import Gateway, Site
from drivers import pcapng
from drivers.pcapng import Packet
from drivers.recording import Recording
from drivers.redaction import Mask, Way, redacted
from drivers.registry import framing_of, settings_of
from gateway.rows import PairedRow, addresses
from gateway.store import FILE_NAME, Store
from protocols.errors import ConfigError


def redact(site: Site, taken: Path, out: Path) -> Path:
    """Write a capture of a site's links anew, with other serials; return the site file that is written beside it.

    The site file replays it. Raises ConfigError for what is no capture, is of other gateways, or is there already.
    """
    beside = out.with_suffix(".yaml")
    there = [path for path in (out, beside) if path.exists()]
    if there:
        raise ConfigError(f"{there[0]} is there already; name another file")
    recording = Recording(taken)
    gateways = {gateway.id: gateway for gateway in site.gateways}
    strange = recording.links.keys() - gateways.keys()
    if strange:
        raise ConfigError(f"{taken} has the link of a gateway {min(strange)!r}, which the site file does not have")
    others = other_serials(site)
    site = _addressed(_captured(site, recording.links))
    links = {name: _hidden(gateways[name], packets, others) for name, packets in recording.links.items()}
    urls = dict.fromkeys(links, f"replay://{out.name}")  # where it lies is nobody's business
    content = anonymous(site, others, urls).model_dump_json(exclude_defaults=True)
    out.write_bytes(_file(links))
    beside.write_text(f"{content}\n", "utf-8")
    return beside


def _captured(site: Site, links: Collection[str]) -> Site:
    """Return a site with those gateways alone whose links were captured, and the faces that it can still have."""
    there = site.model_copy(update={"gateways": tuple(each for each in site.gateways if each.id in links)})
    faces = [each for each in site.faces if not isinstance(each, GatewayFace) or gateway_of(there, each) is not None]
    return there.model_copy(update={"faces": tuple(faces)})


def _addressed(site: Site) -> Site:
    """Return a site whose units have the addresses that pairing has found: nobody can replay without them."""
    if (
        not any(None in nodes(gateway).values() for gateway in site.gateways)
        or not (site.state_dir / FILE_NAME).exists()
    ):
        return site
    store = Store(site.state_dir, inline=True)
    try:
        rows = store.rows(PairedRow)
    finally:
        store.close()
    return site.model_copy(update={"gateways": tuple(_placed(gateway, rows) for gateway in site.gateways)})


def _placed(gateway: Gateway, rows: Sequence[PairedRow]) -> Gateway:
    if not profile_of(gateway).pairs:
        return gateway
    node = nodes(gateway, addresses(rows, gateway.id, gateway.host))
    branches = tuple(
        branch.model_copy(
            update={
                "inverters": tuple(unit.model_copy(update={"node": node[unit.serial]}) for unit in branch.inverters)
            }
        )
        for branch in gateway.branches
    )
    return gateway.model_copy(update={"branches": branches})


def _hidden(gateway: Gateway, packets: list[Packet], others: dict[str, str]) -> list[Packet]:
    vendor, medium = profile_of(gateway), gateway.link.medium
    if vendor.redaction is None:
        raise ConfigError(f"units of {vendor.name} on the medium {medium} are never captured, and not redacted")
    spelled = vendor.redaction.spellings
    mask = Mask(dict(chain.from_iterable(zip(spelled(old), spelled(new), strict=True) for old, new in others.items())))
    way = Way(framing_of(medium, settings_of(medium, gateway.link)), vendor.redaction.reseal)
    return redacted(packets, way, mask)


def _file(links: dict[str, list[Packet]]) -> bytes:
    """Return a capture whose links are described by nothing but their names, packets in the order of time."""
    numbers = {name: number for number, name in enumerate(links)}
    packets = sorted(chain.from_iterable(links.values()), key=lambda packet: packet.at_ns)
    blocks = [pcapng.section("opencombiner"), *(pcapng.interface(name, name) for name in links)]
    blocks += [
        pcapng.packet(numbers[each.interface.name], each.at_ns, each.data, inbound=bool(each.inbound))
        for each in packets
    ]
    return b"".join(blocks)
