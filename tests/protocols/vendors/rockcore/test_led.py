"""The manual tells the start-up in two ways; a unit has one of them."""

import pytest

from protocols.states import InvSt
from protocols.vendors.rockcore.led import Lamp, StartUp, lamp

RED, GREEN, YELLOW, DARK = Lamp.RED, Lamp.GREEN, Lamp.YELLOW, Lamp.DARK
ROWS = [
    (StartUp.COLOURS, InvSt.STARTING, [RED, GREEN, YELLOW, RED, RED, RED, RED]),
    (StartUp.COLOURS, InvSt.RUNNING, [RED, GREEN, YELLOW, GREEN, GREEN, GREEN, GREEN]),
    (StartUp.FLASHES, InvSt.STARTING, [GREEN, GREEN, GREEN, GREEN, GREEN, RED, RED]),
    (StartUp.FLASHES, InvSt.RUNNING, [GREEN] * 7),
    (StartUp.FLASHES, InvSt.SLEEPING, [DARK] * 7),
    (StartUp.COLOURS, InvSt.OFF, [RED, GREEN, YELLOW, DARK, DARK, DARK, DARK]),
]


@pytest.mark.parametrize(("grammar", "state", "shown"), ROWS, ids=lambda v: getattr(v, "name", ""))
def test_the_lamp_flashes_once_a_second(grammar: StartUp, state: InvSt, shown: list[Lamp]) -> None:
    assert [lamp(state, second + 0.1, grammar) for second in range(7)] == shown
    assert {lamp(state, second + 0.6, grammar) for second in range(7)} == {DARK}


def test_waiting_for_the_grid_is_red_and_producing_is_green() -> None:
    for grammar in StartUp:
        assert lamp(InvSt.STARTING, 60.0, grammar) is RED
        assert lamp(InvSt.THROTTLED, 60.0, grammar) is GREEN
