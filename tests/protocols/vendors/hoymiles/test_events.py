import re
from pathlib import Path

import pytest

from protocols.events import EventKind
from protocols.points import ALRM, HZ, LNV, Channel, Value
from protocols.vendors.hoymiles.events import (
    EVENTS,
    PHASES,
    PRIMARY,
    PRIMARY_THREE_PHASE,
    THREE_PHASE,
    event,
    events,
    standing_text,
)

README = (Path(__file__).parents[4] / "protocols/vendors/hoymiles/README.md").read_text()
CODES = {  # every code of the sources, by the alarm that it belongs to
    1: {205, 206, 215, 217, 219, 221, *range(5051, 5055)},
    2: {146, 147, 148, 149, 5100},
    3: {145},
    4: {12, 143},
    5: {11, 141, 142, 5080, 5150},
    6: {144, 5090},
    7: {150},
    8: {
        13, 14, 15, 36, 46, 47, 48, 49, 50, 121, 152, 171, 5020, 5070, 5160, 5520,
        *range(5011, 5015), *range(5041, 5045), *range(5141, 5145), *range(5511, 5515),
    },
    9: {181, 182, 5110},
    10: {3, 52, 61, 62, 63, *range(125, 130), *range(301, 315), 5060, 5120, 5200},
    None: {
        1, 2, 4, 71, 72, 73, *range(95, 99), 122, 123, 124, 130, *range(207, 215), 216, 218, 220, 222, 223, 1111,
        *range(2000, 2005), *range(3001, 3005), 8310, 8320, 9000,
    },
}  # fmt: skip


@pytest.mark.parametrize("alarm", [*range(1, 11), None])
def test_every_code_belongs_to_its_alarm(alarm: int | None) -> None:
    assert {code for code, each in EVENTS.items() if each.alarm_code == alarm} == CODES[alarm]


@pytest.mark.parametrize("code", [71, 72, 73, 122, 123, 124])
def test_derating_the_owner_s_stop_and_theft_are_no_alarms(code: int) -> None:
    assert event(code).alarm_code is None


@pytest.mark.parametrize("primary", [PRIMARY, PRIMARY_THREE_PHASE], ids=["one phase", "three phases"])
def test_the_codes_of_an_emulated_unit_mean_their_alarms(primary: dict[int, int]) -> None:
    phases = 3 if primary is PRIMARY_THREE_PHASE else 1
    assert {alarm: event(code, phases).alarm_code for alarm, code in primary.items()} == {n: n for n in range(1, 11)}


@pytest.mark.parametrize("table", [EVENTS, THREE_PHASE], ids=["one phase", "three phases"])
def test_events_are_complete(table: dict[int, object]) -> None:
    for code, each in table.items():
        found = event(code, 3 if table is THREE_PHASE else 1)
        assert each is found
        assert found.code == code
        assert found.text


@pytest.mark.parametrize(
    ("code", "phases", "alarm", "port"),
    [
        (215, 1, 1, 1),
        (215, 3, 1, 0),
        (217, 1, 1, 2),
        (217, 3, None, 5),
        (219, 3, None, 5),
        (221, 1, 1, 4),
        (221, 3, 8, 0),
    ],
)
def test_some_codes_mean_something_else_on_three_phases(code: int, phases: int, alarm: int | None, port: int) -> None:
    found = event(code, phases)
    assert (found.alarm_code, found.port) == (alarm, port)


def test_a_code_that_nobody_lists_is_an_event_and_no_alarm() -> None:
    found = event(999)
    assert (found.code, found.kind, found.alarm_code) == (999, EventKind.MANUFACTURER_ALRM, None)


@pytest.mark.parametrize(
    ("code", "values", "alarm"),
    [
        (5080, {LNV: 260.0}, 5),
        (5080, {LNV: 180.0}, 4),
        (5090, {HZ: 51.6}, 6),
        (5090, {HZ: 47.4}, 3),
        (5090, {HZ: 60.6}, 6),
        (5090, {HZ: 59.2}, 3),
        (5090, {}, 6),
    ],
)
def test_a_code_of_either_side_is_told_by_the_measured_value(
    code: int, values: dict[object, Value], alarm: int
) -> None:
    told = {Channel(point): value for point, value in values.items()}  # type: ignore[arg-type] # points
    (found,) = events({Channel(ALRM): str(code), **told})
    assert found.alarm_code == alarm


def test_standing_codes_travel_as_a_text() -> None:
    text = standing_text([147, 141, 147])
    assert text == "141 147"
    assert {each.alarm_code for each in events({Channel(ALRM): text, Channel(PHASES): 1})} == {2, 5}


@pytest.mark.parametrize("values", [{}, {Channel(ALRM): ""}, {Channel(ALRM): None}])
def test_nothing_stands_where_nothing_was_read(values: dict[Channel, Value]) -> None:
    assert events(values) == frozenset()


def test_the_readme_lists_every_code() -> None:
    table = README.split("## Events", 1)[1]
    named = {int(number) for number in re.findall(r"\b\d{1,4}\b", table)}
    assert named >= set(EVENTS)
