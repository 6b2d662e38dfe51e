"""What `check` says of an ECU."""

from collections.abc import Callable

import pytest

from config.checks import check_site
from config.loader import LoadedSite
from config.plant import nodes
from opencombiner.report import report

SITE = """location: {latitude: 52.0, longitude: 5.0, timezone: Europe/Amsterdam}
gateways:
  - id: barn
    role: ecu
    poll_s: 60
    link: {url: /dev/ttyUSB0}
    branches:
      - {id: east, breaker_a: 20, inverters: [{serial: "802000000001", model: QS1, node: 4097}]}
  - id: shed
    role: ecu
    poll_s: 60
    ecu_id: 21620000ABCD
    link: {url: /dev/ttyUSB1, hops: 2}
    branches:
      - {id: west, breaker_a: 20, inverters: [{serial: "703000000001", model: DS3}]}
"""


def test_a_sound_site_has_no_findings_and_an_unpaired_unit_no_address(load: Callable[[str], LoadedSite]) -> None:
    loaded = load(SITE)
    assert check_site(loaded) == ()
    assert [nodes(gateway) for gateway in loaded.site.gateways] == [{"802000000001": 4097}, {"703000000001": None}]
    said = report(loaded)
    assert [row.node for row in said.inverters] == [4097, None]
    assert [row.adapter for row in said.links] == ["ZNP, 265 bytes, 1 hop", "ZNP, 265 bytes, 2 hops"]
    assert all(0.3 < row.cycle_s < 0.4 for row in said.links)


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        pytest.param(
            "ecu_id: 21620000ABCD",
            "ecu_id: d8a3011b9780",
            "name on the medium 'zigbee D8A3011B9780' is taken by gateways[0]",
            id="two networks of one name",
        ),
        pytest.param(
            "hops: 2",
            "uart_bytes: 128",
            "answers of a DS3 have 113 bytes, and the adapter hands up 111 at most",
            id="answers that the serial buffer loses",
        ),
        pytest.param("node: 4097", "node: 65530", "node 65530 is no address of the medium", id="a broadcast address"),
        pytest.param(
            "802000000001",
            "302000000001",
            "serial '302000000001' is in no range known of ECU (APsystems)",
            id="a serial of nobody",
        ),
    ],
)
def test_a_mistake_is_told(load: Callable[[str], LoadedSite], right: str, wrong: str, problem: str) -> None:
    assert right in SITE
    assert [finding.problem for finding in check_site(load(SITE.replace(right, wrong)))] == [problem]


def test_answers_of_a_qs1_fit_into_the_small_buffer(load: Callable[[str], LoadedSite]) -> None:
    assert check_site(load(SITE.replace("{url: /dev/ttyUSB0}", "{url: /dev/ttyUSB0, uart_bytes: 128}"))) == ()
