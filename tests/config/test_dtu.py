"""DTUs in the site file: radios, channels, serials."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from config.checks import check_site
from config.findings import SiteRefusedError
from config.links import Nrf24Link, SerialBridgeLink
from config.loader import LoadedSite, load_site
from config.plant import cycle, nodes
from config.site import Dtu
from drivers.registry import settings_of
from drivers.serial_bridge.settings import BridgeSettings
from protocols.modems.radio_frame import Region
from protocols.vendors.hoymiles.serials import address
from tests.support.fixed_clock import FixedClock

SITE = """\
location: daylight
gateways:
  - id: roof
    role: dtu
    link: {url: /dev/ttyUSB0, radio: cmt2300a}
    branches:
      - id: south
        inverters:
          - {serial: 1410A01121AE, model: HMS-1000-2T}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], LoadedSite]:
    def load_text(text: str) -> LoadedSite:
        path = tmp_path / "site.yaml"
        path.write_text(text, "utf-8")
        return load_site(path, FixedClock())

    return load_text


def dtu(loaded: LoadedSite) -> Dtu:
    (gateway,) = loaded.site.gateways
    assert isinstance(gateway, Dtu)
    return gateway


def test_a_bridge_is_what_a_dtu_has_when_no_medium_is_named(load: Callable[[str], LoadedSite]) -> None:
    loaded = load(SITE)
    gateway = dtu(loaded)
    assert check_site(loaded) == ()
    assert isinstance(gateway.link, SerialBridgeLink)
    assert settings_of("serial_bridge", gateway.link) == BridgeSettings(url="/dev/ttyUSB0", radio="cmt2300a")
    assert nodes(gateway) == {"1410A01121AE": 0xA01121AE}
    assert 0.1 < cycle(gateway).cycle_s < 0.3


def test_a_radio_on_spi_has_its_own_settings(load: Callable[[str], LoadedSite]) -> None:
    text = SITE.replace("{url: /dev/ttyUSB0, radio: cmt2300a}", "{medium: nrf24, url: /dev/spidev0.0}")
    loaded = load(text.replace("1410A01121AE, model: HMS-1000-2T", '"116183063371", model: HM-1500'))
    link = dtu(loaded).link
    assert isinstance(link, Nrf24Link)
    assert check_site(loaded) == ()
    assert (link.adapter, link.carrier) == ("nrf24, CE on GPIO 22", "nrf24")


@pytest.mark.parametrize(
    ("radio", "serial", "model", "problem"),
    [
        pytest.param(
            "cmt2300a",
            '"116183063371"',
            "HM-1500",
            "serial '116183063371' is that of a unit for nrf24; the link of roof is cmt2300a",
            id="an HM by CMT2300A",
        ),
        pytest.param(
            "nrf24",
            "1410A01121AE",
            "HMS-1000-2T",
            "serial '1410A01121AE' is that of a unit for cmt2300a; the link of roof is nrf24",
            id="an HMS by nRF24",
        ),
        pytest.param(
            "cmt2300a",
            "1412A01121AE",
            "HMS-1000-2T",
            "serial '1412A01121AE' is that of a unit for wifi; the link of roof is cmt2300a",
            id="one with its own Wi-Fi",
        ),
    ],
)
def test_a_unit_that_the_radio_does_not_reach_is_refused(
    load: Callable[[str], LoadedSite], radio: str, serial: str, model: str, problem: str
) -> None:
    text = SITE.replace("radio: cmt2300a", f"radio: {radio}")
    found = check_site(load(text.replace("1410A01121AE, model: HMS-1000-2T", f"{serial}, model: {model}")))
    assert problem in [finding.problem for finding in found]


@pytest.mark.parametrize(
    ("link", "line"),
    [
        pytest.param(
            "work_channel: 8",
            "gateways[0].link: channel 8 is 862.00 MHz; from 863 to 870 is lawful",
            id="below the European band",
        ),
        pytest.param(
            "region: america, work_channel: 101",
            "gateways[0].link: channel 101 is 925.25 MHz; from 905 to 925 is lawful",
            id="above the American band",
        ),
        pytest.param(
            "region: asia", "gateways[0].link.region: 'asia' is not known here; use 'eu' or 'america'", id="elsewhere"
        ),
    ],
)
def test_a_channel_outside_the_law_is_refused(load: Callable[[str], LoadedSite], link: str, line: str) -> None:
    with pytest.raises(SiteRefusedError, match=re.escape(line)):
        load(SITE.replace("radio: cmt2300a", f"radio: cmt2300a, {link}"))


def test_each_region_has_its_usual_channel(load: Callable[[str], LoadedSite]) -> None:
    link = dtu(load(SITE.replace("radio: cmt2300a", "radio: cmt2300a, region: america"))).link
    assert isinstance(link, SerialBridgeLink)
    assert (link.band, link.adapter) == (Region.AMERICA, "cmt2300a, 918.00 MHz")


def test_the_gateway_has_a_serial_of_its_own_and_keeps_it(load: Callable[[str], LoadedSite]) -> None:
    first, other = dtu(load(SITE)).host, dtu(load(SITE.replace("id: roof", "id: barn"))).host
    assert first == dtu(load(SITE)).host != other
    assert all(serial.startswith("1999801") and len(serial) == 12 for serial in (first, other))
    assert address(first) >> 20 == 0x801  # what open software has
    named = dtu(load(SITE.replace("    role: dtu\n", '    role: dtu\n    dtu_serial: "99978563412"\n')))
    assert address(named.host) == 0x78563412


def test_a_branch_of_units_without_a_table_is_judged_by_its_breaker(load: Callable[[str], LoadedSite]) -> None:
    more = "".join(f"          - {{serial: 1410A011{n:04d}, model: HMS-1000-2T}}\n" for n in range(5))
    (finding,) = check_site(load(SITE + more))
    assert finding.problem.endswith("6 x HMS-1000-2T draw 26.10 A on a 20 A breaker, more than its rating")


@pytest.mark.parametrize(
    ("serial", "model", "radio", "fits"),
    [
        pytest.param("1410A01121AE", "HMS-800-2T", "cmt2300a", True, id="another rating of the same series"),
        pytest.param("1410A01121AE", "HMS-2000-4T", "cmt2300a", False, id="with more inputs"),
        pytest.param("136183063399", "HMS-2000-4T", "cmt2300a", False, id="one phase for three"),
        pytest.param("1520A025566B", "MIT-5000-8T", "cmt2300a", True, id="an MIT, which tells four of its inputs"),
        pytest.param("104281990217", "HM-600", "nrf24", True, id="an MI of the third generation is an HM"),
        pytest.param("116183063371", "HM-600", "nrf24", False, id="an HM with fewer inputs"),
        pytest.param("282185104471", "HM-800", "nrf24", False, id="an HERF is no HM"),
    ],
)
def test_a_model_that_a_serial_denies_is_doubtful(
    load: Callable[[str], LoadedSite],
    serial: str,
    model: str,
    radio: str,
    fits: bool,  # noqa: FBT001 - a column
) -> None:
    text = SITE.replace("1410A01121AE", f'"{serial}"').replace("HMS-1000-2T", model).replace("cmt2300a", radio)
    problems = [finding.problem for finding in check_site(load(text))]
    assert problems == ([] if fits else [f"serial '{serial}' is not that of a {model}"])
