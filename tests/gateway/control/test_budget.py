"""Writes to the memory of units: counted by day, kept over a restart, refused when there were enough."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from config.site import Site
from gateway.control.budget import DAY_S, Budget, Costs
from gateway.control.leases import Leases
from gateway.control.order import Code, Order, Outcome, Refusal, Report, Verb
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
        pytest.param([], 0, WMaxLimPct(9), True, id="the first"),
        pytest.param([WMaxLimPct(1)] * 2, 0, WMaxLimPct(9), True, id="the third of three"),
        pytest.param([WMaxLimPct(1)] * 3, 0, WMaxLimPct(9), False, id="the fourth of three"),
        pytest.param([WMaxLimPct(1)] * 2, 0, PFWInj(0.9), False, id="one that costs two where one is left"),
        pytest.param([WMaxLimPct(1)] * 3, 0, Conn(on=True), True, id="one that costs nothing"),
        pytest.param([Conn(on=True)] * 9, 0, WMaxLimPct(9), True, id="after many that cost nothing"),
        pytest.param([WMaxLimPct(1)] * 3, DAY_S / 2 - 1, WMaxLimPct(9), False, id="on the same day"),
        pytest.param([WMaxLimPct(1)] * 3, DAY_S / 2, WMaxLimPct(9), True, id="on the next day"),
        pytest.param([WMaxLimPct(1)] * 3, -DAY_S, WMaxLimPct(9), False, id="on a clock set back over midnight"),
        pytest.param([WMaxLimPct(1)] * 3, -9 * DAY_S, WMaxLimPct(9), True, id="on a day that a wrong clock had passed"),
    ],
)
@pytest.mark.parametrize("restarted", [False, True], ids=["in one run", "over a restart"])
def test_the_count(
    sent: list[Command],
    after_s: float,
    wanted: Command,
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
    assert (kept.affords(WHO, WMaxLimPct(9), NOON), kept.told_pct(WHO)) == (False, 40.0)
    other = replace(WHO, serial="OTHER")
    assert (kept.affords(other, WMaxLimPct(9), NOON), kept.told_pct(other)) == (True, None)


def test_a_limit_that_was_not_obeyed_is_counted_and_not_known() -> None:
    kept, saved = budget()
    kept.book(WHO, WMaxLimPct(40.0), NOON, obeyed=False)
    assert saved["s1"] == WriteRow("s1", WHO.serial, 20_000, 1, None)
    kept.book(WHO, WMaxLimPct(40.0), NOON, obeyed=True)
    kept.book(WHO, PFWInj(0.9), NOON, obeyed=True)
    assert saved["s1"] == WriteRow("s1", WHO.serial, 20_000, 4, 40_000)


def test_a_limit_that_a_unit_is_to_keep_costs_a_write_where_others_cost_none() -> None:
    saved: dict[str, WriteRow] = {}
    kept = Budget({"gw": {}}, {"gw": 1}, [], lambda rows: saved.update({row.slot: row for row in rows}))
    for command in (WMaxLimPct(40), WMaxLimPct(50, persistent=True), WMaxLimPct(60)):
        kept.book(WHO, command, NOON, obeyed=True)
    assert saved == {"s1": WriteRow("s1", WHO.serial, 20_000, 1, 50_000)}
    assert not kept.affords(WHO, WMaxLimPct(40, persistent=True), NOON)
    assert kept.affords(WHO, WMaxLimPct(40), NOON)


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


def test_a_limit_for_the_memory_is_written_once_and_refused_when_it_was_written_often_enough(site: Site) -> None:
    async def main() -> None:
        async with running(site, FakeClock(NOON)) as daemon:
            saved: list[WriteRow] = []
            free: Mapping[str, Costs] = {"east": {}, "west": {}}
            offered = dict.fromkeys(free, vendor("atmoce").commands)
            purse = Budget(free, dict.fromkeys(free, 2), [], saved.extend)
            senders = {south.gateway: south.poller for south in daemon.app.souths}
            control = Control(
                daemon.app.state, senders, Leases(lambda _: None), dict.fromkeys(free, 100.0), offered, purse
            )
            daemon.app.state.watch(control.look)

            async def told(pct: float, *, persistent: bool = True) -> Outcome:
                order = Order(target="a", verb=Verb.LIMIT, by="anna", value=pct, unit="%", persistent=persistent)
                return await control.submit(order)

            async with background(control.run()):
                assert refused(await told(50.0, persistent=False)) == set()
                assert saved == []
                for _ in range(3):
                    assert refused(await told(50.0)) == set()  # it holds that already, but not in its memory
                assert [(row.writes, row.told_milli) for row in saved] == [(1, 50_000)]
                assert refused(await told(70.0, persistent=False)) == set()
                assert refused(await told(40.0)) == set()
                assert refused(await told(30.0)) == {Code.BUDGET}
                assert refused(await told(40.0)) == set()
                assert refused(await told(30.0, persistent=False)) == set()
                assert [(row.writes, row.told_milli) for row in saved] == [(1, 50_000), (2, 40_000)]
                assert daemon.limits()["a"] == 30.0

    run(main())


def test_a_wider_limit_waits_with_its_way_to_the_memory_until_it_is_the_tightest(site: Site) -> None:
    async def main() -> None:
        async with running(site, FakeClock(NOON)) as daemon:
            tight = Order(target="site", verb=Verb.LIMIT, by="anna", value=30.0, unit="%")
            await daemon.app.control.submit(tight)
            await daemon.app.control.submit(replace(tight, target="a", value=60.0, persistent=True))
            store = daemon.app.store
            assert (store.rows(WriteRow), daemon.limits()["a"]) == ([], 30.0)
            await daemon.app.control.submit(replace(tight, value=100.0))
            assert daemon.limits()["a"] == 60.0
            [row] = store.rows(WriteRow)
            assert (row.slot, row.writes, row.told_milli) == ("a", 1, 60_000)

    run(main())


def refused(outcome: Outcome) -> set[Code]:
    return {outcome.code} if isinstance(outcome, Refusal) else {each.code for each in outcome.refusals.values()}
