"""The README's tables are the code's."""

import re
from pathlib import Path

from protocols.points import ALRM, Channel
from protocols.vendors.apsystems.events import BITS, alarm_word, events
from protocols.vendors.apsystems.family import Family

README = (Path(__file__).parents[4] / "protocols/vendors/apsystems/README.md").read_text()


def _table(start: str, first: int) -> dict[int, int]:
    """Return event by bit, as the table behind `start` says."""
    rows = re.findall(r"^\| ([0-9A-F]{2}) \| ([-0-9, ]+) \|$", README.split(start)[1].split("\n\n")[0], re.MULTILINE)
    return {
        8 * (first + 4 - int(at, 16)) + bit: int(event)
        for at, bits in rows
        for bit, event in enumerate(bits.split(", "))
        if event != "-"
    }


def test_the_bits_are_in_the_tables() -> None:
    assert _table("| byte of B1 |", 0x17) == BITS[Family.QS1]
    assert _table("| byte of BB |", 0x0B) == BITS[Family.DS3]


def test_every_event_stands_under_its_alarm_code() -> None:
    rows = re.findall(r"^\| (\d+|none)(?: [^|]*)?\| ([^|]+) \|$", README.split("| alarm code |")[1], re.MULTILINE)
    listed = {code: {int(number) for number in re.findall(r"\b(\d+)\b", text)} for code, text in rows}
    for bit, number in BITS[Family.QS1].items():
        (event,) = events({Channel(ALRM): alarm_word(Family.QS1, 1 << bit)})
        assert number in listed[str(event.alarm_code) if event.alarm_code else "none"], number
