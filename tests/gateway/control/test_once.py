"""Power factor and reactive power: from an order to the command of each unit and back, by scripted senders."""

import asyncio
from collections.abc import Mapping

import pytest

from config.site import Site
from gateway.control.budget import Budget
from gateway.control.leases import Leases
from gateway.control.order import Code, Order, Report, UnitResult, Verb
from gateway.control.service import Answer, Control
from protocols.commands import Command, PFWInj, VarSet
from protocols.exchange import Cause, Done, Failed
from protocols.points import PF_W_INJ, VAR_SET_PCT, Channel, Value
from tests.support.daemon import Running, background, running
from tests.support.virtual_time import run

Said = Done[Mapping[Channel, Value]] | Failed


class Scripted:
    """Answers every command with what the test says, and keeps them."""

    def __init__(self, said: Said) -> None:
        self.told: dict[str, Command] = {}
        self._said = said

    def submit(self, slot: str, command: Command) -> Answer:
        self.told[slot] = command
        answer: Answer = asyncio.get_running_loop().create_future()
        answer.set_result(self._said)
        return answer


async def carried_out(daemon: Running, order: Order, said: Said) -> tuple[dict[str, Command], Mapping[str, UnitResult]]:
    """Have an order carried out by units of which those behind `east` offer it."""
    offered: dict[str, frozenset[type[Command]]] = {"east": frozenset({PFWInj, VarSet}), "west": frozenset()}
    sender, budget = Scripted(said), Budget({"east": {}, "west": {}}, {"east": 0, "west": 0}, [], lambda _: None)
    senders, fallback_pct = dict.fromkeys(offered, sender), dict.fromkeys(offered, 100.0)
    control = Control(daemon.app.state, senders, Leases(lambda _: None), fallback_pct, offered, budget)
    async with background(control.run()):
        outcome = await control.submit(order)
    assert isinstance(outcome, Report)
    return sender.told, outcome.units


@pytest.mark.parametrize(
    ("verb", "value", "unit", "command"),
    [
        pytest.param(Verb.POWER_FACTOR, -0.95, None, PFWInj(-0.95), id="a power factor"),
        pytest.param(Verb.REACTIVE_POWER, 30.0, "%", VarSet(30.0), id="a share of the rating"),
        pytest.param(Verb.REACTIVE_POWER, -130.0, "var", VarSet(-10.0), id="var, shared by rating: 400, 400 and 500 W"),
    ],
)
def test_each_unit_that_offers_it_is_told(
    site: Site, verb: Verb, value: float, unit: str | None, command: Command
) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            order = Order(target="site", verb=verb, by="anna", value=value, unit=unit)
            told, units = await carried_out(daemon, order, Done({}))
            assert told == dict.fromkeys("abc", command)
            assert {slot for slot, one in units.items() if one.refusal is None} == set("abc")
            refusal = units["d"].refusal
            assert refusal is not None
            assert refusal.code is Code.NOT_SUPPORTED

    run(main())


@pytest.mark.parametrize(
    ("verb", "value", "said", "read_back", "code"),
    [
        pytest.param(Verb.POWER_FACTOR, 0.9, Done({Channel(PF_W_INJ): 0.901}), 0.901, None, id="it holds it"),
        pytest.param(Verb.POWER_FACTOR, 0.9, Done({}), None, None, id="it says nothing"),
        pytest.param(
            Verb.POWER_FACTOR, 0.9, Done({Channel(PF_W_INJ): 1.0}), 1.0, Code.REFUSED_BY_DEVICE, id="it holds another"
        ),
        pytest.param(Verb.REACTIVE_POWER, 20.0, Done({Channel(VAR_SET_PCT): 20.0}), 20.0, None, id="reactive power"),
        pytest.param(
            Verb.REACTIVE_POWER, 20.0, Failed(Cause.REFUSED, "no"), None, Code.REFUSED_BY_DEVICE, id="it refuses"
        ),
    ],
)
def test_what_the_unit_says_of_it(
    site: Site, verb: Verb, value: float, said: Said, read_back: float | None, code: Code | None
) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            order = Order(
                target="a", verb=verb, by="anna", value=value, unit="%" if verb is Verb.REACTIVE_POWER else None
            )
            _, units = await carried_out(daemon, order, said)
            result = units["a"]
            assert (result.applied, result.read_back) == (value, read_back)
            assert (result.refusal.code if result.refusal else None) is code

    run(main())
