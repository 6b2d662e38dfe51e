from dataclasses import replace

import pytest

from drivers.clock import Trust
from gateway.alarms.command import Action
from gateway.alarms.derive import (
    DARK_S,
    DayStarts,
    SiteStatus,
    is_dark,
    of_clock,
    of_link,
    of_profile,
    of_unit,
    site_status,
)
from gateway.alarms.engine import Observation
from gateway.snapshot import CommState, Identity, InverterView
from protocols.events import Event, EventKind
from protocols.states import InvSt, Quality
from tests.gateway.alarms.bench import Bench

IDENTITY = Identity("a1", "1410E1", "MI-400", "atmoce", "roof", "a", 1, 1, 400)
VIEW = InverterView(IDENTITY, CommState.ONLINE, Quality.GOOD, state=InvSt.RUNNING)
GFDI = Event(9, EventKind.GROUND_FAULT, "earth fault", 9)
DERATED = Event(123, EventKind.OVER_TEMP, "derated", None)


def conditions(view: InverterView, *, link_up: bool = True) -> dict[int, bool | None]:
    return {seen.code: seen.condition for seen in of_unit(view, link_up=link_up)}


def test_a_unit_in_touch_tells_of_each_code() -> None:
    seen = {s.code: s for s in of_unit(replace(VIEW, events=frozenset({GFDI, DERATED})), link_up=True)}
    assert set(seen) == {*range(1, 11), 101}
    assert seen[9] == Observation("a1", 9, True, "earth fault")
    assert {(s.subject, s.condition, s.cause) for code, s in seen.items() if code != 9} == {("a1", False, None)}


def test_an_event_s_own_word_is_the_cause() -> None:
    worded = replace(GFDI, cause="gfdi")
    seen = {s.code: s for s in of_unit(replace(VIEW, events=frozenset({worded})), link_up=True)}
    assert seen[9] == Observation("a1", 9, True, "gfdi")


def test_of_two_events_of_a_code_the_first_by_number_is_the_cause() -> None:
    one, other = (Event(code, EventKind.DC_OVER_VOLT, f"input {code}", 1) for code in (8, 10))
    seen = {s.code: s for s in of_unit(replace(VIEW, events=frozenset({other, one})), link_up=True)}
    assert seen[1] == Observation("a1", 1, True, "input 8")


@pytest.mark.parametrize("quality", [q for q in Quality if q is not Quality.GOOD])
def test_data_that_is_not_good_tells_nothing(quality: Quality) -> None:
    seen = conditions(replace(VIEW, quality=quality, events=frozenset({GFDI})))
    assert {seen[code] for code in range(1, 11)} == {None}


SILENCE = [
    (CommState.UNKNOWN, True, None),
    (CommState.ONLINE, True, False),
    (CommState.DEGRADED, True, False),
    (CommState.ASLEEP, True, None),
    (CommState.LOST, True, True),
    (CommState.LOST, False, None),
    (CommState.UNPAIRED, True, None),
    (CommState.ONLINE, False, None),
]


@pytest.mark.parametrize(("comm", "link_up", "expected"), SILENCE)
def test_silence_is_an_alarm_by_day_and_while_the_link_is_up(
    *, comm: CommState, link_up: bool, expected: bool | None
) -> None:
    assert conditions(replace(VIEW, comm=comm), link_up=link_up)[101] is expected


def test_every_comm_state_is_judged() -> None:
    assert {comm for comm, *_ in SILENCE} == set(CommState)


def test_system_conditions() -> None:
    assert of_clock(Trust.GUESSED) == Observation("site", 105, True)
    assert of_clock(Trust.TRUSTED) == Observation("site", 105, False)
    assert of_link("roof", up=False) == Observation("gateway/roof", 106, True)
    assert of_link("roof", up=True) == Observation("gateway/roof", 106, False)
    assert of_profile("a1", "nl", "nl").condition is False
    assert of_profile("a1", "nl", None) == Observation("a1", 104, None, None)
    assert of_profile("a1", "nl", "de") == Observation("a1", 104, True, "found de, wanted nl")


def test_a_unit_is_dark_when_it_sleeps_or_says_so() -> None:
    assert not is_dark(VIEW)
    assert is_dark(replace(VIEW, comm=CommState.ASLEEP))
    assert is_dark(replace(VIEW, state=InvSt.SLEEPING))
    assert not is_dark(replace(VIEW, comm=CommState.LOST, state=InvSt.FAULT))


ASLEEP = replace(VIEW, comm=CommState.ASLEEP, quality=Quality.NIGHT, state=InvSt.SLEEPING)
STARTING = replace(VIEW, state=InvSt.STARTING)
LOST = replace(VIEW, comm=CommState.LOST, quality=Quality.STALE)
THROTTLED = replace(VIEW, state=InvSt.THROTTLED)

STARTS = [
    pytest.param([(0, ASLEEP), (DARK_S, VIEW)], [DARK_S], id="after an hour of dark"),
    pytest.param([(0, ASLEEP), (DARK_S - 1, VIEW)], [], id="not after less"),
    pytest.param([(0, ASLEEP), (DARK_S, STARTING), (DARK_S + 300, THROTTLED)], [DARK_S + 300], id="when it generates"),
    pytest.param([(0, ASLEEP), (100, STARTING), (DARK_S + 300, VIEW)], [], id="the start-up is not dark"),
    pytest.param([(0, ASLEEP), (9000, ASLEEP), (9100, VIEW), (9200, VIEW)], [9100], id="once a day"),
    pytest.param([(0, ASLEEP), (DARK_S, LOST), (DARK_S + 9, VIEW)], [DARK_S + 9], id="silence in between is no news"),
    pytest.param([(0, VIEW), (DARK_S * 2, VIEW)], [], id="no day starts without a night"),
    pytest.param(
        [(0, ASLEEP), (DARK_S, STARTING), (DARK_S + 10, ASLEEP), (DARK_S + 60, VIEW)],
        [DARK_S + 60],
        id="a false start does not cost the day",
    ),
]


@pytest.mark.parametrize(("rows", "expected"), STARTS)
def test_a_day_starts(rows: list[tuple[float, InverterView]], expected: list[float]) -> None:
    starts = DayStarts()
    assert [t for t, view in rows if starts.observe(t, view)] == expected


def test_each_unit_has_its_own_day() -> None:
    starts = DayStarts()
    neighbour = replace(IDENTITY, slot="a2")
    starts.observe(0, ASLEEP)
    assert not starts.observe(DARK_S, replace(VIEW, identity=neighbour))
    assert starts.observe(DARK_S, VIEW)


def status(bench: Bench, *comm: CommState) -> SiteStatus:
    return site_status([replace(VIEW, comm=state) for state in comm], bench.engine.standing())


ON, DEGRADED, LOST_, SLEEP, UNKNOWN = (
    CommState.ONLINE,
    CommState.DEGRADED,
    CommState.LOST,
    CommState.ASLEEP,
    CommState.UNKNOWN,
)


@pytest.mark.parametrize(
    ("comm", "expected"),
    [
        ((ON, DEGRADED), SiteStatus.NORMAL),
        ((SLEEP, SLEEP), SiteStatus.NORMAL),
        ((UNKNOWN,), SiteStatus.NORMAL),
        ((), SiteStatus.NORMAL),
        ((LOST_, LOST_), SiteStatus.OFFLINE),
        ((LOST_, SLEEP), SiteStatus.OFFLINE),
        ((LOST_, ON), SiteStatus.NORMAL),
    ],
)
def test_a_site_is_offline_when_all_that_should_answer_are_silent(
    comm: tuple[CommState, ...], expected: SiteStatus
) -> None:
    assert status(Bench(), *comm) is expected


def test_a_site_is_faulty_while_an_alarm_stands_or_is_latched() -> None:
    bench = Bench()
    bench.see(0, "a1", {9: True})
    assert status(bench, ON) is SiteStatus.FAULTY
    assert status(bench, LOST_) is SiteStatus.OFFLINE
    bench.see(1, "a1", {9: False})
    assert status(bench, ON) is SiteStatus.FAULTY
    bench.command(2, Action.RESET, "a1", 9)
    assert status(bench, ON) is SiteStatus.NORMAL, "gone, and only not yet seen"


def test_what_is_shelved_or_concerns_only_the_gateway_makes_no_faulty_site() -> None:
    bench = Bench()
    bench.see(0, "site", {105: True})
    bench.tick(900)
    bench.see(901, "a1", {3: True})
    bench.command(902, Action.SHELVE, "a1", 3)
    assert {s.record.code for s in bench.engine.standing()} == {105, 3}
    assert status(bench, ON) is SiteStatus.NORMAL
