"""An ECU's site that was captured and is played again says the same on MQTT."""

from pathlib import Path

import pytest

from config.site import Site
from tests.support.ecu import ecu_site
from tests.support.emulated import NOON
from tests.support.recorded import captured, replayed, transcript

LOSSY = {"loss": 0.1, "burst_loss": 1.0, "burst_every_s": 30.0, "burst_s": 2.0, "noise_per_min": 20.0}


def plans(folder: Path, emulation: dict[str, object], hops: int) -> tuple[Site, Site]:
    """Return the same site twice, with a ledger and a broker of its own each time."""
    folders = [folder / f"{folder.name}-{when}" for when in ("then", "now")]  # a broker is named by its folder
    for each in folders:
        each.mkdir()
    then, now = (ecu_site(each, poll_s=7.0, link={"hops": hops}, emulation=emulation) for each in folders)
    return then, now


@pytest.mark.parametrize(
    ("emulation", "hops"),
    [
        pytest.param({}, 1, id="a quiet network"),
        pytest.param({"seed": 7, "impairments": LOSSY}, 2, id="losses, relays, junk on the serial port"),
    ],
)
def test_minutes_are_said_again_word_for_word(tmp_path: Path, emulation: dict[str, object], hops: int) -> None:
    then, now = plans(tmp_path, emulation, hops)
    said = captured(then, tmp_path / "x.pcapng", 300.0, start_utc=NOON)
    played = replayed(now, tmp_path / "x.pcapng", 300.0)
    assert len(transcript(said)) > 500
    assert played.transcript() == transcript(said)
    assert played.replay.unmatched == {}
