"""Views on a site that its readers share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import MappingProxyType

from config.faces import GatewayFace
from config.findings import Loc
from config.links import Link
from config.roles import ROLES
from config.site import Branch, Gateway, Inverter, Site
from drivers import registry
from drivers.recording import Reading
from drivers.replay import path_of
from protocols.profile import PollSize, VendorProfile
from protocols.registry import vendor

_NOBODY: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Cycle:
    """How long a link needs to poll each of its units once, nothing lost; `poll_s` is what the site file asks for.

    `transaction_s` is the longest poll of one unit. Units that report by themselves cost the link nothing.
    """

    transaction_s: float
    cycle_s: float
    poll_s: float

    @property
    def period_s(self) -> float:
        """Return the poll period that comes out: the asked one, unless the link is too slow for it."""
        return max(self.poll_s, self.cycle_s)


def profile_of(gateway: Gateway) -> VendorProfile:
    """Return the vendor that a gateway's role speaks for, as its units talk over the gateway's medium."""
    return spoken_for(gateway.role, gateway.link.medium)


def spoken_for(role: str, medium: str) -> VendorProfile:
    """Return the vendor that a role speaks for, as its units talk over a medium."""
    profile = vendor(ROLES[role].vendor)
    return profile.over.get(medium, profile)


def gateway_of(site: Site, face: GatewayFace) -> Gateway | None:
    """Return the gateway that a face stands for; None where it names none, or leaves a choice between several."""
    found = [each for each in site.gateways if each.role == face.role and face.gateway in (None, each.id)]
    return found[0] if len(found) == 1 else None


def dials_in(gateway: Gateway) -> bool:
    """Tell whether a gateway's units come to its broker by themselves: they have no address and share no line."""
    return profile_of(gateway).push is not None


def recordings(site: Site) -> dict[str, Path]:
    """Return the file that each gateway's link replays; gateways with other links are left out."""
    found = ((gateway.id, path_of(gateway.link.url)) for gateway in site.gateways)
    return {gateway: path for gateway, path in found if path is not None}


def reading_of(gateway: Gateway) -> Reading:
    """Return how the captured bytes of a gateway's link are read."""
    medium = gateway.link.medium
    cutter = registry.cutter_of(medium, registry.settings_of(medium, gateway.link))
    return Reading(cutter, profile_of(gateway).volatile)


def branches(site: Site) -> Iterator[tuple[Loc, Gateway, Branch]]:
    """Yield every branch with the path of its section."""
    for i, gateway in enumerate(site.gateways):
        for j, branch in enumerate(gateway.branches):
            yield ("gateways", i, "branches", j), gateway, branch


def units(site: Site) -> Iterator[tuple[Loc, Gateway, Inverter]]:
    """Yield every inverter with the path of its section."""
    for loc, gateway, branch in branches(site):
        for k, inverter in enumerate(branch.inverters):
            yield (*loc, "inverters", k), gateway, inverter


def nodes(gateway: Gateway, paired: Mapping[str, int] = _NOBODY) -> dict[str, int | None]:
    """Return each unit's address by serial: as the vendor derives it, as the site file says, else the lowest free ones.

    Where units choose their addresses, what the file leaves out is `paired`, which pairing has found, by serial; None
    for a unit that has not been paired. Raises ValueError for a serial from which the vendor derives no address.
    """
    inverters, node_of = _inverters(gateway), profile_of(gateway).node
    if node_of is not None:
        return {inverter.serial: node_of(inverter.serial) for inverter in inverters}
    if profile_of(gateway).pairs:
        return {inverter.serial: inverter.node or paired.get(inverter.serial) for inverter in inverters}
    taken = {inverter.node for inverter in inverters}
    free = (node for node in count(1) if node not in taken)
    return {inverter.serial: inverter.node or next(free) for inverter in inverters}


def cycle(gateway: Gateway) -> Cycle:
    """Return how long the gateway's link needs for one round of live polls; units of unknown models are left out."""
    profile = profile_of(gateway)
    if profile.push is not None:
        return Cycle(0.0, 0.0, gateway.poll_s)
    models = [profile.models[unit.model] for unit in _inverters(gateway) if unit.model in profile.models]
    each_s = [transaction_s(gateway.link, profile.poll_size(model)) for model in models]
    return Cycle(max(each_s, default=0.0), sum(each_s), gateway.poll_s)


def transaction_s(link: Link, poll: PollSize) -> float:
    """Return the paper time of one poll on a link."""
    settings = registry.settings_of(link.medium, link)
    return registry.transaction_s(link.medium, settings, poll.request, poll.answers)


def _inverters(gateway: Gateway) -> list[Inverter]:
    return [inverter for branch in gateway.branches for inverter in branch.inverters]
