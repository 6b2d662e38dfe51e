from dataclasses import replace
from typing import Any

import pytest

from config.checks import derived_nodes
from config.findings import Loc
from config.plant import Cycle, cycle, nodes
from config.site import Ecu, Gateway, MCombiner
from drivers.registry import last_node
from protocols.registry import vendor


def gateway(*units: dict[str, Any], **link: float) -> Gateway:
    return MCombiner.model_validate(
        {
            "id": "roof",
            "role": "m-combiner",
            "link": {"url": "mem://plc", **link},
            "branches": [{"id": "south", "inverters": [{"model": "MI-400", **unit} for unit in units]}],
        }
    )


def test_addresses_are_given_in_order_around_those_that_are_set() -> None:
    own = gateway({"serial": "AAAA"}, {"serial": "BBBB", "node": 2}, {"serial": "CCCC"}, {"serial": "DDDD", "node": 1})
    assert nodes(own) == {"AAAA": 3, "BBBB": 2, "CCCC": 4, "DDDD": 1}


def test_a_full_link_uses_every_address() -> None:
    most = last_node("plc")
    units = [{"serial": f"{n:04d}"} for n in range(most)]
    assert set(nodes(gateway(*units)).values()) == set(range(1, most + 1))


def test_the_cycle_is_the_paper_time_of_one_poll_of_each_unit() -> None:
    profile = vendor("atmoce")
    size = profile.poll_size(profile.models["MI-400"])
    own = gateway({"serial": "AAAA"}, {"serial": "BBBB"}, bit_rate=4800, overhead_bytes=20, turnaround_s=0.06)
    expected = cycle(own)
    assert expected.transaction_s == pytest.approx((size.request + sum(size.answers) + 40) * 8 / 4800 + 0.12)
    assert expected.cycle_s == pytest.approx(2 * expected.transaction_s)


@pytest.mark.parametrize(
    ("cycle_s", "period_s"), [(3.7, 5.0), (8.2, 8.2)], ids=["a fast link waits", "a slow link stretches the period"]
)
def test_the_period_is_the_longer_of_asked_and_possible(cycle_s: float, period_s: float) -> None:
    assert Cycle(transaction_s=0.3, cycle_s=cycle_s, poll_s=5.0).period_s == period_s


def test_where_addresses_follow_from_serials_the_order_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    radio = replace(vendor("atmoce"), node=lambda serial: int(serial[-8:], 16))
    monkeypatch.setattr("config.plant.vendor", lambda _: radio)
    own = gateway({"serial": "116183063371", "node": 3}, {"serial": "1410A01121AE"})
    assert nodes(own) == {"116183063371": 0x83063371, "1410A01121AE": 0xA01121AE}


def ecu(*units: dict[str, Any], **settings: object) -> Gateway:
    return Ecu.model_validate(
        {
            "id": "barn",
            "role": "ecu",
            "link": {"url": "mem://zigbee"},
            "branches": [{"id": "barn", "inverters": [{"model": "QS1", **unit} for unit in units]}],
        }
        | settings
    )


def test_where_units_choose_addresses_the_site_file_or_pairing_gives_them_and_the_order_none() -> None:
    own = ecu({"serial": "802000000001", "node": 0x1111}, {"serial": "802000000002"}, {"serial": "802000000003"})
    paired = {"802000000001": 0x2222, "802000000002": 0x3333, "802000000009": 0x4444}
    assert nodes(own, paired) == {"802000000001": 0x1111, "802000000002": 0x3333, "802000000003": None}


@pytest.mark.parametrize(
    ("settings", "host"),
    [({}, "D8A3011B9780"), ({"ecu_id": "21620000abcd"}, "21620000ABCD")],
    ids=["the usual id", "an id of one's own"],
)
def test_an_ecu_calls_itself_by_its_id(settings: dict[str, object], host: str) -> None:
    assert ecu({"serial": "802000000001"}, **settings).host == host


@pytest.mark.parametrize(
    ("serials", "problems"),
    [
        pytest.param(["116183063371", "1410A01121AE"], [], id="two that differ"),
        pytest.param(
            ["116183063371", "114183063371"],
            ["address '83063371' is taken by gateways[0].branches[0].inverters[0].serial"],
            id="two of one address",
        ),
        pytest.param(
            ["1161830633ZZ"], ["from serial '1161830633ZZ' follows no address on the medium"], id="no hexadecimal"
        ),
    ],
)
def test_addresses_that_follow_from_serials(serials: list[str], problems: list[str]) -> None:
    places: dict[str, Loc] = {
        serial: ("gateways", 0, "branches", 0, "inverters", number, "serial") for number, serial in enumerate(serials)
    }
    found = derived_nodes(places, lambda serial: int(serial[-8:], 16))
    assert [finding.problem for finding in found] == problems
