"""Many units from one site file: the link of its first gateway, again and again, with serials counted on."""

import re
from dataclasses import dataclass

from config.plant import dials_in
from config.section import ID, SERIAL
from config.site import Branch, Dtu, Ecu, Gateway, Inverter, MCombiner, Site
from protocols.errors import ConfigError

MAX_UNITS = 100_000  # a hundred processes' worth
HIGHEST_PORT = 65535
WHOLE = "1/1"  # the shard that is all of it


@dataclass(frozen=True, slots=True)
class Fleet:
    """`units` of them, on as many links as it takes; link 0 is on `base_port` of `host`, link 1 on the next.

    Each link is a site of its own, with the branches and units of the pattern and a service line of its own. What a
    unit is depends on its number and the seed alone, never on which others are there. Raises ConfigError.
    """

    pattern: Site
    units: int
    host: str
    base_port: int

    def __post_init__(self) -> None:
        if dials_in(self.gateway):
            problem = "its units dial a broker: there is no link to serve again and again"
            raise ConfigError(f"gateway {self.gateway.id}: {problem}; emulate them without --units")
        if self.base_port + self.links - 1 > HIGHEST_PORT:
            raise ConfigError(f"{self.links} links from port {self.base_port} on go beyond {HIGHEST_PORT}")
        self.site(self.links - 1)  # the longest serial and the longest name are there

    @property
    def gateway(self) -> Gateway:
        """Return the gateway that is repeated."""
        return self.pattern.gateways[0]

    @property
    def links(self) -> int:
        """Return how many links there are; the last one may not be full."""
        return -(-self.units // self._per_link)

    @property
    def _per_link(self) -> int:
        return sum(len(branch.inverters) for branch in self.gateway.branches)

    def shard(self, number: int, of: int) -> range:
        """Return the links of one of several shards, 1 … `of`: every `of`-th."""
        return range(number - 1, self.links, of)

    def site(self, *links: int) -> Site:
        """Return the site of some links; script and meter of the site file are of its own units, and left out."""
        emulation = self.pattern.emulation.model_copy(update={"script": (), "loop": False})
        gateways = tuple(self._link(number) for number in links)
        return self.pattern.model_copy(update={"gateways": gateways, "emulation": emulation})

    def _link(self, number: int) -> Gateway:
        left = self.units - number * self._per_link
        branches: list[Branch] = []
        for branch in self.gateway.branches:
            units = tuple(self._unit(unit, number) for unit in branch.inverters[: max(left, 0)])
            left -= len(branch.inverters)
            if units:
                branches.append(branch.model_copy(update={"id": _name(branch.id, number), "inverters": units}))
        url = f"socket://{self.host}:{self.base_port + number}"
        link = self.gateway.link.model_copy(update={"url": url})
        changed = {"id": _name(self.gateway.id, number), "link": link, "branches": tuple(branches)}
        return self.gateway.model_copy(update=changed | self._own(number))

    def _own(self, number: int) -> dict[str, object]:
        """Return what two gateways cannot share: a meter, and what they call themselves on their media."""
        match self.gateway:
            case MCombiner():
                return {"meter": None}
            case Ecu(ecu_id=name):
                return {"ecu_id": _counted_on(name, number)}
            case Dtu(dtu_serial=str(name)):
                return {"dtu_serial": _counted_on(name, number)}
            case _:
                return {}

    def _unit(self, unit: Inverter, link: int) -> Inverter:
        stem, digits = _split(unit.serial)
        serial = f"{stem}{int(digits) + link * self._step:0{len(digits)}d}"
        if len(serial) > len(unit.serial) or not re.fullmatch(SERIAL, serial):
            raise ConfigError(f"serial {unit.serial}: there are not enough digits at its end for {self.units} units")
        return unit.model_copy(update={"serial": serial, "slot": _name(unit.id, link)})

    @property
    def _step(self) -> int:
        """Return by how much serials differ from link to link, so that none comes twice."""
        numbers = [int(_split(unit.serial)[1]) for branch in self.gateway.branches for unit in branch.inverters]
        return max(numbers) - min(numbers) + 1


def _counted_on(name: str, number: int) -> str:
    return f"{(int(name, 16) + number) % 16 ** len(name):0{len(name)}X}"


def _split(serial: str) -> tuple[str, str]:
    stem = serial.rstrip("0123456789")
    if len(stem) == len(serial):
        raise ConfigError(f"serial {serial}: units of a fleet are counted by the digits at its end, and it has none")
    return stem, serial[len(stem) :]


def _name(pattern: str, link: int) -> str:
    name = f"{pattern}-{link}"
    if not re.fullmatch(ID, name):
        raise ConfigError(f"{name}: too long a name; shorten {pattern} in the site file")
    return name


def shard_of(text: str) -> tuple[int, int]:
    """Return number and count of a shard, written 2/4; raises ConfigError."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count) <= MAX_UNITS):
        raise ConfigError(f"--shard {text}: write which of how many, as 1/4 … 4/4")
    return int(number), int(count)
