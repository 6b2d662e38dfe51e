"""What the manual says: models, alarm codes, lamp."""

import pytest

from protocols.events import EventKind
from protocols.points import ALRM, TOT_WH_INJ, Channel
from protocols.profile import Counter, PollSize
from protocols.registry import vendor
from protocols.states import InvSt
from protocols.vendors.atmoce.events import EVENTS, alarm_word, events
from protocols.vendors.atmoce.led import BY_ALARM, BY_STATE, Led, led
from protocols.vendors.atmoce.models import MODELS


@pytest.mark.parametrize(
    ("name", "rated_w", "rated_a", "on_20_a", "on_25_a"),
    [
        ("MI-400", 400, 1.74, 8, 11),
        ("MI-425", 425, 1.85, 7, 10),
        ("MI-450", 450, 1.96, 7, 10),
        ("MI-500", 500, 2.17, 6, 9),
    ],
)
def test_the_figures_of_a_model(name: str, rated_w: float, rated_a: float, on_20_a: int, on_25_a: int) -> None:
    model = MODELS[name]
    assert (model.name, model.rated_w, model.rated_a) == (name, rated_w, rated_a)
    assert model.units_per_breaker == {20: on_20_a, 25: on_25_a}
    assert (model.ports, model.dc_start_v, model.dc_stop_v, model.dc_max_v, model.dc_max_a) == (1, 22, 16, 60, 16)
    assert "4.1.3" in model.source


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_figures_of_a_model_agree_with_one_another(model: object) -> None:
    figures = MODELS[model.name]  # type: ignore[attr-defined]
    assert figures.rated_a == pytest.approx(figures.rated_w / 230, abs=0.006)
    for breaker_a, units in figures.units_per_breaker.items():
        assert units * figures.rated_a <= {20: 14, 25: 20}[breaker_a]


KINDS = [
    (1, EventKind.DC_OVER_VOLT, 1),
    (2, EventKind.GRID_DISCONNECT, 0),
    (3, EventKind.UNDER_FREQUENCY, 0),
    (4, EventKind.AC_UNDER_VOLT, 0),
    (5, EventKind.AC_OVER_VOLT, 0),
    (6, EventKind.OVER_FREQUENCY, 0),
    (7, EventKind.MANUFACTURER_ALRM, 0),
    (8, EventKind.MANUFACTURER_ALRM, 0),
    (9, EventKind.GROUND_FAULT, 1),
    (10, EventKind.HW_TEST_FAILURE, 0),
]


@pytest.mark.parametrize(("code", "kind", "port"), KINDS, ids=[f"code {row[0]}" for row in KINDS])
def test_a_bit_of_the_alarm_word_is_an_event(code: int, kind: EventKind, port: int) -> None:
    assert alarm_word({code}) == 1 << code - 1
    (event,) = events({Channel(ALRM): 1 << code - 1})
    assert (event.code, event.alarm_code, event.kind, event.port) == (code, code, kind, port)
    assert event.text


def test_bits_add_up() -> None:
    assert alarm_word({1, 4, 10}) == 0b10_0000_1001
    assert {event.code for event in events({Channel(ALRM): 0b10_0000_1001})} == {1, 4, 10}
    assert {event.code for event in events({Channel(ALRM): 0x3FF})} == set(EVENTS) == set(range(1, 11))


@pytest.mark.parametrize("word", [0, 0xFC00, None], ids=["no alarm", "reserved bits", "not read"])
def test_no_bit_no_event(word: int | None) -> None:
    assert events({Channel(ALRM): word}) == frozenset()


def test_what_was_not_read_is_no_event() -> None:
    assert events({}) == frozenset()


LAMP = [
    pytest.param(InvSt.STARTING, set(), Led.GREEN_QUICK, id="starting up"),
    pytest.param(InvSt.RUNNING, set(), Led.GREEN_SLOW, id="normal operation"),
    pytest.param(InvSt.THROTTLED, set(), Led.GREEN_SLOW, id="limited is normal"),
    pytest.param(InvSt.STANDBY, set(), Led.GREEN_QUICK, id="waiting"),
    pytest.param(InvSt.OFF, set(), Led.GREEN_QUICK, id="switched off by the owner"),
    pytest.param(InvSt.SHUTTING_DOWN, set(), Led.GREEN_QUICK, id="shutting down"),
    pytest.param(InvSt.SLEEPING, set(), Led.DARK, id="no light"),
    pytest.param(InvSt.FAULT, set(), Led.RED_SOLID, id="a fault without a code"),
    *(pytest.param(InvSt.STANDBY, {code}, Led.RED_SLOW, id=f"grid, code {code}") for code in range(2, 7)),
    *(pytest.param(InvSt.FAULT, {code}, Led.RED_QUICK, id=f"conditions, code {code}") for code in (1, 7, 8, 9)),
    pytest.param(InvSt.FAULT, {10}, Led.RED_SOLID, id="internal, code 10"),
    pytest.param(InvSt.FAULT, {2, 9}, Led.RED_QUICK, id="insulation before grid"),
    pytest.param(InvSt.FAULT, {2, 9, 10}, Led.RED_SOLID, id="internal before insulation"),
    pytest.param(InvSt.RUNNING, {5}, Led.RED_SLOW, id="an alarm before the state"),
    pytest.param(InvSt.SLEEPING, {9, 10}, Led.DARK, id="dark before all"),
]


@pytest.mark.parametrize(("state", "alarms", "shown"), LAMP)
def test_the_lamp(state: InvSt, alarms: set[int], shown: Led) -> None:
    assert led(state, alarms) == shown


def test_every_state_and_every_code_has_its_lamp() -> None:
    assert set(BY_STATE) == set(InvSt)
    assert sorted(code for codes, _ in BY_ALARM for code in codes) == list(range(1, 11))


def test_energy_is_counted_for_life_on_the_ac_side() -> None:
    for model in MODELS.values():
        assert vendor("atmoce").counters(model) == (Counter(TOT_WH_INJ, 0, 0xFFFF_FFFF, restarts=False),)


def test_the_poll_costs_what_the_readme_says() -> None:
    assert [vendor("atmoce").poll_size(model) for model in MODELS.values()] == [PollSize(8, (45,))] * len(MODELS)
