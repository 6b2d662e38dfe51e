"""What writes to the SunSpec face ask for."""

from typing import Any

import pytest

from gateway.alarms.command import Action, Command
from gateway.alarms.states import AlarmState
from gateway.control.order import Order, Verb
from gateway.faces.desk import InForce
from gateway.faces.sunspec_units import WHOLE
from protocols import points
from protocols.modbus.pdu import ExceptionCode
from protocols.points import Channel
from tests.support.face_plant import VALUES, Port, StillPlant, site, standing, unit

BY = "sunspec 10.0.0.7"
BAD, NOT_HERE = ExceptionCode.ILLEGAL_VALUE, ExceptionCode.ILLEGAL_ADDRESS


def limit(pct: float, for_s: float | None = None, target: str = "u1") -> Order:
    return Order(target=target, verb=Verb.LIMIT, by=BY, value=pct, unit="%", for_s=for_s)


def switch(*, on: bool, target: str = "u1") -> Order:
    return Order(target=target, verb=Verb.ENABLE if on else Verb.DISABLE, by=BY)


def written(model: int, *writes: tuple[int, ...], number: int = 1, plant: StillPlant | None = None) -> Any:
    """Return what the last of several writes (register, words …) asks for."""
    face = Port(site(), "der" if model > 700 else "inverter", plant=plant or StillPlant())
    came_of_it = None
    for register, *words in writes:
        came_of_it = face.write(number, face.at(model, register, number), *words)
    return came_of_it


LIMITS = [
    pytest.param(123, [(5, 500)], [], id="a value that is not switched on"),
    pytest.param(123, [(5, 500), (9, 1)], [limit(50)], id="a value, then the switch"),
    pytest.param(123, [(5, 500, 0, 120, 0, 1)], [limit(50, 120)], id="a value with a time, switched on"),
    pytest.param(123, [(7, 60), (5, 333), (9, 1)], [limit(33.3, 60)], id="time, value and switch one by one"),
    pytest.param(123, [(9, 1)], [limit(100)], id="the switch alone"),
    pytest.param(123, [(9, 0)], [], id="switched off what was not on"),
    pytest.param(123, [(5, 0, 0, 0, 0, 1)], [limit(0)], id="nothing at all"),
    pytest.param(123, [(5, 1001)], BAD, id="more than all"),
    pytest.param(123, [(9, 2)], BAD, id="neither on nor off"),
    pytest.param(123, [(2, 5), (3, 5), (6, 5), (8, 5)], [], id="windows and ramps have no effect"),
    pytest.param(123, [(7, 0xFFFF), (5, 500), (9, 1)], [limit(50)], id="a time that is not implemented"),
    pytest.param(123, [(10, 1)], NOT_HERE, id="a power factor"),
    pytest.param(123, [(9, 1, 0)], NOT_HERE, id="the switch and what follows it"),
    pytest.param(704, [(14, 1, 500, 0, 1, 0, 120)], [limit(50, 120)], id="704: everything at once"),
    pytest.param(704, [(14, 1, 500, 0, 1, 120)], [limit(50, 120)], id="704: half of the time"),
    pytest.param(704, [(19, 90), (14, 1, 500)], [limit(50, 90)], id="704: the other half of the time"),
    pytest.param(704, [(18, 1, 1), (14, 1, 500)], [limit(50, 65537)], id="704: both halves"),
    pytest.param(704, [(15, 500)], [], id="704: a value that is not switched on"),
    pytest.param(704, [(22, 1)], NOT_HERE, id="704: a set-point in W"),
]


@pytest.mark.parametrize(("model", "writes", "wishes"), LIMITS)
def test_a_limit(model: int, writes: list[tuple[int, ...]], wishes: object) -> None:
    assert written(model, *writes) == wishes


@pytest.mark.parametrize(
    ("writes", "wishes"),
    [
        pytest.param([(5, 400)], [limit(40)], id="another value acts at once"),
        pytest.param([(7, 60)], [limit(60, 60)], id="a time runs from now on"),
        pytest.param([(9, 0)], [limit(100)], id="switched off"),
        pytest.param([(9, 1)], [limit(60)], id="switched on again"),
    ],
)
def test_while_a_limit_is_in_force(writes: list[tuple[int, ...]], wishes: object) -> None:
    plant = StillPlant(limits={"u1": InForce(60, "%", None)})
    plant.views["u1"] = unit("u1", values=VALUES | {Channel(points.W_MAX_LIM_PCT): 60})
    assert written(123, *writes, plant=plant) == wishes


def test_the_site_is_limited_by_its_own_number() -> None:
    assert written(123, (5, 500, 0, 120, 0, 1), number=WHOLE) == [limit(50, 120, "site")]


@pytest.mark.parametrize(
    ("model", "write", "wishes"),
    [
        pytest.param(123, (4, 0), [switch(on=False)], id="Conn 0"),
        pytest.param(123, (4, 1), [switch(on=True)], id="Conn 1"),
        pytest.param(123, (4, 2), BAD, id="Conn 2"),
        pytest.param(715, (8, 0), [switch(on=False)], id="OpCtl stop"),
        pytest.param(715, (8, 1), [switch(on=True)], id="OpCtl start"),
        pytest.param(715, (8, 2), BAD, id="OpCtl standby"),
        pytest.param(715, (2, 0), NOT_HERE, id="LocRemCtl"),
        pytest.param(715, (7, 0), [], id="AlarmReset 0"),
        pytest.param(715, (7, 2), BAD, id="AlarmReset 2"),
        pytest.param(123, (2, 0, 0, 0, 500, 0, 60, 0, 1), [switch(on=False), limit(50, 60)], id="the whole block"),
    ],
)
def test_a_switch(model: int, write: tuple[int, ...], wishes: object) -> None:
    assert written(model, write) == wishes


ALARMS = [
    standing(9, "u1", AlarmState.LATCHED_UNACK),
    standing(9, "u2", AlarmState.ACKED),
    standing(4, "u1", AlarmState.UNACK),
    standing(5, "u1", AlarmState.LATCHED_ACKED),
]


@pytest.mark.parametrize(
    ("number", "resets"),
    [(1, [("u1", 9), ("u1", 5)]), (2, [("u2", 9)]), (3, []), (WHOLE, [("u1", 9), ("u2", 9), ("u1", 5)])],
    ids=["what a unit's latches hold", "a latch that the device holds", "nothing", "all of the site"],
)
def test_a_reset_opens(number: int, resets: list[tuple[str, int]]) -> None:
    wished = written(715, (7, 1), number=number, plant=StillPlant(alarms=ALARMS))
    assert wished == [Command(Action.RESET, subject, code, BY) for subject, code in resets]


@pytest.mark.parametrize("register", [1, 14, 20, 38])
def test_measurements_are_not_written(register: int) -> None:
    assert written(101, (register, 1)) is NOT_HERE


def test_nobody_writes_before_the_first_model_or_to_a_unit_that_is_not_there() -> None:
    face = Port(site())
    assert face.write(1, 39999, 1) is NOT_HERE
    assert face.write(1, 40000, 1) is NOT_HERE
    assert face.write(9, face.at(123, 5), 1) is ExceptionCode.NO_SUCH_UNIT


@pytest.mark.parametrize(
    ("in_force", "held", "shown"),
    [
        pytest.param(None, 100, (100, 0), id="no limit"),
        pytest.param(InForce(50, "%", 30.0), 100, (100, 1), id="told and not yet obeyed"),
        pytest.param(InForce(50, "%", 30.0), 50, (50, 1), id="obeyed"),
        pytest.param(None, 40, (40, 1), id="limited by somebody else"),
        pytest.param(InForce(100, "%", None), 100, (100, 0), id="full power for good is no limit"),
        pytest.param(InForce(300, "W", None), 66.6, (66.6, 1), id="a limit in watts"),
    ],
)
def test_what_is_read_back_is_what_the_plant_does(
    in_force: InForce | None, held: float, shown: tuple[float, int]
) -> None:
    plant = StillPlant(limits={} if in_force is None else {"u1": in_force})
    plant.views["u1"] = unit("u1", values=VALUES | {Channel(points.W_MAX_LIM_PCT): held})
    for models, model in (("inverter", 123), ("der", 704)):
        values = Port(site(), models, plant=plant).values(1, model)
        assert (values["WMaxLimPct"], values["WMaxLim_Ena"]) == shown


def test_what_is_set_and_not_switched_on_is_read_back_too() -> None:
    face = Port(site())
    face.write(1, face.at(123, 5), 420, 0, 90)
    values = face.values(1, 123)
    assert (values["WMaxLimPct"], values["WMaxLimPct_RvrtTms"], values["WMaxLim_Ena"]) == (42, 90, 0)
    assert face.values(2, 123)["WMaxLimPct"] == 100
