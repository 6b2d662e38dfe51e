"""Scenarios run through the whole stack on virtual time: each verdict, and what is said for it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from config.scenarios import Case, load_cases
from hil.lab import Lab
from hil.report import as_json, as_junit, explanation
from hil.run import Result, run_case
from hil.verdict import Verdict

pytestmark = pytest.mark.day
OVER = """\
name: over
grid_profile: de_vde_ar_n_4105_2018_11
plant: {branches: {b1: 1}}
timeline:
  - {id: over, at_s: 30, name: grid_voltage, args: {pu: 1.27}}
expect:
"""
RAISED = "  - {alarm: {code: 5, of: b1-1}, since: over, within_s: 20}\n"


def _case(folder: Path, text: str) -> Case:
    path = folder / "s.yaml"
    path.write_text(text)
    [case] = load_cases(path)
    return case


def _run(folder: Path, text: str) -> Result:
    return run_case(_case(folder, text))


def test_what_happens_in_its_window_passes(tmp_path: Path) -> None:
    result = _run(tmp_path, OVER + RAISED + "  - {trip: {code: 5, of: b1-1, stage: 1}, since: over}\n")
    assert [one.verdict for one in result.judgements] == [Verdict.PASS, Verdict.PASS]
    assert result.verdict is Verdict.PASS
    assert explanation(result) == ""


def test_a_failure_says_what_was_expected_what_was_seen_and_what_was_on_the_wire(tmp_path: Path) -> None:
    result = _run(tmp_path, OVER + RAISED.replace("code: 5", "code: 6"))
    assert result.verdict is Verdict.FAIL
    told = explanation(result)
    assert "expected alarm 6 of b1-1 raised, within 20.000 s" in told
    assert "nothing of it; of b1-1 there was 5 record at 3" in told
    assert "gw > 01 03" in told  # a request of the gateway
    assert "gw < 01" in told  # and the beginning of its answer


@pytest.mark.parametrize(
    ("window", "why"),
    [
        pytest.param("within_s: 2", "finer than what can be resolved, 5.2 s", id="finer than the poll period"),
        pytest.param("not_before_s: 0.5, within_s: 20", "at the edge of the window", id="an edge between two polls"),
    ],
)
def test_what_the_observer_cannot_resolve_is_inconclusive(tmp_path: Path, window: str, why: str) -> None:
    result = _run(tmp_path, OVER + RAISED.replace("within_s: 20", window))
    assert (result.verdict, why in result.judgements[0].seen) == (Verdict.INCONCLUSIVE, True), result.judgements


def test_a_trip_outside_its_time_fails(tmp_path: Path) -> None:
    result = _run(
        tmp_path, OVER + "  - {trip: {code: 5, of: b1-1, stage: 1}, since: over, not_before_s: 0.2, within_s: 1}\n"
    )
    assert result.verdict is Verdict.FAIL
    assert "too early" in result.judgements[0].seen


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        pytest.param("alarm: {of: b1-1, code: 4}", Verdict.PASS, id="another alarm"),
        pytest.param("alarm: {of: b1-1, code: 5}", Verdict.FAIL, id="the alarm itself"),
        pytest.param("trip: {of: b1-1, code: 5}", Verdict.FAIL, id="a trip"),
        pytest.param("trip: {of: b1-1, code: 4}", Verdict.PASS, id="another trip"),
        pytest.param("led: {of: b1-1, shows: red_slow}", Verdict.FAIL, id="a lamp"),
        pytest.param("state: {of: b1-1, is_in: [fault]}", Verdict.FAIL, id="a state"),
        pytest.param("mqtt: {topic: inverter/b1-1/state, path: state, equals: fault}", Verdict.FAIL, id="a value"),
    ],
)
def test_never(tmp_path: Path, line: str, verdict: Verdict) -> None:
    assert _run(tmp_path, OVER + f"  - {{{line}, never: true}}\n").verdict is verdict


def test_an_instrument_that_cannot_ends_the_run_without_a_verdict(tmp_path: Path) -> None:
    acts = """\
  - {at_s: 40, name: replace, args: {serial: b1-1, new_serial: AT000009}}
  - {at_s: 41, name: restart, args: {serial: b1-1}}
expect:
"""
    result = _run(tmp_path, OVER.replace("expect:\n", acts) + "  - {alarm: {of: b1-1, code: 4}, never: true}\n")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.broken == "restart: there is no unit 'AT000001'"


def test_the_same_case_comes_to_the_same_end_to_the_last_byte(tmp_path: Path) -> None:
    case = _case(tmp_path, OVER + RAISED)
    first, second = (json.dumps(as_json([run_case(case)])) for _ in range(2))
    assert first == second


def test_the_report_holds_what_a_picture_needs(tmp_path: Path) -> None:
    [case] = as_json([_run(tmp_path, OVER + RAISED)])["cases"]
    assert [event["id"] for event in case["events"]] == ["over"]
    assert {"grid.v", "grid.hz", "site.w", "b1-1.v", "b1-1.w", "b1-1.st"} <= case["series"].keys()
    volts = dict(case["series"]["grid.v"]["points"])
    assert (volts[0.0], round(max(volts.values()), 1)) == (230.0, 292.1)
    [one] = case["expectations"]
    assert (one["since_s"], one["from_s"], one["to_s"]) == (30.0, 30.0, 50.0)
    assert [alarm["kind"] for alarm in case["alarms"]][:2] == ["record", "raise"]


def test_junit_counts_each_verdict(tmp_path: Path) -> None:
    failing = RAISED.replace("code: 5", "code: 6")
    open_ = RAISED.replace("within_s: 20", "within_s: 2")
    [suite] = as_junit([_run(tmp_path, OVER + RAISED + failing + open_)])
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }


def test_the_gateway_is_stopped_and_started_again(tmp_path: Path) -> None:
    acts = """\
  - {id: stop, at_s: 40, name: gateway_stop}
  - {id: start, at_s: 60, name: gateway_start}
expect:
"""
    expect = """\
  - {mqtt: {topic: bridge/state, path: state, equals: offline}, since: stop, within_s: 3}
  - {mqtt: {topic: bridge/state, path: state, equals: online}, since: start, within_s: 3}
"""
    result = _run(tmp_path, OVER.replace("expect:\n", acts) + expect)
    assert result.verdict is Verdict.PASS, explanation(result)


def test_a_killed_gateway_says_no_last_word_and_remembers_what_it_had_stored(tmp_path: Path) -> None:
    acts = """\
  - {id: ack, at_s: 45, name: alarm, args: {target: b1-1, code: 5, action: ack}}
  - {id: kill, at_s: 55, name: gateway_kill}
  - {id: start, at_s: 100, name: gateway_start}
expect:
"""
    expect = """\
  - {mqtt: {topic: bridge/state, path: state, equals: offline}, since: kill, within_s: 0.5}
  - {mqtt: {topic: bridge/state, path: state, equals: online}, since: start, within_s: 3}
  - {mqtt: {topic: inverter/b1-1/alarms, path: 0.state, equals: acked}, since: start, within_s: 5}
  - {alarm: {of: b1-1, code: 5}, since: start, within_s: 60, never: true}
"""
    result = _run(tmp_path, OVER.replace("expect:\n", acts) + expect)
    assert result.verdict is Verdict.PASS, explanation(result)
    assert [heard.payload for heard in result.trace.heard if 55 <= heard.at_s < 100] == [b'{"state":"offline"}']


def test_a_simple_client_writes_to_a_topic(tmp_path: Path) -> None:
    text = """\
name: write
plant: {branches: {b1: 1}}
timeline:
  - {id: write, at_s: 30, name: publish, args: {topic: inverter/b1-1/set/limit_pct, payload: "50"}}
expect:
  - {mqtt: {topic: inverter/b1-1/state, path: limit_pct, equals: "50"}, since: write, within_s: 30}
"""
    result = _run(tmp_path, text)
    assert result.verdict is Verdict.PASS, explanation(result)


@pytest.mark.parametrize("act", ["broker_down", "broker_hang"])
def test_events_outlast_a_broker_that_is_away(tmp_path: Path, act: str) -> None:
    back = {"broker_down": "broker_up", "broker_hang": "broker_resume"}[act]
    acts = f"""\
  - {{id: gone, at_s: 20, name: {act}}}
  - {{id: back, at_s: 120, name: {back}}}
expect:
"""
    expect = "  - {mqtt: {topic: inverter/b1-1/event, path: kind, equals: raise}, since: back, within_s: 60}\n"
    result = _run(tmp_path, OVER.replace("expect:\n", acts) + expect)
    assert result.verdict is Verdict.PASS, explanation(result)


def test_a_slow_broker_delays_what_is_said(tmp_path: Path) -> None:
    text = OVER.replace("timeline:\n", "timeline:\n  - {at_s: 20, name: broker_slow, args: {delay_s: 10}}\n")
    fault = "mqtt: {topic: inverter/b1-1/state, path: state, equals: fault}"
    late = f"  - {{{fault}, since: over, not_before_s: 9, within_s: 90}}\n"
    assert _run(tmp_path, text + late).verdict is Verdict.PASS


def test_a_clock_that_steps_costs_no_energy_and_no_alarm(tmp_path: Path) -> None:
    text = """\
name: step
plant: {branches: {b1: 1}}
timeline:
  - {at_s: 30, name: clock_step, args: {seconds: -600}}
  - {at_s: 90, name: clock_step, args: {seconds: 7200}}
expect:
  - {energy: {of: b1-1, at_least_wh: 1}}
  - {alarm: {of: b1-1}, never: true}
"""
    result = _run(tmp_path, text)
    assert result.verdict is Verdict.PASS, explanation(result)


def test_never_is_no_pass_while_the_gateway_is_silent(tmp_path: Path) -> None:
    acts = """\
  - {id: stop, at_s: 35, name: gateway_stop}
  - {id: mute, at_s: 40, name: mark}
expect:
"""
    result = _run(
        tmp_path, OVER.replace("expect:\n", acts) + "  - {alarm: {of: b1-1, code: 4}, since: mute, never: true}\n"
    )
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.judgements[0].seen == "nothing at all was heard of the gateway meanwhile"


def _slower(share: float) -> Callable[[Lab], None]:
    """Return a defect: the over-voltage stages act after another time."""

    def spoil(stack: Lab) -> None:
        for unit in stack.plant.units.values():
            for timer in unit.life.firmware.guard.protection.timers:
                if timer.stage.code == 5:
                    timer.stage = replace(timer.stage, act_s=timer.stage.act_s * share)

    return spoil


@pytest.mark.parametrize(("share", "why"), [(0.8, "too early"), (1.2, "too late")], ids=["early", "late"])
def test_a_stage_that_acts_at_another_time_is_caught(tmp_path: Path, share: float, why: str) -> None:
    text = OVER.replace("de_vde_ar_n_4105_2018_11", "gb_g98_g99").replace("1.27", '"${(trip.hv[1].v + 2) / 100}"')
    case = _case(tmp_path, text + "  - {trip: {code: 5, of: b1-1, stage: 1}, since: over}\n")
    assert run_case(case).verdict is Verdict.PASS
    spoilt = run_case(case, spoil=_slower(share))
    assert spoilt.verdict is Verdict.FAIL
    assert why in spoilt.judgements[0].seen
