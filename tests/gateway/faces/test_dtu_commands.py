"""What the commands of the TCP interface ask for."""

from typing import Any

import pytest

from gateway.alarms.command import Action, Command
from gateway.alarms.states import AlarmState
from gateway.control.order import Order, Verb
from gateway.faces.desk import InForce
from gateway.faces.dtu_commands import REMEMBERED, Asked, Commands, needs_leave, wishes
from tests.support import virtual_time
from tests.support.face_plant import standing
from tests.support.still_dtu import Hands, StillDesk, plant, report, served

BY = "dtu_tcp 10.0.0.7"
GARAGE, ROOF, BARN = (int(serial, 16) for serial in ("1410A01121AE", "116172207281", "138240123456"))


def order(target: str, verb: Verb, **facts: Any) -> Order:
    return Order(target=target, verb=verb, by=BY, **facts)


def limit(target: str, pct: float, *, persistent: bool = True) -> Order:
    return order(target, Verb.LIMIT, value=pct, unit="%", persistent=persistent)


COMMANDS = [
    pytest.param(3, "", (), [order("gateway/dtu", Verb.RESTART)], id="restart all"),
    pytest.param(3, "", (ROOF,), [order("roof", Verb.RESTART)], id="restart one"),
    pytest.param(8195, "", (ROOF, GARAGE), [order("roof", Verb.RESTART), order("garage", Verb.RESTART)], id="two"),
    pytest.param(6, "", (ROOF, ROOF), [order("roof", Verb.ENABLE)], id="one that is named twice"),
    pytest.param(7, "", (ROOF, GARAGE, BARN), [order("gateway/dtu", Verb.DISABLE)], id="all by their names"),
    pytest.param(8, "A:500,B:0,C:0\r", (), [limit("gateway/dtu", 50.0)], id="limit all"),
    pytest.param(8, "A:333,B:0,C:0", (BARN,), [limit("barn", 33.3)], id="limit one"),
    pytest.param(8, "A:500,B:200,C:0\r", (), None, id="a limit by phases"),
    pytest.param(8, "A:-1,B:0,C:0\r", (), None, id="a limit below nothing"),
    pytest.param(8, "A:٣,B:0,C:0\r", (), None, id="digits of another script"),
    pytest.param(8, "", (), None, id="a limit without a number"),
    pytest.param(
        211, "S:1,P:12345\r", (), [order("gateway/dtu", Verb.LIMIT, value=1234.5, unit="W")], id="a limit in W"
    ),
    pytest.param(211, "S:0,P:12345\r", (), [limit("gateway/dtu", 100.0, persistent=False)], id="the end of that"),
    pytest.param(211, "S:1,P:100\r", (ROOF,), None, id="a limit in W for one"),
    pytest.param(211, "S:2,P:100\r", (), None, id="neither on nor off"),
    pytest.param(33, "", (), [], id="poll all"),
    pytest.param(50, "", (), [], id="read the alarms"),
    pytest.param(1, "", (), None, id="restart the DTU"),
    pytest.param(14, "x", (), None, id="another grid profile"),
    pytest.param(6, "", (ROOF, 1), None, id="one that is not here"),
]


@pytest.mark.parametrize(("action", "data", "inverters", "wished"), COMMANDS)
def test_a_command(action: int, data: str, inverters: tuple[int, ...], wished: object) -> None:
    assert wishes(served(), plant(), Asked(action, 1, data, inverters, BY)) == wished


def test_a_limit_of_all_replaces_those_of_single_units() -> None:
    still = plant()
    still.limits["roof"] = InForce(30, "%", None)
    asked = Asked(8, 1, "A:1000,B:0,C:0\r", (), BY)
    assert wishes(served(), still, asked) == [limit("gateway/dtu", 100.0), limit("roof", 100.0)]


@pytest.mark.parametrize(
    ("action", "inverters", "resets"),
    [
        (42, (), [("garage", 9), ("roof", 5)]),
        (42, (ROOF,), [("roof", 5)]),
        (10, (), [("garage", 9)]),
        (10, (ROOF,), []),
    ],
    ids=["all of them", "all of one unit", "a ground fault", "a ground fault of a unit without one"],
)
def test_a_reset_opens(action: int, inverters: tuple[int, ...], resets: list[tuple[str, int]]) -> None:
    still = plant()
    still.alarms = [
        standing(9, "garage", AlarmState.LATCHED_UNACK),
        standing(4, "roof", AlarmState.UNACK),
        standing(5, "roof", AlarmState.LATCHED_ACKED),
    ]
    wished = wishes(served(), still, Asked(action, 1, "", inverters, BY))
    assert wished == [Command(Action.RESET, subject, code, BY) for subject, code in resets]


def test_only_reading_needs_no_leave() -> None:
    assert [action for action in range(9000) if not needs_leave(action)] == [4, 33, 46, 50]


def test_only_so_many_commands_are_remembered() -> None:
    async def main() -> None:
        commands = Commands(served(), StillDesk(plant(), Hands(report())))
        for number in range(1, REMEMBERED + 2):
            assert commands.take(Asked(6, number, "", (), BY)) == 0
        assert len(commands.taken) == REMEMBERED
        assert commands.came(1) is None
        last = commands.came(0)
        assert last is not None
        assert (last.id, list(last.done)) == (REMEMBERED + 1, [GARAGE, ROOF, BARN])

    virtual_time.run(main())
