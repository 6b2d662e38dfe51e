"""The SunSpec port of an ECU: addresses, scales and units of a stock one."""

from dataclasses import replace
from typing import Any

import pytest

from config.grid_profiles import grid_profile, on_wire
from gateway.control.order import Order, Verb
from gateway.faces.desk import InForce
from gateway.faces.ecu_sunspec import EcuSunSpec
from gateway.faces.sunspec_values import Shown
from gateway.snapshot import CommState
from protocols import points
from protocols.events import Event
from protocols.modbus.pdu import ExceptionCode
from protocols.points import Channel, Value
from protocols.vendors.apsystems.ecu_sunspec import stock_chain
from protocols.vendors.apsystems.events import alarm_word, named_events, status_bits
from protocols.vendors.apsystems.family import Family
from tests.support.face_plant import StillPlant
from tests.support.still_ecu import plant, served

QS1, DS3, QT2 = 1, 2, 3
PHASES = {QS1: 1, DS3: 1, QT2: 3}
BY = "ecu_sunspec 10.0.0.7"


def face() -> EcuSunSpec:
    profile = on_wire(grid_profile("eu_en_50549_1_2019"))
    return EcuSunSpec(served(), Shown(900.0, True, profile.enter_service), profile.v_nom, profile.hz_nom)


def words(data: Any) -> list[int]:
    assert isinstance(data, bytes), data
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def model(
    number: int, unit: int, still: StillPlant | None = None, server: EcuSunSpec | None = None
) -> dict[str, Value]:
    """Return what a model of a unit shows, by the names of its points."""
    at, layout = next(each for each in stock_chain(PHASES[unit]) if each[1].name == f"sunspec.{number}")
    data = (server or face()).answer(still or plant(), unit, at, layout.size // 2)
    assert isinstance(data, bytes), data
    return {channel.point.name: value for channel, value in layout.unpack(data).items()}


@pytest.mark.parametrize(("unit", "integer", "floating"), [(QS1, 101, 111), (DS3, 101, 111), (QT2, 103, 113)], ids=str)
def test_the_chain_stands_where_a_stock_one_does(unit: int, integer: int, floating: int) -> None:
    chain = {40000: 0x5375, 40001: 0x6E53, 40002: 1, 40003: 66, 40070: integer, 40071: 50}
    chain |= {40122: floating, 40123: 60, 40184: 123, 40185: 24, 40210: 0xFFFF, 40211: 0}
    for address, word in chain.items():
        assert words(face().answer(plant(), unit, address, 1)) == [word], address


@pytest.mark.parametrize(
    ("register", "factor"),
    [
        (40076, -2),
        (40083, -1),
        (40085, -1),
        (40087, -2),
        (40089, -1),
        (40091, -1),
        (40093, -3),
        (40096, 0),
        (40107, -1),
    ],
    ids=["A", "V", "W", "Hz", "VA", "VAr", "PF", "WH", "Tmp"],
)
def test_scale_factors_are_those_of_a_stock_one(register: int, factor: int) -> None:
    assert words(face().answer(plant(), QT2, register, 1)) == [factor & 0xFFFF]


def test_a_unit_says_who_it_is_and_what_it_measures() -> None:
    common = model(1, DS3)
    assert (common["Mn"], common["Md"], common["SN"], common["DA"]) == ("APsystems", "DS3", "703000000002", 2)
    measured = model(101, DS3)
    assert (measured["W"], measured["Hz"], measured["LNV"], measured["TmpCab"]) == (401.2, 49.98, 231.4, 24.4)
    assert (measured["TotWhInj"], measured["St"], measured["DCW"], measured["EvtVnd1"]) == (1_234_567, 4, None, None)


@pytest.mark.parametrize(("unit", "number"), [(QS1, 111), (QT2, 113)], ids=["one phase", "three phases"])
def test_the_floating_model_says_the_same(unit: int, number: int) -> None:
    whole, floating = model(number - 10, unit), model(number, unit)
    shared = floating.keys() & whole.keys()
    assert {"W", "Hz", "VA", "PF", "TotWhInj", "TmpCab"} <= shared
    for name in shared:
        value = whole[name]
        assert floating[name] == (None if value is None else pytest.approx(value, rel=1e-3)), name


def test_three_phases_have_their_voltages() -> None:
    shown = model(103, QT2)
    assert (shown["VL1"], shown["VL2"], shown["VL3"]) == (230.0, 231.0, 232.0)


@pytest.mark.parametrize(
    ("codes", "bits"),
    [
        pytest.param({9}, 1 << 0, id="a ground fault"),
        pytest.param({1}, 1 << 1, id="DC voltage too high"),
        pytest.param({2}, 1 << 2 | 1 << 4, id="no mains"),
        pytest.param({6}, 1 << 8, id="frequency too high"),
        pytest.param({3}, 1 << 9, id="frequency too low"),
        pytest.param({5}, 1 << 10, id="voltage too high"),
        pytest.param({4}, 1 << 11, id="voltage too low"),
    ],
)
def test_events_are_bits_counted_from_the_lowest(codes: set[int], bits: int) -> None:
    word = alarm_word(Family.QS1, status_bits(Family.QS1, frozenset(codes), shut=False))
    events: frozenset[Event] = named_events(word)
    assert model(101, QS1, plant(events=events))["Evt1"] == bits


def test_a_unit_that_was_switched_off_says_so() -> None:
    events = named_events(alarm_word(Family.QS1, status_bits(Family.QS1, frozenset(), shut=True)))
    assert model(101, QS1, plant(events=events))["Evt1"] == 1 << 6


def test_a_sleeping_unit_gives_nothing_and_keeps_its_energy() -> None:
    shown = model(101, QS1, plant(comm=CommState.ASLEEP))
    assert (shown["W"], shown["St"], shown["TotWhInj"], shown["LNV"]) == (0, 2, 1_234_567, None)


@pytest.mark.parametrize(
    ("unit", "address", "count"),
    [
        pytest.param(0, 40000, 2, id="unit 0"),
        pytest.param(4, 40000, 2, id="a unit that is not there"),
        pytest.param(126, 40000, 2, id="the whole site of other gateways"),
        pytest.param(1, 39999, 2, id="a register before the chain"),
        pytest.param(1, 40300, 2, id="a register behind all"),
        pytest.param(1, 0, 2, id="register 0"),
    ],
)
def test_silence_meets(unit: int, address: int, count: int) -> None:
    assert face().answer(plant(), unit, address, count) is None
    assert face().written(plant(), unit, address, b"\0\1\0\1", BY) is None or unit == 1


def test_what_stands_behind_the_end_is_not_implemented() -> None:
    assert words(face().answer(plant(), QS1, 40200, 101))[12:] == [0xFFFF] * 89


def test_a_limit_is_for_all_whichever_unit_is_written() -> None:
    server, still = face(), plant()
    for slot, each in still.views.items():
        still.views[slot] = replace(each, values={**each.values, Channel(points.W_MAX_LIM_PCT): 100.0})
    assert server.written(still, DS3, 40189, (500).to_bytes(2, "big"), BY) == []
    limit = Order(target="gateway/ecu", verb=Verb.LIMIT, by=BY, value=50.0, unit="%", for_s=None)
    assert server.written(still, DS3, 40193, b"\0\1", BY) == [limit]
    off = Order(target="gateway/ecu", verb=Verb.DISABLE, by=BY)
    assert server.written(still, QS1, 40188, b"\0\0", BY) == [off]


def test_the_limit_of_all_is_shown_by_each() -> None:
    still = plant(values={Channel(points.W_MAX_LIM_PCT): 20.0})
    still.views["barn"] = replace(still.views["barn"], values={})  # has not said
    still.limits["gateway/ecu"] = InForce(46.0, "%", None)
    shown = model(123, QT2, still)
    assert shown["WMaxLimPct"] == pytest.approx((1200 * 20 + 880 * 80) / 2080, abs=0.05)
    assert shown["WMaxLim_Ena"] == 1


def test_what_cannot_be_written_is_refused() -> None:
    assert face().written(plant(), QS1, 40084, b"\0\1", BY) is ExceptionCode.ILLEGAL_ADDRESS
    assert face().written(plant(), QS1, 40189, b"\xff\0", BY) is ExceptionCode.ILLEGAL_VALUE
