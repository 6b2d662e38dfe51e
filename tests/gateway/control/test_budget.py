"""Writes to the memory of units: counted by day, kept over a restart, refused when there were enough."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from config.site import Site
from gateway.control.budget import DAY_S, Budget, Costs
from gateway.control.leases import Leases
from gateway.control.order import Code, Order, Report, Verb
from gateway.control.service import Control
from gateway.rows import WriteRow
from protocols.commands import Command, Conn, PFWInj, WMaxLimPct
from protocols.registry import vendor
from tests.gateway.acme import identity
from tests.support.daemon import Running, background, now, running
from tests.support.virtual_time import FakeClock, run

WHO = identity("s1")
COSTS: Mapping[str, Costs] = {"gw": {WMaxLimPct: 1, PFWInj: 2}}
NOON = 20_000.5 * DAY_S


def budget(*rows: WriteRow, allowed: int = 3) -> tuple[Budget, dict[str, WriteRow]]:
    saved = {row.slot: row for row in rows}

    def save(changed: Iterable[WriteRow]) -> None:
        saved.update({row.slot: row for row in changed})

    return Budget(COSTS, {"gw": allowed}, rows, save), saved


@pytest.mark.parametrize(
    ("sent", "after_s", "wanted", "affords"),
    [
        pytest.param([], 0, WMaxLimPct, True, id="the first"),
        pytest.param([WMaxLimPct(1)] * 2, 0, WMaxLimPct, True, id="the third of three"),
        pytest.param([WMaxLimPct(1)] * 3, 0, WMaxLimPct, False, id="the fourth of three"),
        pytest.param([WMaxLimPct(1)] * 2, 0, PFWInj, False, id="one that costs two where one is left"),
        pytest.param([WMaxLimPct(1)] * 3, 0, Conn, True, id="one that costs nothing"),
        pytest.param([Conn(on=True)] * 9, 0, WMaxLimPct, True, id="after many that cost nothing"),
        pytest.param([WMaxLimPct(1)] * 3, DAY_S / 2 - 1, WMaxLimPct, False, id="on the same day"),
        pytest.param([WMaxLimPct(1)] * 3, DAY_S / 2, WMaxLimPct, True, id="on the next day"),
        pytest.param([WMaxLimPct(1)] * 3, -DAY_S, WMaxLimPct, False, id="on a clock set back over midnight"),
        pytest.param([WMaxLimPct(1)] * 3, -9 * DAY_S, WMaxLimPct, True, id="on a day that a wrong clock had passed"),
    ],
)
@pytest.mark.parametrize("restarted", [False, True], ids=["in one run", "over a restart"])
def test_the_count(
    sent: list[Command],
    after_s: float,
    wanted: type[Command],
    affords: bool,  # noqa: FBT001 - a column
    restarted: bool,  # noqa: FBT001 - a column
) -> None:
    kept, saved = budget()
    for command in sent:
        kept.book(WHO, command, NOON, obeyed=True)
    if restarted:
        kept, _ = budget(*saved.values())
    assert kept.affords(WHO, wanted, NOON + after_s) is affords


def test_another_unit_in_the_slot_has_a_memory_of_its_own() -> None:
    kept, _ = budget(WriteRow("s1", WHO.serial, 20_000, 3, 40_000))
    assert (kept.affords(WHO, WMaxLimPct, NOON), kept.told_pct(WHO)) == (False, 40.0)
    other = replace(WHO, serial="OTHER")
    assert (kept.affords(other, WMaxLimPct, NOON), kept.told_pct(other)) == (True, None)


def test_a_limit_that_was_not_obeyed_is_counted_and_not_known() -> None:
    kept, saved = budget()
    kept.book(WHO, WMaxLimPct(40.0), NOON, obeyed=False)
    assert saved["s1"] == WriteRow("s1", WHO.serial, 20_000, 1, None)
    kept.book(WHO, WMaxLimPct(40.0), NOON, obeyed=True)
    kept.book(WHO, PFWInj(0.9), NOON, obeyed=True)
    assert saved["s1"] == WriteRow("s1", WHO.serial, 20_000, 4, 40_000)


def scarce(daemon: Running, rows: Iterable[WriteRow], saved: list[WriteRow], allowed: int = 2) -> Control:
    """Return a control whose units write every limit and every switch to their memory."""
    costs: Mapping[str, Costs] = {name: {WMaxLimPct: 1, Conn: 1} for name in ("east", "west")}
    offered = dict.fromkeys(costs, vendor("atmoce").commands)
    purse = Budget(costs, dict.fromkeys(costs, allowed), rows, saved.extend)
    senders = {south.gateway: south.poller for south in daemon.app.souths}
    control = Control(daemon.app.state, senders, Leases(lambda _: None), dict.fromkeys(costs, 100.0), offered, purse)
    daemon.app.state.watch(control.look)
    return control


async def codes(control: Control, target: str, verb: Verb = Verb.LIMIT, value: float | None = None) -> set[Code]:
    unit = None if value is None else "%"
    outcome = await control.submit(Order(target=target, verb=verb, by="anna", value=value, unit=unit))
    assert isinstance(outcome, Report)
    return {refusal.code for refusal in outcome.refusals.values()}


def test_what_is_too_much_for_a_day_is_refused_and_done_the_next_day(site: Site) -> None:
    async def main() -> None:
        async with running(site, FakeClock(NOON)) as daemon:
            saved: list[WriteRow] = []
            control = scarce(daemon, [], saved)
            async with background(control.run()):
                assert await codes(control, "a", value=50.0) == set()
                assert await codes(control, "a", value=50.0) == set()
                assert [row.writes for row in saved] == [1]  # a limit that is held is not written again
                assert await codes(control, "a", value=40.0) == set()
                assert await codes(control, "a", value=30.0) == {Code.BUDGET}
                assert await codes(control, "a", Verb.DISABLE) == {Code.BUDGET}
                assert daemon.limits()["a"] == 40.0
                assert await codes(control, "b", value=30.0) == set()  # each unit has its own
            assert [row.writes for row in saved if row.slot == "a"] == [1, 2]
            again = scarce(daemon, saved, saved)  # as after a restart
            async with background(again.run()):
                assert await codes(again, "a", value=20.0) == {Code.BUDGET}
                await asyncio.sleep(DAY_S / 2 - now() + 3600)  # past midnight, UTC; in Utrecht the sun rises soon
                await asyncio.sleep(6 * 3600)
                assert daemon.limits()["a"] == 20.0

    run(main())


def test_a_group_shares_what_a_unit_without_budget_does_not_take(site: Site) -> None:
    async def main() -> None:
        async with running(site, FakeClock(NOON)) as daemon:
            control = scarce(daemon, [WriteRow("a", "SN000a", 20_000, 2, 100_000)], [])
            async with background(control.run()):
                outcome = await control.submit(
                    Order(target="branch/b1", verb=Verb.LIMIT, by="anna", value=600.0, unit="W")
                )
                assert isinstance(outcome, Report)
                assert {slot: refusal.code for slot, refusal in outcome.refusals.items()} == {"a": Code.BUDGET}
                assert {slot: daemon.limits()[slot] for slot in "ab"} == {"a": 100.0, "b": 50.0}

    run(main())
