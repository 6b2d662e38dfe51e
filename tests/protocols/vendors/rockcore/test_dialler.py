"""A unit's side: it insists on its answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.points import HZ, INV_ST, LNV, TOT_WH_INJ, UP_TMS, Channel
from protocols.push import HangUp
from protocols.states import InvSt
from protocols.vendors.rockcore.codec import hear
from protocols.vendors.rockcore.dialler import AGAIN_S, ANSWER_S, MOST_OFFSET_WH, UnitSide
from protocols.vendors.rockcore.led import Lamp
from protocols.vendors.rockcore.models import MODELS
from tests.support.device import ScriptedDevice

UTC = 1_782_035_999.0


def device() -> ScriptedDevice:
    return ScriptedDevice("RC00000001", MODELS["MI3S-500S"])


def said(payload: object) -> dict[str, Any]:
    assert isinstance(payload, bytes)
    content = json.loads(payload)
    return {row["k"]: row["v"] for row in content["data"]} | {"t": content["meta"]["t"]}


def answered(unit: UnitSide, now: float, late_s: float = 0.01) -> dict[str, Any]:
    """Let the unit speak at `now` and answer it."""
    payload = unit.tick(now)
    assert isinstance(payload, bytes)
    unit.heard(hear(payload, UTC + now + late_s, 30.0).answer, now + late_s)
    return said(payload)


def test_it_registers_tells_its_flags_and_reports_every_30_s() -> None:
    unit = UnitSide(device())
    unit.connected(0.0)
    assert "g4" in answered(unit, 0.0)
    assert unit.next_deadline() == 0.01
    assert answered(unit, 0.01)["fa3"] == 0
    first = answered(unit, 0.02)
    assert (first["pa1"], first["pa2"], first["p1"], first["p2"]) == (322, 72, 230, 5001)
    assert unit.next_deadline() == pytest.approx(30.03)
    assert unit.tick(30.0) is None
    assert "g4" not in answered(unit, 30.03)


def test_its_time_rises_whatever_time_it_is_told() -> None:
    unit = UnitSide(device())
    unit.connected(0.0)
    times = [answered(unit, 0.0, late_s)["t"] for late_s in (0.0, 0.0, 0.0)]
    assert times == sorted(set(times))


def test_the_ac_power_comes_every_15_minutes() -> None:
    unit = UnitSide(device())
    unit.connected(0.0)
    answered(unit, 0.0)
    answered(unit, 0.01)
    has_power = ["p5" in answered(unit, unit.next_deadline()) for _ in range(61)]
    assert [n for n, there in enumerate(has_power) if there] == [0, 30, 60]


def test_unanswered_it_hangs_up_and_begins_anew() -> None:
    unit = UnitSide(device())
    for _ in range(5):
        unit.connected(0.0)
        assert "g4" in said(unit.tick(0.0))
        assert unit.tick(ANSWER_S - 0.1) is None
        assert unit.tick(ANSWER_S) == HangUp(AGAIN_S)
    unit.connected(100.0)
    answered(unit, 100.0)
    unit.tick(100.01)
    assert unit.tick(106.0) == HangUp(AGAIN_S)  # the flags count as well


WRONG = [
    {"trecv": 5},
    {"type": "save", "value": "0"},
    {"value": "1"},
    {"interval": -3},
]


@pytest.mark.parametrize("change", WRONG, ids=str)
def test_a_wrong_answer_is_none(change: dict[str, Any]) -> None:
    unit = UnitSide(device())
    unit.connected(0.0)
    payload = unit.tick(0.0)
    assert isinstance(payload, bytes)
    right = json.loads(hear(payload, UTC, 30.0).answer)
    unit.heard(json.dumps(right | change).encode(), 0.1)
    assert unit.tick(ANSWER_S) == HangUp(AGAIN_S)


@given(st.binary(max_size=100))
def test_noise_is_no_answer(noise: bytes) -> None:
    unit = UnitSide(device())
    unit.connected(0.0)
    unit.tick(0.0)
    unit.heard(noise, 0.1)
    assert unit.next_deadline() == ANSWER_S


def test_it_takes_the_time_from_the_answers() -> None:
    unit = UnitSide(device())
    unit.connected(50.0)
    assert answered(unit, 50.0, late_s=0.0)["t"] == 50_000  # uptime, for want of a clock
    assert answered(unit, 51.0)["t"] == round((UTC + 51.0) * 1000)


def test_new_flags_are_told_at_the_next_report() -> None:
    scripted = device()
    unit = UnitSide(scripted)
    unit.connected(0.0)
    for now in (0.0, 0.01, 0.02):
        answered(unit, now)
    scripted.active = frozenset({2, 4})
    assert answered(unit, 31.0)["fa3"] == 0b1010
    assert "pa1" in answered(unit, 31.01)


def test_the_counter_has_what_the_factory_left_in_it() -> None:
    one, other = (UnitSide(ScriptedDevice(serial, MODELS["MI3S-400S"])) for serial in ("RC1", "RC2"))
    shown = []
    for unit in (one, other):
        unit.connected(0.0)
        answered(unit, 0.0)
        answered(unit, 0.01)
        shown.append(answered(unit, 0.02)["p6"] - 1_234_567)
    assert all(0 < offset <= MOST_OFFSET_WH for offset in shown)
    assert shown[0] != shown[1]


def test_what_a_unit_does_not_measure_it_does_not_tell() -> None:
    scripted = device()
    scripted.shown = {Channel(LNV): 0.0, Channel(HZ): None, Channel(TOT_WH_INJ): 0}
    unit = UnitSide(scripted)
    unit.connected(0.0)
    answered(unit, 0.0)
    answered(unit, 0.01)
    assert answered(unit, 0.02).keys() == {"t", "p1", "p6"}


def test_the_lamp_follows_the_unit() -> None:
    scripted = device()
    unit = UnitSide(scripted)
    scripted.shown |= {Channel(UP_TMS): 100.2, Channel(INV_ST): InvSt.RUNNING}
    assert unit.lamp(0.0) is Lamp.GREEN
    scripted.shown[Channel(INV_ST)] = InvSt.STARTING
    assert unit.lamp(0.0) is Lamp.RED
    del scripted.shown[Channel(INV_ST)]
    assert unit.lamp(0.0) is Lamp.DARK


def test_units_have_one_start_up_or_the_other() -> None:
    shown = set()
    for number in range(20):
        scripted = ScriptedDevice(f"RC{number}", MODELS["MI3S-400S"])
        scripted.shown |= {Channel(UP_TMS): 0.1, Channel(INV_ST): InvSt.STARTING}
        shown.add(UnitSide(scripted).lamp(0.0))
    assert shown == {Lamp.RED, Lamp.GREEN}
