"""Every command against emulated units that really carry it out, over the wire of the power line."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.links import PlcLink
from config.site import Site
from gateway.control.budget import Budget
from gateway.control.leases import Leases
from gateway.control.order import Code, Order, Refusal, Report, Verb
from gateway.control.service import MAX_OPEN, Control
from gateway.control.ticket import WITHIN_S
from protocols.commands import Activate, Restart, WMaxLimPct
from protocols.registry import vendor
from protocols.states import InvSt
from tests.support.daemon import (
    POLL_S,
    RATED_W,
    Stubborn,
    accepted,
    background,
    now,
    running,
    running_daemon,
    running_plant,
    silence,
)
from tests.support.emulated import NOON
from tests.support.virtual_time import FakeClock, run


def free() -> Budget:
    """Return a budget of units without a memory."""
    return Budget({"east": {}, "west": {}}, {"east": 0, "west": 0}, [], lambda _: None)


GROUPS = {"a": "a", "branch/b1": "ab", "gateway/east": "abc", "site": "abcd"}
FULL = dict.fromkeys(RATED_W, 100.0)


@pytest.mark.parametrize(("target", "slots"), GROUPS.items(), ids=GROUPS)
def test_a_limit_in_percent_reaches_its_units_and_no_other(site: Site, target: str, slots: str) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            units = accepted(await daemon.order(target, value=40.0))
            assert daemon.limits() == {slot: 40.0 if slot in slots else 100.0 for slot in RATED_W}
            assert list(units) == list(slots)
            for result in units.values():
                assert (result.applied, result.read_back, result.refusal) == (40.0, 40.0, None)
                assert result.at == pytest.approx(NOON + now(), abs=2.0)
            await asyncio.sleep(2 * POLL_S)
            for slot in slots:
                assert daemon.unit(slot).power_w(now()) <= 0.4 * RATED_W[slot] + 0.01

    run(main())


@pytest.mark.parametrize(
    ("target", "limit_w", "expected"),
    [
        ("a", 100.0, FULL | {"a": 25.0}),
        ("branch/b1", 200.0, FULL | {"a": 25.0, "b": 25.0}),
        ("gateway/east", 650.0, FULL | {"a": 50.0, "b": 50.0, "c": 50.0}),
        ("site", 875.0, dict.fromkeys(RATED_W, 50.0)),
    ],
    ids=GROUPS,
)
def test_a_limit_in_watts_is_shared_by_rating(
    site: Site, target: str, limit_w: float, expected: Mapping[str, float]
) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            accepted(await daemon.order(target, value=limit_w, unit="W"))
            assert daemon.limits() == expected

    run(main())


@pytest.mark.parametrize(("target", "slots"), GROUPS.items(), ids=GROUPS)
def test_disable_and_enable(site: Site, target: str, slots: str) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            for on, verb in ((False, Verb.DISABLE), (True, Verb.ENABLE)):
                units = accepted(await daemon.order(target, verb))
                assert {(one.applied, one.read_back, one.refusal) for one in units.values()} == {(on, on, None)}
                assert {slot: daemon.unit(slot).life.firmware.connect for slot in slots} == dict.fromkeys(slots, on)
                if not on:
                    await asyncio.sleep(2 * POLL_S)
                    assert all(daemon.view(slot).state is InvSt.OFF for slot in slots)
                    running_on = [slot for slot in RATED_W if daemon.view(slot).state is InvSt.RUNNING]
                    assert running_on == [slot for slot in RATED_W if slot not in slots]

    run(main())


@pytest.mark.parametrize(("target", "slots"), GROUPS.items(), ids=GROUPS)
def test_restart(site: Site, target: str, slots: str) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            boots = {slot: daemon.unit(slot).life.firmware.booted_at for slot in RATED_W}
            units = accepted(await daemon.order(target, Verb.RESTART))
            assert {(one.applied, one.read_back, one.at) for one in units.values()} == {(True, None, None)}
            await asyncio.sleep(30)
            again = {slot for slot in RATED_W if daemon.unit(slot).life.firmware.booted_at > boots[slot]}
            assert again == set(slots)

    run(main())


@pytest.mark.parametrize(("target", "slots"), GROUPS.items(), ids=GROUPS)
def test_activate(site: Site, target: str, slots: str) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            for slot in RATED_W:
                daemon.unit(slot).command(Activate(permitted=False), now())
            await asyncio.sleep(2 * POLL_S)
            assert {daemon.view(slot).state for slot in RATED_W} == {InvSt.STANDBY}
            units = accepted(await daemon.order(target, Verb.ACTIVATE))
            assert {one.applied for one in units.values()} == {True}
            assert {slot for slot in RATED_W if daemon.unit(slot).life.firmware.activated} == set(slots)

    run(main())


@pytest.mark.parametrize("verb", [Verb.POWER_FACTOR, Verb.REACTIVE_POWER], ids=lambda verb: verb.value)
def test_what_the_units_cannot_do_is_refused(site: Site, verb: Verb) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            outcome = await daemon.order("site", verb, value=0.9)
            assert isinstance(outcome, Refusal)
            assert outcome.code is Code.NOT_SUPPORTED

    run(main())


def test_an_unchanged_limit_never_reaches_the_medium(site: Site) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            link = daemon.app.souths[0].link
            accepted(await daemon.order("a", value=50.0))
            sent, asked = link.counters.sent, now()
            units = accepted(await daemon.order("a", value=50.0))
            accepted(await daemon.order("b", value=100.0))
            assert (units["a"].applied, units["a"].read_back) == (50.0, 50.0)
            assert link.counters.sent == sent
            assert now() == pytest.approx(asked, abs=0.01)

    run(main())


def test_one_unit_that_refuses_is_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            Stubborn(daemon, "a", monkeypatch)
            outcome = await daemon.order("a", value=50.0)
            assert isinstance(outcome, Report)
            assert not outcome.accepted
            assert outcome.refusals["a"].code is Code.REFUSED_BY_DEVICE
            assert daemon.events("command")[0].detail["result"] == "refused_by_device"

    run(main())


def test_a_lost_unit_does_not_answer_a_command_that_is_done_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            silence(daemon, "a", monkeypatch)
            outcome = await daemon.order("branch/b1", Verb.DISABLE)
            units = accepted(outcome)
            assert units["a"].refusal is not None
            assert (units["a"].refusal.code, units["a"].applied, units["a"].read_back) == (Code.NO_ANSWER, False, None)
            assert units["b"].refusal is None
            detail = daemon.events("command")[0].detail
            assert (detail["result"], detail["units"], detail["failed"]) == ("partly", 2, 1)

    run(main())


def test_orders_that_are_open_when_the_daemon_stops_are_cancelled(site: Site) -> None:
    async def main() -> None:
        clock = FakeClock(NOON)
        async with running_plant(site, clock) as plant:
            async with running_daemon(site, clock, plant) as daemon:
                await daemon.until(daemon.heard)
                answer = asyncio.ensure_future(daemon.order("site", Verb.RESTART))
                await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError, match=r"^$"):
                await answer

    run(main())


def test_more_orders_than_may_be_open_are_refused(site: Site) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            answers = [
                asyncio.ensure_future(daemon.order("site", Verb.DISABLE if n % 2 else Verb.ENABLE))
                for n in range(MAX_OPEN + 1)
            ]
            outcomes = await asyncio.gather(*answers)
            assert isinstance(outcomes[-1], Refusal)
            assert outcomes[-1].code is Code.BUDGET
            assert all(isinstance(outcome, Report) for outcome in outcomes[:-1])

    run(main())


def test_polls_go_on_while_a_group_is_told(site: Site) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            seen = {slot: daemon.view(slot).seq for slot in "abc"}
            started = now()
            while now() < started + 10 * POLL_S:
                await daemon.order("gateway/east", Verb.ENABLE)
            polls = [daemon.view(slot).seq - seen[slot] for slot in "abc"]
            assert min(polls) >= 9

    run(main())


def test_the_audit_event_says_who_did_what_to_whom_and_what_came_of_it(site: Site) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            await daemon.order("a", value=50.0, by="ems", for_s=60.0, transaction="t1")
            await daemon.order("a", value=50.0, by="ems", for_s=60.0, transaction="t1")
            await daemon.order("z", Verb.RESTART, by="anna")
            events = daemon.events("command")
            assert [(event.subject, dict(event.detail)) for event in events] == [
                (
                    "a",
                    {
                        "by": "ems",
                        "command": "limit",
                        "value": 50.0,
                        "unit": "%",
                        "for_s": 60.0,
                        "transaction": "t1",
                        "result": "ok",
                        "units": 1,
                        "failed": 0,
                    },
                ),
                (
                    "a",
                    {
                        "by": "ems",
                        "command": "limit",
                        "value": 50.0,
                        "unit": "%",
                        "for_s": 60.0,
                        "transaction": "t1",
                        "result": "duplicate",
                        "message": "transaction t1 was taken before",
                    },
                ),
                (
                    "z",
                    {
                        "by": "anna",
                        "command": "restart",
                        "result": "unknown_target",
                        "message": "no such target: z; use site, gateway/<id>, branch/<id> or a slot",
                    },
                ),
            ]
            assert len({event.ts for event in events}) == 3

    run(main())


def test_an_order_whose_turn_does_not_come_in_time_is_dropped_and_a_limit_goes_on(tmp_path: Path, site: Site) -> None:
    link = {"url": f"mem://{tmp_path.name}-slow", "bit_rate": 24.0}  # a command takes twelve seconds, a poll more
    east = site.gateways[0].model_copy(update={"link": PlcLink.model_validate(link)})
    slow = site.model_copy(update={"gateways": (east, *site.gateways[1:])})

    async def main() -> None:
        async with running(slow) as daemon:
            asked = now()
            units = accepted(await daemon.order("gateway/east", Verb.DISABLE))
            assert now() - asked == pytest.approx(WITHIN_S, abs=1.0)
            late = units["c"].refusal
            assert late is not None
            assert (late.code, units["c"].applied) == (Code.TOO_OLD, None)
            await asyncio.sleep(300)
            assert {slot: daemon.unit(slot).life.firmware.connect for slot in "abc"} == {
                "a": False,
                "b": False,
                "c": True,
            }
            limit = accepted(await daemon.order("gateway/east", value=50.0))
            assert {slot: one.kept for slot, one in limit.items()} == {"a": False, "b": True, "c": False}
            await daemon.until(lambda: daemon.limits() == FULL | dict.fromkeys("abc", 50.0))

    run(main())


def test_in_a_group_each_unit_is_told_what_its_vendor_offers(site: Site) -> None:
    everything = vendor("atmoce").commands
    offered = {"east": everything - {Restart, WMaxLimPct}, "west": everything}

    async def main() -> None:
        async with running(site) as daemon:
            senders = {south.gateway: south.poller for south in daemon.app.souths}
            leases, fallback_pct = Leases(lambda _: None), dict.fromkeys(offered, 100.0)
            control = Control(daemon.app.state, senders, leases, fallback_pct, offered, free())
            daemon.app.state.watch(control.look)
            async with background(control.run()):
                limit = Order(target="site", verb=Verb.LIMIT, by="anna", value=40.0, unit="%")
                for order in (limit, Order(target="site", verb=Verb.RESTART, by="anna")):
                    outcome = await control.submit(order)
                    assert isinstance(outcome, Report)
                    refused = {slot: refusal.code for slot, refusal in outcome.refusals.items()}
                    assert refused == dict.fromkeys("abc", Code.NOT_SUPPORTED)
            assert daemon.limits() == {"a": 100.0, "b": 100.0, "c": 100.0, "d": 40.0}
            await asyncio.sleep(1)
            assert [slot for slot in RATED_W if not daemon.unit(slot).awake(now())] == ["d"]

    run(main())
