"""What a user can write of faces, and what `check` says of it."""

from pathlib import Path

import pytest

from config.checks import admit, check_site
from config.findings import SiteRefusedError
from config.loader import load_site
from tests.support.fixed_clock import FixedClock

SITE = """\
location: {latitude: 52, longitude: 5, timezone: Europe/Amsterdam}
mqtt: {url: "mqtt://localhost:1883"}
gateways:
  - id: roof
    role: m-combiner
    link: {url: "socket://127.0.0.1:4001"}
    branches:
      - id: south
        inverters: [{serial: 400E00001, model: MI-400}]
faces:
"""


def said(folder: Path, *faces: str) -> list[str]:
    file = folder / "site.yaml"
    file.write_text(SITE + "".join(f"  - {{{face}}}\n" for face in faces))
    try:
        found = check_site(load_site(file, FixedClock()))
    except SiteRefusedError as error:
        found = tuple(error.findings)
    return [f"{finding.problem}; {finding.remedy}" for finding in found]


@pytest.mark.parametrize(
    "faces",
    [
        pytest.param(["kind: sunspec"], id="nothing but its kind"),
        pytest.param(["kind: sunspec, port: 1502", "kind: sunspec, port: 1503, models: der"], id="two ports"),
        pytest.param(
            ["kind: sunspec, address: 127.0.0.1", "kind: sunspec, address: 192.168.1.5"], id="one port, two addresses"
        ),
        pytest.param(["kind: sunspec, address: '::1', writes: true, stale_s: 60"], id="IPv6 and writes"),
        pytest.param(["kind: m_gateway"], id="the M-Gateway of the only M-Combiner"),
        pytest.param(
            ["kind: m_gateway, gateway: roof, serial: MG100A1, unknown: strict"], id="an M-Gateway by its name"
        ),
    ],
)
def test_is_admitted(tmp_path: Path, faces: list[str]) -> None:
    assert said(tmp_path, *faces) == []


def test_a_face_is_off_alone_and_mute_unless_told_else(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(SITE.replace("faces:\n", ""))
    assert load_site(file, FixedClock()).site.faces == ()
    file.write_text(SITE + "  - kind: sunspec\n")
    loaded = load_site(file, FixedClock())
    assert admit(loaded) == ()
    [face] = loaded.site.faces
    assert (str(face.address), face.port, face.writes) == ("127.0.0.1", 1502, False)


TAKEN = "give each face a port of its own"


@pytest.mark.parametrize(
    ("faces", "finding"),
    [
        pytest.param(
            ["kind: sunspec", "kind: sunspec"],
            f"port 1502 at 127.0.0.1 is taken by faces[0]; {TAKEN}",
            id="the same port",
        ),
        pytest.param(
            ["kind: sunspec, address: 0.0.0.0", "kind: sunspec, address: 192.168.1.5"],
            f"port 1502 at 192.168.1.5 is taken by faces[0]; {TAKEN}",
            id="a port that another has in every network",
        ),
        pytest.param(
            ["kind: sunspec, port: 1883"],
            f"port 1883 at 127.0.0.1 is taken by mqtt.url, 'mqtt://localhost:1883'; {TAKEN}",
            id="the broker's port",
        ),
        pytest.param(
            ["kind: sunspec, address: 0.0.0.0, port: 4001"],
            f"port 4001 at 0.0.0.0 is taken by gateways[0].link.url, 'socket://127.0.0.1:4001'; {TAKEN}",
            id="the modem's port",
        ),
        pytest.param(
            ["kind: sunspec, address: my-house"],
            "'my-house' is no address; write an IP address of this machine, as 192.168.1.5",
            id="a name for an address",
        ),
        pytest.param(
            ["kind: m_gateway, gateway: shed"],
            "no gateway 'shed' of role m-combiner; name one of roof",
            id="an M-Gateway of nobody",
        ),
        pytest.param(
            ["kind: m_gateway, unknown: quiet"], "'quiet' is not known here; use 'as-built' or 'strict'", id="a manner"
        ),
        pytest.param(["kind: sunspec, port: 0"], "'0' is too small; use at least 1", id="no port"),
        pytest.param(
            ["kind: sunspc"],
            "'sunspc' is not known here; use 'sunspec', 'm_gateway', 'dtu_modbus', 'dtu_tcp', 'ecu_tcp', 'ecu_sunspec'",
            id="a misspelt kind",
        ),
        pytest.param(["kind: sunspec, write: true"], "unknown key 'write'; did you mean writes?", id="a misspelt key"),
        pytest.param(
            ["kind: dtu_modbus"],
            "no gateway of role dtu; take the face out: gateways of role dtu alone have it",
            id="the face of a DTU without one",
        ),
        pytest.param(
            ["kind: dtu_tcp, gateway: roof"],
            "no gateway 'roof' of role dtu; take the face out: gateways of role dtu alone have it",
            id="the face of a DTU for another gateway",
        ),
        pytest.param(
            ["kind: sunspec, first: 2"], "the site has 1 inverters; write a number up to 1", id="a port for nobody"
        ),
    ],
)
def test_is_refused(tmp_path: Path, faces: list[str], finding: str) -> None:
    assert finding in said(tmp_path, *faces)


def test_a_large_plant_is_told_to_take_a_second_port(tmp_path: Path) -> None:
    units = ", ".join(f"{{serial: A{number:04d}, model: MI-400}}" for number in range(247))
    plant = SITE.replace("{serial: 400E00001, model: MI-400}", units)
    file = tmp_path / "site.yaml"
    file.write_text(plant + "  - {kind: sunspec}\n")
    problems = [finding.problem for finding in check_site(load_site(file, FixedClock()))]
    assert "a port has unit ids for 246 inverters; number 247 of the site has none" in problems
    file.write_text(plant + "  - {kind: sunspec}\n  - {kind: sunspec, port: 1503, first: 247}\n")
    problems = [finding.problem for finding in check_site(load_site(file, FixedClock()))]
    assert not any("unit ids" in problem for problem in problems)


def test_an_m_gateway_is_told_which_of_two_combiners_is_meant(tmp_path: Path) -> None:
    second = """\
  - id: shed
    role: m-combiner
    link: {url: "socket://127.0.0.1:4002"}
    branches:
      - id: north
        inverters: [{serial: 400E00002, model: MI-400}]
faces:
"""
    file = tmp_path / "site.yaml"
    file.write_text(SITE.replace("faces:\n", second) + "  - {kind: m_gateway}\n")
    [finding] = check_site(load_site(file, FixedClock()))
    assert finding.problem == "which of roof, shed?"
    assert finding.remedy == "name one of roof, shed"


def test_an_m_gateway_needs_an_m_combiner(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    hub = SITE.replace("m-combiner", "wifi-hub").replace("socket://127.0.0.1:4001", "mqtt://localhost:1883")
    file.write_text(hub.replace("MI-400", "MI3S-400S") + "  - {kind: m_gateway}\n")
    problems = [finding.problem for finding in check_site(load_site(file, FixedClock()))]
    assert "no gateway of role m-combiner" in problems


def dtus(*gateways: str) -> str:
    unit = "{serial: 1410A01121AE, model: HMS-1000-2T}"
    rows = "".join(
        f"""\
  - id: {name}
    role: dtu
    link: {{medium: serial_bridge, radio: cmt2300a, url: "socket://127.0.0.1:{5000 + number}"}}
    branches: [{{id: {name}-1, inverters: [{unit.replace("21AE", f"21A{number}")}]}}]
"""
        for number, name in enumerate(gateways)
    )
    return f'location: {{latitude: 52, longitude: 5, timezone: UTC}}\nmqtt: {{url: "mqtt://localhost:1883"}}\ngateways:\n{rows}faces:\n'


@pytest.mark.parametrize(
    ("gateways", "face", "finding"),
    [
        pytest.param(("barn",), "kind: dtu_tcp", None, id="the only one"),
        pytest.param(("barn", "roof"), "kind: dtu_modbus, gateway: roof", None, id="one by its name"),
        pytest.param(
            ("barn", "roof"),
            "kind: dtu_tcp",
            "which of barn, roof?; name one of barn, roof",
            id="nobody knows which",
        ),
        pytest.param(
            ("barn",),
            "kind: dtu_tcp, gateway: born",
            "no gateway 'born' of role dtu; name one of barn",
            id="one that is not there",
        ),
    ],
)
def test_a_face_of_a_dtu_stands_for(tmp_path: Path, gateways: tuple[str, ...], face: str, finding: str | None) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(dtus(*gateways) + f"  - {{{face}}}\n")
    try:
        found = check_site(load_site(file, FixedClock()))
    except SiteRefusedError as error:
        found = tuple(error.findings)
    assert [f"{each.problem}; {each.remedy}" for each in found] == ([] if finding is None else [finding])


def test_the_modbus_map_of_a_dtu_has_room_for_99_inputs(tmp_path: Path) -> None:
    units = ", ".join(f"{{serial: 1410{number:08X}, model: HMS-1000-2T}}" for number in range(50))
    file = tmp_path / "site.yaml"
    file.write_text(
        dtus("barn").replace("{serial: 1410A01121A0, model: HMS-1000-2T}", units) + "  - kind: dtu_modbus\n"
    )
    problems = [finding.problem for finding in check_site(load_site(file, FixedClock()))]
    assert "barn has 100 inputs; the map has room for 99" in problems


def ecus(units: int, *gateways: str) -> str:
    rows = "".join(
        f"""\
  - id: {name}
    role: ecu
    ecu_id: D8A3011B978{number}
    link: {{url: "socket://127.0.0.1:{5000 + number}"}}
    branches:
      - id: {name}-1
        inverters: [{", ".join(f"{{serial: 70{number + 2}{unit:09d}, model: DS3}}" for unit in range(units))}]
"""
        for number, name in enumerate(gateways)
    )
    return SITE.replace("gateways:\n", f"gateways:\n{rows}")


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        pytest.param(SITE + "  - {kind: ecu_tcp}\n", "no gateway of role ecu", id="the face of an ECU without one"),
        pytest.param(
            ecus(1, "ecu1", "ecu2") + "  - {kind: ecu_sunspec}\n", "which of ecu1, ecu2?", id="one of several"
        ),
        pytest.param(
            ecus(48, "ecu1") + "  - {kind: ecu_tcp}\n",
            "ecu1 has 48 units; an answer has room for 47",
            id="more units than an answer holds",
        ),
    ],
)
def test_the_face_of_an_ecu_is_told(tmp_path: Path, file: str, problem: str) -> None:
    place = tmp_path / "site.yaml"
    place.write_text(file)
    assert problem in [finding.problem for finding in check_site(load_site(place, FixedClock()))]


def test_the_face_of_an_ecu_is_admitted(tmp_path: Path) -> None:
    place = tmp_path / "site.yaml"
    place.write_text(
        ecus(47, "ecu1", "ecu2") + "  - {kind: ecu_tcp, gateway: ecu2}\n  - {kind: ecu_sunspec, gateway: ecu1}\n"
    )
    problems = [finding.problem for finding in check_site(load_site(place, FixedClock()))]
    assert not any("ECU" in problem or "role ecu" in problem or "room" in problem for problem in problems)
