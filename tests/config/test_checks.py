from collections.abc import Callable
from pathlib import Path

import pytest

from config.checks import admit, check_site, known_serial
from config.findings import SiteRefusedError
from config.loader import LoadedSite
from config.packaged import packaged
from config.plant import cycle
from drivers import pcapng
from protocols.registry import vendor

SITE = """\
location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}
mqtt: {}
gateways:
  - id: roof
    role: m-combiner
    poll_s: 5
    link: {url: /dev/ttyUSB0}
    branches:
      - id: south
        breaker_a: 20
        inverters:
          - {slot: A1, serial: 400E00001, model: MI-400}
          - {slot: A2, serial: 400E00002, model: MI-400, node: 7}
      - id: north
        inverters:
          - {serial: 500E00003, model: MI-500}
  - id: barn
    role: m-combiner
    link: {url: /dev/ttyUSB1}
    branches:
      - id: barn
        inverters:
          - {slot: B1, serial: 500E00004, model: MI-500, node: 7}
"""

ERRORS = [
    pytest.param(
        "mqtt: {}",
        "mqtt: {}\ngrid_profile: mars_2050",
        "site.yaml:3:15: grid_profile: 'mars_2050': no such grid profile; use au_as_nzs_4777_2_2020_a, "
        "de_vde_ar_n_4105_2018_11, eu_en_50549_1_2019, fr_vde_0126_1_1_vfr2019, gb_g98_g99, nl_en_50549_1_2019, "
        "us_ieee_1547_2018_cat_iii, or the path of a file of your own",
        id="an unknown grid profile",
    ),
    pytest.param(
        "Europe/Amsterdam",
        "Europe/Amsterdm",
        "site.yaml:1:50: location.timezone: there is no time zone 'Europe/Amsterdm'; did you mean Europe/Amsterdam?",
        id="a misspelt time zone",
    ),
    pytest.param(
        "Europe/Amsterdam",
        "Europe",
        "site.yaml:1:50: location.timezone: there is no time zone 'Europe'; did you mean Europe/Rome?",
        id="a folder of time zones",
    ),
    pytest.param(
        "Europe/Amsterdam",
        "../etc/passwd",
        "site.yaml:1:50: location.timezone: there is no time zone '../etc/passwd'; "
        "write an IANA name, as Europe/Amsterdam",
        id="a path instead of a time zone",
    ),
    pytest.param(
        "id: barn\n    role",
        "id: roof\n    role",
        "site.yaml:17:9: gateways[1].id: gateway 'roof' is taken by gateways[0].id; give each its own gateway",
        id="two gateways of one id",
    ),
    pytest.param(
        "- id: north",
        "- id: south",
        "site.yaml:14:13: gateways[0].branches[1].id: branch 'south' is taken by gateways[0].branches[0].id; "
        "give each its own branch",
        id="two branches of one id",
    ),
    pytest.param(
        "slot: B1",
        "slot: A1",
        "site.yaml:23:20: gateways[1].branches[0].inverters[0].slot: slot 'A1' is taken by "
        "gateways[0].branches[0].inverters[0].slot; give each its own slot",
        id="two units in one slot",
    ),
    pytest.param(
        "slot: B1",
        "slot: site",
        "site.yaml:23:20: gateways[1].branches[0].inverters[0].slot: 'site' means something else in topics and "
        "commands; give the slot another name",
        id="a slot that is named as a part of the topic tree",
    ),
    pytest.param(
        "slot: B1",
        "slot: 500E00003",
        "site.yaml:23:20: gateways[1].branches[0].inverters[0].slot: slot '500E00003' is taken by "
        "gateways[0].branches[1].inverters[0].serial; give each its own slot",
        id="a slot named as a unit without a slot",
    ),
    pytest.param(
        "serial: 500E00004",
        "serial: 500E00003",
        "site.yaml:23:32: gateways[1].branches[0].inverters[0].serial: serial '500E00003' is taken by "
        "gateways[0].branches[1].inverters[0].serial; give each its own serial",
        id="one serial twice",
    ),
    pytest.param(
        "serial: 500E00003,",
        "node: 7, serial: 500E00003,",
        "site.yaml:16:20: gateways[0].branches[1].inverters[0].node: node '7' is taken by "
        "gateways[0].branches[0].inverters[1].node; give each its own node",
        id="one address twice on a link",
    ),
    pytest.param(
        "/dev/ttyUSB1",
        "/dev/ttyUSB0",
        "site.yaml:19:17: gateways[1].link.url: link '/dev/ttyUSB0' is taken by gateways[0].link.url; "
        "give each its own link",
        id="two gateways on one link",
    ),
    pytest.param(
        "slot: A1, serial: 400E00001, model: MI-400",
        "slot: A1, serial: 400E00001, model: MI-600",
        "site.yaml:12:50: gateways[0].branches[0].inverters[0].model: model 'MI-600' is not known to "
        "M-Combiner (Atmoce); use MI-400, MI-425, MI-450, MI-500",
        id="a model that the vendor does not make",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {password_file: a, password_env: B}",
        "site.yaml:2:40: mqtt.password_env: two places for one password; keep one of them",
        id="a password in two places",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {tls: {}}",
        "site.yaml:2:13: mqtt.tls: the URL asks for no TLS; begin mqtt.url with mqtts://",
        id="TLS that the URL does not ask for",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {url: mqtts://broker, tls: {cert_file: a}}",
        "site.yaml:2:34: mqtt.tls: a certificate needs its key; set cert_file and key_file",
        id="a certificate without its key",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {url: 'mqtt://me:hunter2@broker'}",
        "site.yaml:2:13: mqtt.url: user and password do not belong in an address; "
        "set mqtt.user, and mqtt.password_file or mqtt.password_env",
        id="a password in the broker's address, which is not repeated",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {url: 'mqtt://broker:99999'}",
        "site.yaml:2:13: mqtt.url: its port is no number from 1 to 65535, or its host is misspelt; "
        "write mqtt://host:port, mqtts://host:port or mem://name",
        id="a broker's port out of range",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {url: 'mqtt://my broker'}",
        "site.yaml:2:13: mqtt.url: its host is missing or misspelt; "
        "write mqtt://host:port, mqtts://host:port or mem://name",
        id="a blank in the broker's host",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {url: 'mqtt://'}",
        "site.yaml:2:13: mqtt.url: 'mqtt://' names nothing; write mqtt://host:port, mqtts://host:port or mem://name",
        id="no broker behind the scheme",
    ),
    pytest.param(
        "{url: /dev/ttyUSB1}",
        "{url: 'socket://10.0.0.7'}",
        "site.yaml:19:17: gateways[1].link.url: its port is missing; "
        "write /dev/ttyUSB0, pty:PATH, socket://host:port, mem://name or replay://FILE",
        id="a socket without a port",
    ),
    pytest.param(
        "{url: /dev/ttyUSB1}",
        "{url: 'pty:'}",
        "site.yaml:19:17: gateways[1].link.url: 'pty:' names nothing; "
        "write /dev/ttyUSB0, pty:PATH, socket://host:port, mem://name or replay://FILE",
        id="a pseudo-terminal without a path",
    ),
    pytest.param(
        "          - {serial: 500E00003, model: MI-500}\n",
        "".join(f"          - {{serial: 500F{n:05d}, model: MI-500}}\n" for n in range(7)),
        "site.yaml:14:9: gateways[0].branches[1]: branch 'north': 7 x MI-500 draw 15.19 A on a 20 A breaker, "
        "which takes at most 6 x MI-500 (Atmoce MI-400/425/450/500 user manual, draft 2024-09, §4.1.3 and §7.1); "
        "move units to another branch; the manual has figures for 20 A, 25 A",
        id="more units of one model than the breaker takes",
    ),
    pytest.param(
        "          - {serial: 500E00003, model: MI-500}\n",
        "".join(f"          - {{serial: X00F{n:05d}, model: MI-{400 + n % 2 * 100}}}\n" for n in range(8)),
        "site.yaml:14:9: gateways[0].branches[1]: branch 'north': 4 x MI-400 + 4 x MI-500 draw 15.64 A on a 20 A "
        "breaker, which takes at most 13.92 A, which 8 x MI-400 draw "
        "(Atmoce MI-400/425/450/500 user manual, draft 2024-09, §4.1.3 and §7.1); "
        "move units to another branch; the manual has figures for 20 A, 25 A",
        id="a mixture that draws more than the breaker takes",
    ),
    pytest.param(
        "breaker_a: 20",
        "breaker_a: 3",
        "site.yaml:9:9: gateways[0].branches[0]: branch 'south': 2 x MI-400 draw 3.48 A on a 3 A breaker, "
        "more than its rating; move units to another branch",
        id="a breaker below the nominal current",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line"), ERRORS)
def test_an_error_refuses_the_site(load: Callable[[str], LoadedSite], right: str, wrong: str, line: str) -> None:
    assert right in SITE
    loaded = load(SITE.replace(right, wrong, 1))
    with pytest.raises(SiteRefusedError, match="site") as refused:
        admit(loaded)
    assert str(refused.value) == line


WARNINGS = [
    pytest.param(
        "breaker_a: 20",
        "breaker_a: 16",
        "site.yaml:10:20: warning: gateways[0].branches[0].breaker_a: branch 'south': 2 x MI-400 draw 3.48 A on a "
        "16 A breaker, a rating of which the manual says nothing; verify the load yourself; "
        "the manual has figures for 20 A, 25 A",
        id="a breaker rating without a figure",
    ),
    pytest.param(
        "{url: /dev/ttyUSB1}",
        "{url: /dev/ttyUSB1, bit_rate: 50}",
        "site.yaml:17:5: warning: gateways[1].poll_s: a round of polls takes this link {round_s:.1f} s; "
        "each unit is polled every {round_s:.1f} s; set that, or use a faster link",
        id="a link that is too slow for the poll period",
    ),
    pytest.param(
        "/dev/ttyUSB1",
        "mem://plc",
        "site.yaml:19:17: warning: gateways[1].link.url: 'mem://plc' joins parts of one process only; "
        "commands of their own never meet there; use pty:PATH or an address",
        id="a link inside one process",
    ),
    pytest.param(
        "mqtt: {}",
        "mqtt: {url: mem://broker}",
        "site.yaml:2:13: warning: mqtt.url: 'mem://broker' joins parts of one process only; "
        "commands of their own never meet there; use pty:PATH or an address",
        id="a broker inside one process",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "line"), WARNINGS)
def test_a_warning_lets_the_site_run(load: Callable[[str], LoadedSite], right: str, wrong: str, line: str) -> None:
    assert right in SITE
    loaded = load(SITE.replace(right, wrong, 1))
    profile = vendor("atmoce")
    size = profile.poll_size(profile.models["MI-500"])
    round_s = (size.request + sum(size.answers)) * 8 / 50 + 0.06
    assert [finding.text(loaded.path) for finding in admit(loaded)] == [line.format(round_s=round_s)]


def test_a_sound_site_has_no_findings(load: Callable[[str], LoadedSite]) -> None:
    assert check_site(load(SITE)) == ()


def test_all_errors_are_reported_in_the_order_of_the_file(load: Callable[[str], LoadedSite]) -> None:
    loaded = load(SITE.replace("/dev/ttyUSB1", "/dev/ttyUSB0").replace("Europe/Amsterdam", "Mars"))
    assert [finding.loc for finding in check_site(loaded)] == [
        ("location", "timezone"),
        ("gateways", 1, "link", "url"),
    ]


def test_a_link_has_no_room_for_more_units_than_addresses(load: Callable[[str], LoadedSite]) -> None:
    branches = [
        {"id": f"b{n}", "inverters": [{"serial": f"{n:02d}X{m:02d}", "model": "MI-400"} for m in range(8)]}
        for n in range(31)
    ]
    link = {"url": "/dev/ttyUSB0", "bit_rate": 100000}
    text = (
        f"location: daylight\ngateways: [{{id: a, role: m-combiner, poll_s: 60, link: {link}, branches: {branches}}}]\n"
    )
    assert [finding.problem for finding in check_site(load(text))] == [
        "248 units on one link; the medium has 247 addresses"
    ]


@pytest.mark.parametrize("name", ["demo.yaml", "example.yaml"])
def test_the_packaged_sites_have_no_findings(load: Callable[[str], LoadedSite], name: str) -> None:
    assert check_site(load(packaged(name).read_text("utf-8"))) == ()


def test_the_demo_polls_its_plant_about_every_five_seconds(load: Callable[[str], LoadedSite]) -> None:
    combiner, dtu = load(packaged("demo.yaml").read_text("utf-8")).site.gateways
    assert 3 < cycle(combiner).cycle_s <= combiner.poll_s == 5
    assert cycle(dtu).cycle_s < 1 < dtu.poll_s == 5


HOYMILES = (range(0x1141_0000_0000, 0x1142_0000_0000),)


@pytest.mark.parametrize(
    ("serial", "ranges", "known"),
    [
        pytest.param("114182912345", HOYMILES, True, id="inside a range"),
        pytest.param("116182912345", HOYMILES, False, id="outside of it"),
        pytest.param("1141829XYZ45", HOYMILES, False, id="no number at all"),
        pytest.param("1141829XYZ45", None, True, id="a vendor without known ranges"),
    ],
)
def test_a_serial_is_compared_with_the_ranges_of_its_vendor(
    serial: str, ranges: tuple[range, ...] | None, *, known: bool
) -> None:
    assert known_serial(serial, ranges) is known


def _capture(path: Path, *links: str) -> None:
    """Write a capture with a packet on the first link."""
    head = pcapng.section("test") + b"".join(pcapng.interface(link, "") for link in links)
    path.write_bytes(head + pcapng.packet(0, 1, b"x", inbound=True))


REPLAYS = [
    pytest.param(
        ("replay://both.pcapng", "/dev/ttyUSB1"),
        "site.yaml:19:17: gateways[1].link.url: '/dev/ttyUSB1' beside a recording, which has its own time; "
        "let every link be replay://both.pcapng, or none",
        id="a recording beside a modem",
    ),
    pytest.param(
        ("replay://both.pcapng", "replay://roof.pcapng"),
        "site.yaml:19:17: gateways[1].link.url: 'replay://roof.pcapng' beside a recording, which has its own time; "
        "let every link be replay://both.pcapng, or none",
        id="two recordings",
    ),
    pytest.param(
        ("replay://roof.pcapng", "replay://roof.pcapng"),
        "site.yaml:17:9: gateways[1].id: roof.pcapng has no link 'barn'; name the gateway as it was captured: roof",
        id="a recording of another plant",
    ),
    pytest.param(
        ("replay://none.pcapng", "replay://none.pcapng"),
        "site.yaml:7:17: gateways[0].link.url: none.pcapng cannot be replayed: No such file or directory; "
        "name a file that `capture` wrote",
        id="a recording that is not there",
    ),
    pytest.param(
        ("replay://site.yaml", "replay://site.yaml"),
        "site.yaml:7:17: gateways[0].link.url: site.yaml cannot be replayed: it is no pcapng capture; "
        "name a file that `capture` wrote",
        id="a file of another kind",
    ),
]


def _replaying(urls: tuple[str, str]) -> str:
    return SITE.replace("/dev/ttyUSB0", urls[0]).replace("/dev/ttyUSB1", urls[1])


@pytest.mark.parametrize(("urls", "line"), REPLAYS)
def test_a_recording_is_judged(
    load: Callable[[str], LoadedSite], tmp_path: Path, urls: tuple[str, str], line: str
) -> None:
    _capture(tmp_path / "both.pcapng", "roof", "barn")
    _capture(tmp_path / "roof.pcapng", "roof")
    loaded = load(_replaying(urls))
    with pytest.raises(SiteRefusedError, match="site") as refused:
        admit(loaded)
    assert str(refused.value) == line


def test_gateways_share_one_recording(load: Callable[[str], LoadedSite], tmp_path: Path) -> None:
    _capture(tmp_path / "both.pcapng", "roof", "barn")
    assert admit(load(_replaying(("replay://both.pcapng", "replay://both.pcapng")))) == ()
