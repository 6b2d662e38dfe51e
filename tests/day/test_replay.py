"""What was captured and is played again says the same on MQTT."""

import json
from pathlib import Path
from typing import Any

import pytest

from config.site import Site
from drivers.mqtt.session import Message
from tests.support.emulated import MIDNIGHT, NOON
from tests.support.plant import site
from tests.support.recorded import captured, replayed, transcript, twice
from tests.support.vectors import VECTORS

HOUR = 3600.0
SLOTS = ("AT000001", "AT000002", "AT000003")
ALARMS = {(code, kind) for code in (3, 5) for kind in ("raise", "record", "clear")} | {
    (9, "raise"),
    (9, "record"),
}  # of `troubles`


def troubles(at_s: float) -> list[dict[str, object]]:
    """Return a script: the mains leave their band for a while and return, then wet modules are tested."""
    steps: list[tuple[float, str, dict[str, str | None]]] = [
        (0, "grid_frequency", {"hz": "46.5", "target": "b1"}),
        (15, "grid_frequency", {"hz": None, "target": "b1"}),
        (60, "grid_voltage", {"pu": "1.2", "target": "b1"}),
        (75, "grid_voltage", {"pu": None, "target": "b1"}),
        (120, "insulation", {"serial": SLOTS[2], "ohm": "3000"}),
        (121, "restart", {"serial": SLOTS[2]}),
    ]
    return [{"at_s": at_s + after_s, "name": name, "args": args} for after_s, name, args in steps]


LOSSY = {"loss": 0.1, "noise_per_min": 20, "bit_error_rate": 1e-4}
EMULATIONS = [
    pytest.param({}, {}, id="a quiet line"),
    pytest.param({}, {"seed": 7, "impairments": LOSSY}, id="losses and noise"),
    pytest.param({"echo": True}, {}, id="a modem that echoes"),
    pytest.param({"modem": "st7580", "baud": 57600}, {"seed": 7, "impairments": {"loss": 0.1}}, id="an ST7580"),
]


def plans(
    folder: Path, *, units: int, poll_s: float = 60.0, link: dict[str, object] | None = None, **more: object
) -> tuple[Site, Site]:
    """Return the same site twice, with a ledger and a broker of its own each time."""
    return twice(folder, lambda each: site(each, units=units, poll_s=poll_s, link=link, **more))


def _json(said: list[Message], ending: str) -> list[Any]:
    return [json.loads(m.payload) for m in said if m.topic.endswith(ending) and m.payload]


def _alarm_events(said: list[Message]) -> set[tuple[int, str]]:
    """Return the code and kind of every alarm event that units told."""
    return {(event["code"], event["kind"]) for slot in SLOTS for event in _json(said, f"/inverter/{slot}/event")}


@pytest.mark.parametrize(("link", "emulation"), EMULATIONS)
def test_minutes_are_said_again_word_for_word(
    tmp_path: Path, link: dict[str, object], emulation: dict[str, object]
) -> None:
    then, now = plans(tmp_path, units=3, poll_s=5.0, link=link, emulation=emulation)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    played = replayed(now, tmp_path / "x.pcapng", 300.0)
    assert len(transcript(said)) > 500
    assert played.transcript() == transcript(said)
    assert played.replay.unmatched == {}


def _powers(said: list[Message], slot: str = "AT000001") -> list[float | None]:
    return [state["p_ac_w"] for state in _json(said, f"/inverter/{slot}/state") if state["ts"] is not None]


def test_alarms_come_and_go_again_word_for_word(tmp_path: Path) -> None:
    """Polled at a period that divides no alarm delay: of two things due at once, a nanosecond decides the first."""
    emulation = {"script": troubles(60.0), "seed": 7, "impairments": LOSSY}
    then, now = plans(tmp_path, units=3, poll_s=7.0, grid_profile="gb_g98_g99", emulation=emulation)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    played = replayed(now, tmp_path / "x.pcapng", 300.0)
    assert _alarm_events(said) >= ALARMS
    assert played.transcript() == transcript(said)
    assert played.replay.unmatched == {}


def test_another_recording_is_another_transcript(tmp_path: Path) -> None:
    then, now = plans(tmp_path, units=1, poll_s=5.0)
    said = captured(then, tmp_path / "x.pcapng", 60.0, start_utc=NOON)
    captured(then.model_copy(update={"state_dir": now.state_dir}), tmp_path / "y.pcapng", 60.0, start_utc=NOON + HOUR)
    assert _powers(replayed(now, tmp_path / "y.pcapng", 60.0).said) != _powers(said)


def test_a_link_that_was_lost_is_lost_again_and_in_step_when_it_is_back(tmp_path: Path) -> None:
    then, now = plans(tmp_path, units=2, poll_s=5.0)
    said = captured(then, tmp_path / "x.pcapng", 1200.0, start_utc=NOON, outage_s=(300.0, 900.0))
    played = replayed(now, tmp_path / "x.pcapng", 1200.0)
    for words in (said, played.said):
        kinds = [event["kind"] for event in _json(words, "/bridge/event") if event["kind"].startswith("link")]
        assert kinds == ["link_up", "link_down", "link_up"]
    assert played.replay.unmatched == {}
    assert _powers(played.said)[-1] in _powers(said)[-5:]  # not what was answered ten minutes earlier


def test_a_capture_of_long_ago_still_says_what_it_said(tmp_path: Path) -> None:
    """Written by `captured`: this plant, seed 7, 60 s from noon on, one frame in ten lost, noise; dirty on purpose."""
    plan = site(tmp_path, units=2, poll_s=5.0)
    said = replayed(plan, VECTORS / "roof.pcapng", 60.0).said
    assert _powers(said, "AT000001") == [287.2, 298.6, 312.6, 327.2, 340.7, *[347.5] * 6]
    assert _powers(said, "AT000002") == [286.1, 299.0, 313.0, 326.9, 340.8, *[345.3] * 7]
    last = _json(said, "/inverter/AT000002/state")[-1]
    assert (last["ts"], last["e_total_wh"]) == ("2026-06-21T11:40:33.950Z", 1319351)


@pytest.mark.day
@pytest.mark.timeout(300)
def test_a_day_is_said_again_word_for_word(tmp_path: Path) -> None:
    emulation = {"script": troubles(11 * HOUR), "seed": 7, "impairments": {"loss": 0.05}}
    then, now = plans(tmp_path, units=3, grid_profile="gb_g98_g99", emulation=emulation)
    said = captured(then, tmp_path / "x.pcapng", 24 * HOUR, start_utc=MIDNIGHT + 0.123456789)
    played = replayed(now, tmp_path / "x.pcapng", 24 * HOUR)
    assert len(transcript(said)) > 8000
    assert _alarm_events(said) >= ALARMS
    assert played.transcript() == transcript(said)
    assert played.replay.unmatched == {}
