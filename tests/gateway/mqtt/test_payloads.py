import json
import math
from dataclasses import replace

import pytest

from gateway.mqtt import payloads
from gateway.mqtt.payloads import MAX_REQUEST, MAX_TRANSACTION, MAX_WRITE, About, Known, Query, Refusal
from gateway.snapshot import CommState, Energy, SiteTotals
from gateway.telemetry.outbox import SiteEvent
from protocols import points
from protocols.events import Event, EventKind
from protocols.points import Channel
from protocols.states import InvSt, Quality
from tests.support.mqtt_site import NOON, OVER_TEMP, VALUES, identity, running, silent

ABOUT = About(version="0.1.0", config_schema="1", site="home", name="Home", drivers={"east": "plc"})


def said(payload: object) -> object:
    """Return what a reader of the JSON sees."""
    return json.loads(payloads.encode(payload))  # type: ignore[arg-type]


def test_a_running_inverter() -> None:
    assert said(payloads.inverter_state(running(events=frozenset({OVER_TEMP})))) == {
        "ts": "2026-06-21T12:00:00.000Z",
        "seq": 12,
        "quality": "good",
        "state": "running",
        "events": ["over_temp"],
        "p_ac_w": 401.3,
        "q_ac_var": -3.0,
        "pf": 1.0,
        "v_ac_v": 230.1,
        "i_ac_a": 1.744,
        "f_ac_hz": 49.987,
        "t_case_c": 41.5,
        "limit_pct": 100,
        "r_iso_ohm": 2000000,
        "i_dc_component_a": 0.0012,
        "signal_pct": None,
        "uptime_s": 3600,
        "limit_w": 450.0,
        "enabled": True,
        "e_total_wh": 1234567,
        "e_day_wh": 2345,
    }


def test_an_input_with_a_value_that_the_device_does_not_have() -> None:
    assert said(payloads.input_state(running(), 2)) == {
        "ts": "2026-06-21T12:00:00.000Z",
        "seq": 12,
        "quality": "good",
        "p_dc_w": 205.0,
        "v_dc_v": 33.0,
        "i_dc_a": None,
        "e_total_wh": 610000,
        "e_day_wh": 1190,
    }


def test_at_night_power_is_zero_and_the_rest_unknown() -> None:
    view = running(comm=CommState.ASLEEP, quality=Quality.NIGHT)
    assert said(payloads.inverter_state(view)) == {
        "ts": "2026-06-21T12:00:00.000Z",
        "seq": 12,
        "quality": "night",
        "state": "sleeping",
        "events": None,
        "p_ac_w": 0,
        "q_ac_var": 0,
        "pf": None,
        "v_ac_v": None,
        "i_ac_a": None,
        "f_ac_hz": None,
        "t_case_c": None,
        "limit_pct": 100,
        "r_iso_ohm": None,
        "i_dc_component_a": None,
        "signal_pct": None,
        "uptime_s": None,
        "limit_w": 450.0,
        "enabled": True,
        "e_total_wh": 1234567,
        "e_day_wh": 2345,
    }
    assert said(payloads.input_state(view, 1)) == {
        "ts": "2026-06-21T12:00:00.000Z",
        "seq": 12,
        "quality": "night",
        "p_dc_w": 0,
        "v_dc_v": None,
        "i_dc_a": None,
        "e_total_wh": 650000,
        "e_day_wh": 1200,
    }


@pytest.mark.parametrize("comm", list(CommState), ids=lambda comm: comm.value)
def test_a_unit_that_has_not_answered_since_the_start_has_its_stored_energy_only(comm: CommState) -> None:
    state = payloads.inverter_state(replace(silent(), comm=comm))
    known = {key: value for key, value in state.items() if value is not None}
    assert known == {"seq": 0, "quality": "stale", "e_total_wh": 1234567, "e_day_wh": 0}


def test_there_is_nothing_to_say_of_a_unit_without_answer_and_without_store() -> None:
    assert payloads.has_state(silent())
    assert not payloads.has_state(silent(), 1)
    assert not payloads.has_state(silent(stored=False))


def test_a_lost_unit_keeps_its_last_values_marked_stale() -> None:
    state = payloads.inverter_state(running(comm=CommState.LOST, quality=Quality.STALE))
    assert (state["quality"], state["p_ac_w"], state["state"]) == ("stale", 401.3, "running")


def test_derived_energy_says_so() -> None:
    view = running(energy={0: Energy(10, 1, derived=True), 1: Energy(11, 1)})
    assert payloads.inverter_state(view)["e_source"] == "derived"
    assert "e_source" not in payloads.input_state(view, 1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(math.nan, None), (math.inf, None), ("text", None), (None, None), (-0.01, 0.0), (250, 250), (0.05, 0.1)],
    ids=repr,
)
def test_numbers_are_fit_for_json(value: float | str | None, expected: float | None) -> None:
    power = payloads.inverter_state(running(values=VALUES | {Channel(points.W): value}))["p_ac_w"]
    assert power == expected
    assert power is None or math.copysign(1, power) > 0


@pytest.mark.parametrize(
    ("comm", "expected"),
    [
        (CommState.UNKNOWN, {"state": "offline"}),
        (CommState.ONLINE, {"state": "online"}),
        (CommState.DEGRADED, {"state": "online"}),
        (CommState.ASLEEP, {"state": "sleeping"}),
        (CommState.LOST, {"state": "offline"}),
    ],
    ids=lambda value: value.value if isinstance(value, CommState) else "",
)
def test_availability(comm: CommState, expected: object) -> None:
    assert payloads.availability(running(comm=comm)) == expected


def test_a_unit_without_a_verdict_is_neither_here_nor_away() -> None:
    assert payloads.availability(running(comm=CommState.UNKNOWN, ts=None)) is None


def test_the_site() -> None:
    counts = {"expected": 3, "reporting": 2, "asleep": 1}
    totals = SiteTotals(801.55, 0.0, 2_469_134, 4_690, **counts, limit_w=675.04, limit_pct=50.0)
    assert said(payloads.site_state(totals, NOON)) == {
        "ts": "2026-06-21T12:00:00.000Z",
        "p_ac_w": 801.5,
        "q_ac_var": 0.0,
        "e_total_wh": 2469134,
        "e_day_wh": 4690,
        "expected": 3,
        "reporting": 2,
        "asleep": 1,
        "complete": False,
        "limit_w": 675.0,
        "limit_pct": 50.0,
    }


@pytest.mark.parametrize(
    ("state", "switch", "expected"),
    [
        (InvSt.OFF, None, False),
        (InvSt.RUNNING, 0, True),
        (InvSt.THROTTLED, None, True),
        (InvSt.STARTING, 0, False),
        (InvSt.STARTING, 1, True),
        (InvSt.STARTING, None, None),
        (None, None, None),
    ],
    ids=[
        "off by the owner",
        "what runs is on, whatever it said before",
        "throttled is on",
        "as it said last",
        "as it said last, on",
        "it never said",
        "nothing is known",
    ],
)
def test_the_owners_switch(state: InvSt | None, switch: int | None, expected: bool | None) -> None:  # noqa: FBT001 - a column
    view = running(state=state, values=VALUES | ({} if switch is None else {Channel(points.CONN): switch}))
    assert payloads.inverter_state(view)["enabled"] is expected


def test_the_inventory() -> None:
    assert said(payloads.devices({"roof-1": running()}, ABOUT)) == [
        {
            "id": "roof-1",
            "serial": "A4500123",
            "model": "MI-450",
            "vendor": "atmoce",
            "firmware": "1.4.2",
            "grid_profile": None,
            "channels": 2,
            "rated_w": 450.0,
            "driver": "plc",
            "gateway": "east",
            "branch": "b1",
            "node": 7,
        }
    ]


def test_the_inventory_can_be_read_back() -> None:
    raw = payloads.encode(payloads.devices({"roof-1": running()}, ABOUT))
    assert payloads.parse_inventory(raw) == [Known(id="roof-1", channels=2, gateway="east", branch="b1")]


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"{}", b'[{"id":"a/b","channels":2}]', b'[{"id":"a","channels":1000}]', b" " * 2_000_000],
    ids=["empty", "cut", "an object", "an id that is no id", "too many inputs", "too long"],
)
def test_a_foreign_inventory_is_empty(raw: bytes) -> None:
    assert payloads.parse_inventory(raw) == []


def test_the_link() -> None:
    assert said(payloads.link(running())) == {
        "comm": "online",
        "polls": 200,
        "answered": 199,
        "retries": 3,
        "success_pct": 99.5,
        "latency_s": 0.213,
        "last_failure": "no_answer",
    }


def test_the_bridge() -> None:
    assert said(payloads.bridge_info(ABOUT)) == {
        "version": "0.1.0",
        "config_schema": "1",
        "site": "home",
        "name": "Home",
        "restart_required": False,
    }


def test_an_event_has_an_id_that_does_not_change() -> None:
    event = SiteEvent("joined", NOON, "roof-1", {"serial": "A4500123", "after_s": math.nan})
    first = said(payloads.site_event(event))
    assert first == said(payloads.site_event(replace(event)))
    assert first == {
        "id": "19eea0d4a00-joined-roof-1",
        "ts": "2026-06-21T12:00:00.000Z",
        "kind": "joined",
        "subject": "roof-1",
        "detail": {"serial": "A4500123", "after_s": None},
    }


def test_events_are_named_once_in_order() -> None:
    events = frozenset({OVER_TEMP, Event(3, EventKind.AC_OVER_VOLT, "a"), Event(4, EventKind.AC_OVER_VOLT, "b")})
    assert payloads.inverter_state(running(events=events))["events"] == ["ac_over_volt", "over_temp"]


def test_every_state_has_a_word() -> None:
    assert [payloads.inverter_state(running(state=state))["state"] for state in InvSt] == [
        "off",
        "sleeping",
        "starting",
        "running",
        "throttled",
        "shutting_down",
        "fault",
        "standby",
    ]


@pytest.mark.parametrize(
    ("raw", "transaction"),
    [
        (b"", None),
        (b"{}", None),
        (b'{"transaction":"t1","more":1}', "t1"),
        (b'{"transaction":7}', 7),
        (b'{"transaction":"%s"}' % (b"x" * MAX_TRANSACTION), "x" * MAX_TRANSACTION),
    ],
    ids=["an empty payload", "an empty object", "with more keys", "a number", "the longest"],
)
def test_questions_are_read(raw: bytes, transaction: str | int | None) -> None:
    assert payloads.parse_query(raw, Query) == Query(transaction=transaction)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"transaction":{}}',
        b'{"transaction":"%s"}' % (b"x" * (MAX_TRANSACTION + 1)),
        b'{"transaction":99999999999999999999}',
        b"[" * 10_000,
        b" " * MAX_REQUEST + b"{}",
    ],
    ids=["cut", "a list", "null", "no text", "an object", "long", "huge", "deep", "oversized"],
)
def test_damaged_questions_are_refused(raw: bytes) -> None:
    refusal = payloads.parse_query(raw, Query)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "invalid_payload"
    assert refusal.message


@pytest.mark.parametrize(
    ("raw", "number"),
    [(b"70", 70.0), (b"70.5", 70.5), (b" 5 ", 5.0), (b"-1e3", -1000.0)],
    ids=["whole", "with a point", "with blanks", "scientific"],
)
def test_numbers_are_read(raw: bytes, number: float) -> None:
    assert payloads.parse_number(raw) == number


@pytest.mark.parametrize(
    "raw",
    [b"", b"70%", b"true", b'"70"', b"NaN", b"Infinity", b"null", b"\xff", b"[7]", b" " * MAX_WRITE + b"7"],
    ids=[
        "empty",
        "with a unit",
        "a switch",
        "a text",
        "no number",
        "endless",
        "null",
        "no text",
        "a list",
        "oversized",
    ],
)
def test_what_is_no_number_is_refused(raw: bytes) -> None:
    assert payloads.parse_number(raw) == Refusal("invalid_payload", "expected a number")


@pytest.mark.parametrize(("raw", "on"), [(b"true", True), (b"false", False)], ids=["on", "off"])
def test_switches_are_read(raw: bytes, *, on: bool) -> None:
    assert payloads.parse_switch(raw) is on


@pytest.mark.parametrize("raw", [b"1", b"ON", b'"true"', b"null", b""], ids=["one", "ON", "a text", "null", "empty"])
def test_what_is_no_switch_is_refused(raw: bytes) -> None:
    assert payloads.parse_switch(raw) == Refusal("invalid_payload", "expected true or false")


def test_an_unknown_driver_is_null() -> None:
    assert payloads.inverter_info(identity(gateway="west"), ABOUT)["driver"] is None


def test_the_units_own_codes_are_handed_on() -> None:
    told = running(values=VALUES | {Channel(points.ALRM): "141 215"})
    assert payloads.inverter_state(told)["fault_raw"] == "141 215"
    assert "fault_raw" not in payloads.inverter_state(running())


def test_flags_that_nobody_can_read_are_handed_on() -> None:
    flagged = running(values=VALUES | {Channel(points.ALRM, 1): 4097, Channel(points.ALRM, 2): "0a"})
    assert payloads.input_state(flagged, 1)["fault_raw"] == 4097
    assert payloads.input_state(flagged, 2)["fault_raw"] == "0a"
    assert "fault_raw" not in payloads.input_state(running(), 1)
