"""The README is the protocol: what it prints is held against the vectors and the layouts."""

import re
from pathlib import Path

import pytest

from protocols.modbus import rtu
from protocols.sunspec.chain import chain
from protocols.vendors.atmoce import layout as y
from protocols.vendors.atmoce.events import EVENTS
from protocols.vendors.atmoce.led import Led
from tests.support.vectors import load

README = (Path(__file__).parents[4] / "protocols/vendors/atmoce/README.md").read_text()
HEX = re.compile(r"  ((?:11|00) (?:03|10|90)(?: [0-9a-f]{2}|\n +[0-9a-f]{2}(?= [0-9a-f]{2}))+)")
PRINTED = [bytes.fromhex(re.sub(r"\s", "", found)) for found in HEX.findall(README)]


def test_frames_are_printed() -> None:
    assert len(PRINTED) >= 14


@pytest.mark.parametrize("frame", PRINTED, ids=lambda frame: frame.hex()[:20])
def test_a_printed_frame_is_a_vector(frame: bytes) -> None:
    rtu.decode(frame)
    assert frame in {vector.raw for vector in load("atmoce")}


@pytest.mark.parametrize(
    ("at", "size", "name"),
    [
        (y.ASSIGNMENT_AT, y.ASSIGNMENT.size, "assignment"),
        (y.IDENTITY_AT, y.IDENTITY.size, "identity"),
        (y.LIVE_AT, y.LIVE.size, "live"),
        (y.CONTROL_AT, y.CONTROL.size, "control"),
        (y.GRID_PROFILE_AT, y.GRID_PROFILE_BLOCK.size, "grid profile"),
    ],
    ids=["assignment", "identity", "live", "control", "grid profile"],
)
def test_the_table_of_blocks_is_right(at: int, size: int, name: str) -> None:
    assert f"| 0x{at:04X}-0x{at + size // 2 - 1:04X} | {name} | {size} |" in README


def test_the_table_of_models_is_right() -> None:
    rows = re.findall(r"^\| (\d{5}) \| (\d+) [^|]*\| (\d+) \|$", README, re.MULTILINE)
    assert [(int(at), int(model), int(length)) for at, model, length in rows] == [
        (at, int(layout.name.removeprefix("sunspec.")), layout.size // 2 - 2) for at, layout in chain(1)
    ]


@pytest.mark.parametrize("shown", list(Led), ids=lambda shown: shown.name)
def test_every_lamp_is_in_the_table(shown: Led) -> None:
    assert f"| 0x{shown:02X} | {shown.name.lower().replace('_', ' ')} |" in README


def test_every_alarm_code_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d+) \| (\d) \|[^|]*\| (\d+)", README, re.MULTILINE)
    assert [tuple(map(int, row)) for row in rows] == [(code, code - 1, event.kind) for code, event in EVENTS.items()]


def test_it_says_first_that_this_is_not_the_maker_s_protocol() -> None:
    assert README.split("\n\n")[1].startswith("**This is not Atmoce's own protocol.**")
