"""A fleet after the pattern of a site file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.fleet import Fleet, shard_of
from config.loader import load_packaged
from config.plant import units
from config.site import MCombiner, Site
from drivers.clock import SystemClock
from protocols.errors import ConfigError
from tests.support.dtu_plant import site as dtu_site
from tests.support.ecu import ecu_site
from tests.support.hub import hub_site

PATTERN = load_packaged("demo.yaml", SystemClock())  # twelve units on a link, on two branches


def _fleet(number: int, pattern: Site = PATTERN, base_port: int = 20000) -> Fleet:
    return Fleet(pattern, number, "127.0.0.1", base_port)


def _all(fleet: Fleet, *shards: tuple[int, int]) -> Iterator[dict[str, Any]]:
    for shard in shards:
        for link in fleet.shard(*shard):
            yield from ({"port": gateway.link.url, **unit.model_dump()} for _, gateway, unit in units(fleet.site(link)))


def test_there_are_as_many_as_asked_for_and_no_two_are_alike() -> None:
    found = list(_all(_fleet(1000), (1, 1)))
    assert len(found) == 1000
    assert len({unit["serial"] for unit in found}) == 1000
    assert len({unit["slot"] for unit in found}) == 1000
    assert len({unit["port"] for unit in found}) == 84


def test_a_unit_is_the_same_in_whichever_shard_it_is() -> None:
    whole = {unit["serial"]: unit for unit in _all(_fleet(100), (1, 1))}
    parts = {unit["serial"]: unit for unit in _all(_fleet(100), (1, 3), (2, 3), (3, 3))}
    assert parts == whole
    more = {unit["serial"]: unit for unit in _all(_fleet(5000), (1, 1))}
    assert {serial: more[serial] for serial in whole} == whole


def test_gateways_call_themselves_differently_on_their_media(tmp_path: Path) -> None:
    fleet = _fleet(3, ecu_site(tmp_path, units=1))
    site = fleet.site(0, 1, 2)
    assert [gateway.host for gateway in site.gateways] == ["D8A3011B9780", "D8A3011B9781", "D8A3011B9782"]
    dtus = dtu_site(tmp_path, each=1)
    named = dtus.gateways[0].model_copy(update={"dtu_serial": "199980100001"})
    dtu = _fleet(2, dtus.model_copy(update={"gateways": (named,)})).site(0, 1)
    assert [gateway.host for gateway in dtu.gateways] == ["199980100001", "199980100002"]


def test_units_that_dial_a_broker_are_no_fleet(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gateway hub: its units dial a broker.*without --units"):
        _fleet(6, hub_site(tmp_path))


def test_a_link_is_on_the_port_of_its_number() -> None:
    fleet = _fleet(100)
    assert [fleet.site(link).gateways[0].link.url for link in fleet.shard(2, 4)] == [
        "socket://127.0.0.1:20001",
        "socket://127.0.0.1:20005",
    ]


def test_a_shard_is_a_site_that_can_run() -> None:
    site = _fleet(50).site(0, 2, 4)
    assert [sum(len(branch.inverters) for branch in one.branches) for one in site.gateways] == [12, 12, 2]
    again = Site.model_validate_json(site.model_dump_json(exclude_defaults=True))
    assert again == site


def test_the_meter_of_the_pattern_is_of_its_own_units() -> None:
    plain = PATTERN.model_dump(mode="json")
    plain["gateways"][0] |= {"role": "m-combiner", "meter": {"topic": "house/meter"}}
    [gateway] = _fleet(50, Site.model_validate(plain)).site(1).gateways
    assert isinstance(gateway, MCombiner)
    assert gateway.meter is None


def test_a_site_with_less_than_a_link_has_the_first_units_of_the_pattern() -> None:
    [gateway] = _fleet(3).site(0).gateways
    assert [[unit.serial for unit in branch.inverters] for branch in gateway.branches] == [
        ["400E2400001", "400E2400002", "400E2400003"]
    ]


def _with_first(**changed: Any) -> Site:
    gateway = PATTERN.gateways[0]
    first = gateway.branches[0].inverters[0].model_copy(update=changed)
    branch = gateway.branches[0].model_copy(update={"inverters": (first,)})
    return PATTERN.model_copy(update={"gateways": (gateway.model_copy(update={"branches": (branch,)}),)})


@pytest.mark.parametrize(
    ("number", "pattern", "base_port", "words"),
    [
        pytest.param(1000, PATTERN, 65500, "beyond 65535", id="too many ports"),
        pytest.param(2, _with_first(serial="ABCDE"), 20000, "it has none", id="a serial without a number"),
        pytest.param(20, _with_first(serial="ABCD3"), 20000, "not enough digits", id="a serial with too few digits"),
        pytest.param(20, _with_first(slot="s" * 39), 20000, "too long a name", id="a long name"),
    ],
)
def test_a_fleet_that_cannot_be_is_refused(number: int, pattern: Site, base_port: int, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _fleet(number, pattern, base_port)


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/", "a/b", "1/2/3", "-1/2"])
def test_a_shard_is_one_of_so_many(text: str) -> None:
    assert shard_of("2/4") == (2, 4)
    with pytest.raises(ConfigError, match="write which of how many"):
        shard_of(text)
