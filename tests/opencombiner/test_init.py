from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from config.checks import check_site
from config.links import PlcLink, WifiLink
from config.loader import load_site
from drivers.ports import serial_ports
from opencombiner.cli import app
from opencombiner.draft import identifier
from opencombiner.exit_code import ExitCode
from tests.support.fixed_clock import FixedClock

PLACE = ["52.1", "5.1", "Europe/Amsterdam"]
LINK = ["st7580", "/dev/ttyUSB7"]
BROKER = ["mqtt://localhost:1883", "", "/tmp"]  # noqa: S108 - a folder that is there
ROOF = ["roof", "20"]


def _init(path: Path, *answers: str, force: bool = False) -> Result:
    arguments = ["init", str(path), *(["--force"] if force else [])]
    return CliRunner().invoke(app, arguments, input="\n".join(answers) + "\n")


def _begun(*units: str, name: str = "Home") -> list[str]:
    return [name, *PLACE, *LINK, *BROKER, *ROOF, *units, "", "n"]


def test_what_it_writes_passes_the_check(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    result = _init(path, *_begun("500E01 MI-500 A1", "000123 mi-400"))
    assert result.exit_code == ExitCode.OK, result.output
    loaded = load_site(path, FixedClock())
    assert check_site(loaded) == ()
    units = loaded.site.gateways[0].branches[0].inverters
    assert [(unit.id, unit.serial, unit.model) for unit in units] == [
        ("A1", "500E01", "MI-500"),
        ("000123", "000123", "MI-400"),
    ]
    link = loaded.site.gateways[0].link
    assert isinstance(link, PlcLink)
    assert link.modem == "st7580"


@pytest.mark.parametrize(
    ("adapter", "units", "medium", "carrier"),
    [
        pytest.param("cmt2300a", ["1410A01121AE HMS-1000-2T A1"], "serial_bridge", "cmt2300a", id="a CMT2300A bridge"),
        pytest.param(
            "nrf24", ["116183063371 HM-1500", "114172220143 HM-600"], "serial_bridge", "nrf24", id="nRF24 bridge"
        ),
        pytest.param("spi", ["116183063371 hm-1500"], "nrf24", "nrf24", id="nRF24 on SPI"),
    ],
)
def test_a_radio_makes_a_dtu(tmp_path: Path, adapter: str, units: list[str], medium: str, carrier: str) -> None:
    path = tmp_path / "site.yaml"
    answers = ["Home", *PLACE, adapter, "/dev/spidev0.0", *BROKER, "roof", "16", *units, "", "n"]
    result = _init(path, *answers)
    assert result.exit_code == ExitCode.OK, result.output
    loaded = load_site(path, FixedClock())
    (gateway,) = loaded.site.gateways
    assert check_site(loaded) == ()
    assert (gateway.role, gateway.link.medium, gateway.link.carrier) == ("dtu", medium, carrier)
    assert [f"{unit.serial} {unit.model}" for unit in gateway.branches[0].inverters] == [
        " ".join(unit.upper().split()[:2]) for unit in units
    ]


def test_a_coordinator_makes_an_ecu(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    units = ["802000012345 qs1 A1", "703000012345 DS3 A2"]
    result = _init(path, "Home", *PLACE, "znp", "/dev/ttyUSB7", *BROKER, "roof", "20", *units, "", "n")
    assert result.exit_code == ExitCode.OK, result.output
    loaded = load_site(path, FixedClock())
    (gateway,) = loaded.site.gateways
    assert (gateway.role, gateway.link.medium, gateway.host) == ("ecu", "zigbee", "D8A3011B9780")
    assert [unit.model for unit in gateway.branches[0].inverters] == ["QS1", "DS3"]


@pytest.mark.parametrize(
    ("answers", "medium", "url"),
    [
        pytest.param(["wifi"], "wifi", BROKER[0], id="units that dial the broker"),
        pytest.param(["sunspec", "socket://10.0.0.9:502"], "modbus_tcp", "socket://10.0.0.9:502", id="at an address"),
    ],
)
def test_a_network_makes_a_wifi_hub(tmp_path: Path, answers: list[str], medium: str, url: str) -> None:
    path = tmp_path / "site.yaml"
    result = _init(path, "Home", *PLACE, *answers, *BROKER, "roof", "", "RC000001 mi3s-500s A1", "", "n")
    assert result.exit_code == ExitCode.OK, result.output
    loaded = load_site(path, FixedClock())
    (gateway,) = loaded.site.gateways
    assert check_site(loaded) == ()
    assert (gateway.role, gateway.link.medium, gateway.link.url) == ("wifi-hub", medium, url)
    assert (gateway.branches[0].breaker_a, gateway.branches[0].inverters[0].model) == (50, "MI3S-500S")


def test_the_broker_that_units_dial_is_known_by_the_same_user(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    broker = ["mqtt://localhost:1883", "ann", "y", "/tmp"]  # noqa: S108 - a folder that is there
    result = _init(path, "Home", *PLACE, "wifi", *broker, "roof", "", "RC000001 mi3s-500s A1", "", "n")
    assert result.exit_code == ExitCode.OK, result.output
    site = load_site(path, FixedClock()).site
    (gateway,) = site.gateways
    assert isinstance(gateway.link, WifiLink)
    assert (gateway.link.user, gateway.link.password_env) == (site.mqtt.user, site.mqtt.password_env)
    assert (gateway.link.user, gateway.poll_s) == ("ann", 30)


def test_a_unit_that_the_radio_does_not_reach_is_not_taken(tmp_path: Path) -> None:
    units = ["116183063371 HM-1500", "1410A01121AE HMS-1000-2T"]
    result = _init(
        tmp_path / "site.yaml", "Home", *PLACE, "cmt2300a", "/dev/ttyUSB7", *BROKER, "roof", "16", *units, "", "n"
    )
    assert result.exit_code == ExitCode.OK, result.output
    assert "116183063371 is out of reach: it wants nrf24, not cmt2300a" in result.output


def test_a_breaker_without_a_manual_bears_its_rating(tmp_path: Path) -> None:
    units = ["116491204405 HMS-2000-4T", "116491204406 HMS-2000-4T"]
    result = _init(
        tmp_path / "site.yaml", "Home", *PLACE, "cmt2300a", "/dev/ttyUSB7", *BROKER, "roof", "16", *units, "", "n"
    )
    assert "too much for a 16 A breaker: 2 x HMS-2000-4T draw 17.40 A" in result.output


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        pytest.param("500E01", "write the serial, a blank, the model", id="no model"),
        pytest.param("500E02 MI-900", "no model MI-900; there are MI-400", id="a model that is not"),
        pytest.param("500E00 MI-500", "was named before", id="the same unit again"),
        pytest.param("5-0 MI-500", "a serial has 4 to 16 letters and digits", id="no serial"),
    ],
)
def test_a_wrong_unit_is_asked_for_again(tmp_path: Path, unit: str, words: str) -> None:
    path = tmp_path / "site.yaml"
    result = _init(path, *_begun("500E00 MI-500", unit))
    assert (result.exit_code, words in result.output) == (ExitCode.OK, True)
    assert len(load_site(path, FixedClock()).site.gateways[0].branches[0].inverters) == 1


def test_a_breaker_is_not_overloaded(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    result = _init(path, *_begun(*(f"500E0{number} MI-500" for number in range(7))))
    assert "too much for a 20 A breaker: 7 x MI-500; at most 6" in result.output
    assert len(load_site(path, FixedClock()).site.gateways[0].branches[0].inverters) == 6


def test_wrong_answers_are_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    answers = _begun("500E01 MI-500")
    answers[1:2] = ["north", "91", "52,1"]
    result = _init(path, *answers)
    assert "not 'north'; a number from -90 to 90" in result.output
    assert load_site(path, FixedClock()).site.location.latitude == 52.1


def test_a_name_with_quotes_and_colons_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    assert _init(path, *_begun("500E01 MI-500", name='Anna\'s "roof": south #1')).exit_code == ExitCode.OK
    site = load_site(path, FixedClock()).site
    assert (site.id, site.name) == ("anna-s-roof-south-1", 'Anna\'s "roof": south #1')


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("mine")
    assert _init(path).exit_code == ExitCode.USAGE
    assert path.read_text() == "mine"
    assert _init(path, *_begun("500E01 MI-500"), force=True).exit_code == ExitCode.OK


@pytest.mark.parametrize(("name", "expected"), [("My Roof", "my-roof"), ("?!", "home"), ("x" * 60, "x" * 40)])
def test_a_name_becomes_an_id(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_ports_are_named_by_what_is_plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device = tmp_path / "ttyUSB0"
    device.touch()
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    (by_id / "usb-Modem-port0").symlink_to(device)

    class Plugged:
        hwid = "USB VID:PID=0403:6001"
        description = "FT232R"

        def __init__(self) -> None:
            self.device = str(device)

        def __lt__(self, other: object) -> bool:
            return False

    monkeypatch.setattr("drivers.ports.list_ports.comports", lambda: [Plugged()])
    (port,) = serial_ports(by_id)
    assert (port.path, port.description) == (str(by_id / "usb-Modem-port0"), "FT232R")
