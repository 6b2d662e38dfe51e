"""A redacted capture says the same on MQTT, but for the serials."""

import random
import re
from pathlib import Path

import pytest

from config.anonymous import other_serials
from config.faces import DtuModbusFace, SunSpecFace
from config.loader import load_site
from config.plant import units
from config.site import Site
from drivers.clock import SystemClock
from drivers.mqtt.session import Message
from drivers.recording import Recording
from gateway.rows import PairedRow
from gateway.store import Store
from opencombiner.redaction import redact
from protocols.errors import ConfigError
from protocols.modems.znp.network import DEFAULT_ID
from tests.day.test_radios import plans as radio_plans
from tests.day.test_replay import EMULATIONS, LOSSY, plans, troubles
from tests.support import dtu_plant
from tests.support.ecu import ecu_site
from tests.support.emulated import NOON
from tests.support.hub import hub_site, polled_site
from tests.support.recorded import captured, replayed, transcript, twice

pytestmark = pytest.mark.day


def _loaded(path: Path, now: Site) -> Site:
    """Return the site of a redacted capture, with a broker and a ledger of this test's."""
    site = load_site(path, SystemClock()).site
    return site.model_copy(update={"mqtt": now.mqtt, "state_dir": now.state_dir})


def _other(said: list[Message], others: dict[str, str]) -> list[tuple[str, bytes]]:
    """Return a transcript with other serials."""
    changed = []
    for topic, payload in transcript(said):
        for old, new in others.items():
            for one, other in ((old, new), (old.lower(), new.lower())):  # ids of entities are written small
                topic, payload = topic.replace(one, other), payload.replace(one.encode(), other.encode())  # noqa: PLW2901 - each in turn
        changed.append((topic, payload))
    return changed


@pytest.mark.parametrize(("link", "emulation"), EMULATIONS)
def test_it_says_the_same_but_for_the_serials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: dict[str, object], emulation: dict[str, object]
) -> None:
    monkeypatch.chdir(tmp_path)
    then, now = plans(tmp_path, units=3, poll_s=5.0, link=link, emulation=emulation)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    beside = redact(then, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    played = replayed(_loaded(beside, now), tmp_path / "y.pcapng", 300.0)
    others = other_serials(then)
    assert len(transcript(said)) > 500
    assert sorted(played.transcript()) == sorted(_other(said, others))  # what is told together, is in no order
    assert played.transcript() != transcript(said)
    assert played.replay.unmatched == {}


def _without_node(said: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return a transcript without addresses: a unit with another serial has another one."""
    return [(topic, re.sub(rb'"node":\d+', b'"node":0', payload)) for topic, payload in said]


@pytest.mark.parametrize("stuffed", [True, False], ids=["stuffed", "not stuffed"])
def test_radios_say_the_same_but_for_the_serials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stuffed: bool
) -> None:
    """The address on the radio is made from the serial, and 7e in one of them is stuffed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(dtu_plant.RADIOS, "nrf24", {"11417E2F0143": "HM-600", "112183720016": "HM-300"})
    link: dict[str, object] = {"stuffed": stuffed}
    then, now = radio_plans(tmp_path, each=3, link=link, emulation={"seed": 7, "impairments": {"loss": 0.1}})
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    beside = redact(then, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    played = replayed(_loaded(beside, now), tmp_path / "y.pcapng", 300.0)
    others = other_serials(then)
    assert len(transcript(said)) > 500
    assert sorted(_without_node(played.transcript())) == sorted(_without_node(_other(said, others)))
    assert played.replay.unmatched == {}
    addresses = [bytes.fromhex(serial[-8:]) for serial in others]
    new = (tmp_path / "y.pcapng").read_bytes()
    assert not any(address in new for address in addresses)


def test_no_serial_is_left_in_the_files(tmp_path: Path) -> None:
    emulation = {"script": troubles(60.0), "seed": 7, "impairments": {**LOSSY, "bit_error_rate": 1e-3}}
    then, _ = plans(tmp_path, units=3, poll_s=5.0, grid_profile="gb_g98_g99", emulation=emulation)
    captured(then, tmp_path / "x.pcapng", 600.0, start_utc=NOON)
    beside = redact(then, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    serials = [unit.serial.encode() for _, _, unit in units(then)]
    old, new = ((tmp_path / name).read_bytes() for name in ("x.pcapng", "y.pcapng"))
    assert all(serial in old for serial in serials)
    assert not any(serial in new or serial in beside.read_bytes() for serial in serials)


def test_what_was_not_captured_is_not_in_the_redacted_site_file(tmp_path: Path) -> None:
    then, _ = plans(tmp_path, units=2, poll_s=5.0)
    captured(then, tmp_path / "x.pcapng", 60.0, start_utc=NOON)
    faces = (SunSpecFace(kind="sunspec"), DtuModbusFace(kind="dtu_modbus", port=1503))
    mixed = then.model_copy(update={"gateways": (*then.gateways, *hub_site(tmp_path).gateways), "faces": faces})
    loaded = load_site(redact(mixed, tmp_path / "x.pcapng", tmp_path / "y.pcapng"), SystemClock()).site
    assert [gateway.id for gateway in loaded.gateways] == [gateway.id for gateway in then.gateways]
    assert [face.kind for face in loaded.faces] == ["sunspec"]


def test_lengths_and_times_stay(tmp_path: Path) -> None:
    then, _ = plans(tmp_path, units=2, poll_s=5.0)
    captured(then, tmp_path / "x.pcapng", 60.0, start_utc=NOON)
    redact(then, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    old, new = (Recording(tmp_path / name) for name in ("x.pcapng", "y.pcapng"))
    assert old.links.keys() == new.links.keys()
    for link, packets in old.links.items():
        shapes = [[(p.at_ns, p.inbound, len(p.data)) for p in each] for each in (packets, new.links[link])]
        assert shapes[0] == shapes[1]
        assert sum(one.data != other.data for one, other in zip(packets, new.links[link], strict=True)) > 3


def test_a_site_file_of_another_plant_is_refused(tmp_path: Path) -> None:
    then, _ = plans(tmp_path, units=1, poll_s=5.0)
    captured(then, tmp_path / "x.pcapng", 30.0, start_utc=NOON)
    [gateway] = then.gateways
    other = then.model_copy(update={"gateways": (gateway.model_copy(update={"id": "another"}),)})
    with pytest.raises(ConfigError, match="which the site file does not have"):
        redact(other, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    with pytest.raises(ConfigError, match="is there already"):
        redact(then, tmp_path / "x.pcapng", tmp_path / "x.pcapng")


def test_what_cannot_be_a_capture_is_refused(tmp_path: Path) -> None:
    then, _ = plans(tmp_path, units=1, poll_s=5.0)
    (tmp_path / "x").write_bytes(random.Random(1).randbytes(1000))
    with pytest.raises(ConfigError, match="it is no pcapng capture"):
        redact(then, tmp_path / "x", tmp_path / "y")


def test_an_ecu_says_the_same_but_for_the_serials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums of frames and messages are right again, and the coordinator starts under the other id."""
    monkeypatch.chdir(tmp_path)
    lossy = {"seed": 7, "impairments": {"loss": 0.05}}
    then, now = twice(tmp_path, lambda each: ecu_site(each, poll_s=10.0, emulation=lossy))
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    beside = redact(then, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    played = replayed(_loaded(beside, now), tmp_path / "y.pcapng", 300.0)
    others = other_serials(then)
    assert DEFAULT_ID in others
    assert len(transcript(said)) > 300
    assert sorted(played.transcript()) == sorted(_other(said, others))
    assert played.transcript() != transcript(said)
    assert played.replay.unmatched == {}
    old, new = ((tmp_path / name).read_bytes() for name in ("x.pcapng", "y.pcapng"))
    for raw in (spelled for serial in others for spelled in (bytes.fromhex(serial), bytes.fromhex(serial)[::-1])):
        assert raw not in new
    assert all(bytes.fromhex(serial) in old for serial in others if serial != DEFAULT_ID)


def test_addresses_that_pairing_has_found_are_in_the_redacted_site_file(tmp_path: Path) -> None:
    plain = ecu_site(tmp_path, poll_s=10.0)
    captured(plain, tmp_path / "x.pcapng", 60.0, start_utc=NOON)
    unpaired = ecu_site(tmp_path / "state", paired=False)
    unpaired.state_dir.mkdir()
    numbers = {unit.serial: unit.node or 0 for _, _, unit in units(plain)}
    store = Store(unpaired.state_dir, inline=True)
    store.put(PairedRow("ecu", serial, node, DEFAULT_ID) for serial, node in numbers.items())
    store.close()
    beside = redact(unpaired, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    assert [unit.node for _, _, unit in units(load_site(beside, SystemClock()).site)] == list(numbers.values())


def test_units_at_an_address_say_the_same_but_for_the_serials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    then, now = twice(tmp_path, polled_site)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    beside = redact(then, tmp_path / "x.pcapng", tmp_path / "y.pcapng")
    played = replayed(_loaded(beside, now), tmp_path / "y.pcapng", 300.0)
    others = other_serials(then)
    assert len(transcript(said)) > 100
    assert sorted(played.transcript()) == sorted(_other(said, others))
    assert played.replay.unmatched == {}
    assert not any(serial.encode() in (tmp_path / "y.pcapng").read_bytes() for serial in others)
