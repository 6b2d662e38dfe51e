"""A site whose units dial a broker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.checks import check_site
from config.findings import Severity, SiteRefusedError
from config.loader import LoadedSite, load_site
from config.plant import cycle, dials_in
from tests.support.fixed_clock import FixedClock

SITE = """\
location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}
mqtt: {url: "mqtt://localhost:1883"}
gateways:
  - id: hub
    role: wifi-hub
    link: {url: "mqtt://localhost:1883"}
    branches:
      - id: south
        breaker_a: 50
        wire_awg: 12
        inverters:
          - {slot: A1, serial: RC000001, model: MI3S-600S}
"""
MANY = "".join(f"          - {{serial: RC0001{n:02d}, model: MI3S-600S}}\n" for n in range(8))


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[[str], LoadedSite]:
    def load(text: str) -> LoadedSite:
        path = tmp_path / "site.yaml"
        path.write_text(text)
        return load_site(path, FixedClock())

    return load


def told(site: LoadedSite, severity: Severity = Severity.ERROR) -> list[str]:
    return [finding.text(Path("site.yaml")) for finding in check_site(site) if finding.severity is severity]


def test_the_broker_may_be_the_sites_own_and_serve_several_hubs(loaded: Callable[[str], LoadedSite]) -> None:
    second = SITE.partition("gateways:\n")[2].replace("hub\n", "hub2\n", 1).replace("RC000001", "RC000002")
    text = SITE + second.replace("south", "north").replace("A1", "B1")
    assert check_site(loaded(text)) == ()


def test_units_are_told_to_report_every_half_minute(loaded: Callable[[str], LoadedSite]) -> None:
    [gateway] = loaded(SITE).site.gateways
    assert dials_in(gateway)
    assert gateway.poll_s == 30
    assert (cycle(gateway).cycle_s, cycle(gateway).period_s) == (0, 30)


def test_more_units_than_the_wire_takes_are_told(loaded: Callable[[str], LoadedSite]) -> None:
    [line] = told(loaded(SITE + MANY))
    assert line.startswith("site.yaml:8:9: gateways[0].branches[0]: branch 'south': 9 x MI3S-600S draw 23.49 A ")
    assert "on a 50 A breaker and 12 AWG, which takes at most 8 x MI3S-600S" in line


BROKERS = {
    "a user in the address": (
        'link: {url: "mqtt://me@host"}',
        "user and password do not belong in an address; set gateways[0].link.user, and",
    ),
    "TLS for a plain address": (
        'link: {url: "mqtt://host", tls: {}}',
        "the URL asks for no TLS; begin gateways[0].link.url with mqtts://",
    ),
    "two places for a password": (
        'link: {url: "mqtt://host", user: me, password_env: A, password_file: b}',
        "two places for one password; keep one of them",
    ),
    "a serial port": (
        "link: {url: /dev/ttyUSB0}",
        "'/dev/ttyUSB0' has the wrong form; write mqtt://host:port, mqtts://host:port or mem://name",
    ),
    "no host": ('link: {url: "mqtt://"}', "'mqtt://' names nothing; write mqtt://host:port"),
}


@pytest.mark.parametrize(("link", "expected"), BROKERS.values(), ids=BROKERS.keys())
def test_a_wrong_broker_is_told_with_its_remedy(loaded: Callable[[str], LoadedSite], link: str, expected: str) -> None:
    text = SITE.replace('link: {url: "mqtt://localhost:1883"}', link)
    try:
        lines = told(loaded(text))
    except SiteRefusedError as error:  # refused by its form, before any check
        lines = str(error).splitlines()
    assert [line for line in lines if expected in line] == lines[-1:]
