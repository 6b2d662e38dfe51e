"""Limits that last, on emulated units: leases, refusals, darkness, lost limits, restarts."""

import asyncio

import pytest

from config.site import Gateway, Site
from emulator.server import Plant
from gateway.control.order import Code, Report, Verb
from gateway.control.unit import REFUSED_S, RESEND_S
from gateway.snapshot import CommState
from protocols.commands import Command
from tests.support.daemon import (
    LIMIT,
    POLL_S,
    RATED_W,
    Running,
    Stubborn,
    accepted,
    background,
    now,
    running,
    running_daemon,
    running_plant,
    silence,
)
from tests.support.emulated import NOON, UTRECHT
from tests.support.virtual_time import FakeClock, run

GROUPS = {"a": "a", "branch/b1": "ab", "gateway/east": "abc", "site": "abcd"}
FULL = dict.fromkeys(RATED_W, 100.0)


def test_a_lease_ends_in_the_fallback_unless_it_is_renewed(site: Site) -> None:
    async def main() -> None:
        async with running(site.model_copy(update={"gateways": _fallback(site, 70.0)})) as daemon:
            accepted(await daemon.order("branch/b1", value=30.0, for_s=60.0))
            await asyncio.sleep(40)
            accepted(await daemon.order("branch/b1", value=30.0, for_s=60.0))
            await asyncio.sleep(55)
            assert daemon.limits() == FULL | {"a": 30.0, "b": 30.0}
            daemon.app.outbox.take()
            await asyncio.sleep(10)
            assert daemon.limits() == FULL | {"a": 70.0, "b": 70.0}
            assert [event.subject for event in daemon.events("lease_ended")] == ["branch/b1"]

    run(main())


def _fallback(site: Site, pct: float) -> tuple[Gateway, ...]:
    return tuple(gateway.model_copy(update={"fallback_limit_pct": pct}) for gateway in site.gateways)


def test_the_tightest_limit_holds_and_the_next_when_it_is_gone(site: Site) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            accepted(await daemon.order("site", value=60.0))
            accepted(await daemon.order("a", value=20.0, for_s=30.0))
            accepted(await daemon.order("branch/b1", value=80.0))
            assert daemon.limits() == dict.fromkeys(RATED_W, 60.0) | {"a": 20.0}
            await asyncio.sleep(40)
            assert daemon.limits() == dict.fromkeys(RATED_W, 60.0)

    run(main())


def test_while_a_limit_moves_between_units_it_is_never_exceeded(site: Site) -> None:
    async def watch(daemon: Running, most_w: float) -> None:
        while True:
            assert daemon.limited_w() <= most_w
            await asyncio.sleep(0.01)

    async def main() -> None:
        async with running(site) as daemon:
            accepted(await daemon.order("site", value=875.0, unit="W"))
            watcher = asyncio.create_task(watch(daemon, 875.0))
            for value in (0.0, 100.0, 30.0, 90.0):
                accepted(await daemon.order("c", value=value))
                accepted(await daemon.order("branch/b1", value=100.0 - value))
            accepted(await daemon.order("branch/b1", value=100.0))
            assert not watcher.done()
            watcher.cancel()
            assert daemon.limited_w() == pytest.approx(875.0, abs=0.001 * sum(RATED_W.values()))

    run(main())


def test_a_unit_that_refuses_is_reported_and_the_others_make_up_for_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            stubborn = Stubborn(daemon, "a", monkeypatch)
            units = accepted(await daemon.order("site", value=1075.0, unit="W"))
            refusal = units["a"].refusal
            assert refusal is not None
            assert (refusal.code, units["a"].read_back) == (Code.REFUSED_BY_DEVICE, 100.0)
            assert daemon.limits() == dict.fromkeys(RATED_W, 50.0) | {"a": 100.0}  # 400 W of 1075 are its own
            assert {units[slot].applied for slot in "bcd"} == {50.0}
            stubborn.obeys = True
            await asyncio.sleep(REFUSED_S + 10)
            assert daemon.limited_w() == pytest.approx(1075.0, abs=0.001 * sum(RATED_W.values()))
            assert len(set(daemon.limits().values())) == 1

    run(main())


def test_a_limit_that_a_unit_has_lost_is_sent_again(site: Site) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            accepted(await daemon.order("a", value=50.0))
            accepted(await daemon.order("a", Verb.RESTART))
            daemon.unit("a").life.firmware.limits.owner_pct = 100.0  # a device that keeps its limit in volatile memory
            await asyncio.sleep(RESEND_S + 2 * POLL_S)
            assert daemon.unit("a").life.firmware.limits.owner_pct == 50.0
            assert daemon.view("a").values[LIMIT] == 50.0

    run(main())


def test_two_masters_who_disagree_do_not_fill_the_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            told: list[float] = []
            firmware = daemon.unit("a").life.firmware
            obey = firmware.command

            def listen(command: Command, at: float) -> bool:
                told.append(now())
                return obey(command, at)

            accepted(await daemon.order("a", value=50.0))
            monkeypatch.setattr(firmware, "command", listen)
            for _ in range(300):
                firmware.limits.owner_pct = 100.0
                await asyncio.sleep(1)
            assert 5 <= len(told) <= 300 / RESEND_S + 1

    run(main())


def test_a_unit_that_is_lost_by_day_is_taken_to_deliver_what_it_may(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with running(site) as daemon:
            accepted(await daemon.order("site", value=875.0, unit="W"))
            silence(daemon, "d", monkeypatch)
            await daemon.until(lambda: daemon.view("d").comm is CommState.LOST)
            assert daemon.limits() == dict.fromkeys(RATED_W, 50.0)
            units = accepted(await daemon.order("site", value=420.0, unit="W"))
            assert (units["d"].applied, units["d"].kept) == (None, True)
            assert units["d"].refusal is not None
            assert units["d"].refusal.code is Code.NO_ANSWER
            assert daemon.limits() == dict.fromkeys(RATED_W, 15.0) | {"d": 50.0}
            monkeypatch.undo()
            await daemon.until(lambda: daemon.unit("d").life.firmware.limits.owner_pct == 24.0)
            await daemon.until(lambda: daemon.limits() == dict.fromkeys(RATED_W, 24.0))

    run(main())


EVENING = NOON + 7.85 * 3600  # the sun is so low that silence means sleep, and the modules still have some light


def test_a_unit_that_goes_dark_leaves_its_share_and_takes_it_back_when_it_wakes(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with running(site, FakeClock(EVENING)) as daemon:
            accepted(await daemon.order("site", value=875.0, unit="W"))
            assert daemon.limits() == dict.fromkeys(RATED_W, 50.0)
            silence(daemon, "d", monkeypatch)
            await daemon.until(lambda: daemon.view("d").comm is CommState.ASLEEP)
            await daemon.until(lambda: daemon.unit("c").life.firmware.limits.owner_pct > 50.0)
            await asyncio.sleep(5)
            share = 67.3  # 875 W of 1300 W
            assert daemon.limits() == dict.fromkeys(RATED_W, share) | {"d": 50.0}
            limit = await daemon.order("d", value=80.0)
            assert isinstance(limit, Report)
            assert (limit.units["d"].kept, limit.refusals["d"].code) == (True, Code.ASLEEP)
            once = await daemon.order("d", Verb.DISABLE)
            assert isinstance(once, Report)
            assert (once.accepted, once.refusals["d"].code) == (False, Code.ASLEEP)
            monkeypatch.undo()
            await daemon.until(lambda: daemon.limits() == dict.fromkeys(RATED_W, 50.0))

    run(main())


def test_while_a_link_is_down_limits_are_kept_and_all_else_is_refused(site: Site) -> None:
    async def main() -> None:
        clock = FakeClock(NOON)
        plant = Plant(site, UTRECHT, clock, now())
        async with running_daemon(site, clock, plant) as daemon:
            async with background(plant.serve()):
                await daemon.until(daemon.heard)
            await daemon.until(lambda: daemon.view("a").comm is CommState.UNKNOWN)
            asked = now()
            limit = accepted(await daemon.order("site", value=30.0))
            once = await daemon.order("a", Verb.DISABLE)
            assert now() - asked < 1
            assert {(one.kept, one.applied) for one in limit.values()} == {(True, None)}
            assert isinstance(once, Report)
            assert (once.units["a"].applied, once.refusals["a"].code) == (None, Code.NO_ANSWER)
            assert daemon.limits() == FULL
            async with background(plant.serve()):
                await daemon.until(lambda: daemon.limits() == dict.fromkeys(RATED_W, 30.0))
                assert all(daemon.unit(slot).life.firmware.connect for slot in RATED_W)

    run(main())


@pytest.mark.parametrize(
    ("away_s", "expected"), [(20.0, 40.0), (120.0, 100.0)], ids=["a lease goes on", "a lease that has ended falls back"]
)
def test_a_restart_of_the_daemon_neither_forgets_a_limit_nor_keeps_an_expired_one(
    site: Site, away_s: float, expected: float
) -> None:
    async def main() -> None:
        clock = FakeClock(NOON)
        async with running_plant(site, clock) as plant:
            async with running_daemon(site, clock, plant) as daemon:
                await daemon.until(daemon.heard)
                accepted(await daemon.order("a", value=50.0))
                accepted(await daemon.order("b", value=40.0, for_s=100.0))
            plant.units["SN000a"].life.firmware.limits.owner_pct = 100.0
            await asyncio.sleep(away_s)
            async with running_daemon(site, clock, plant) as daemon:
                await daemon.until(daemon.heard)
                await asyncio.sleep(2)
                assert daemon.limits() == FULL | {"a": 50.0, "b": expected}
                await asyncio.sleep(100)
                assert daemon.limits() == FULL | {"a": 50.0}

    run(main())


def test_after_a_restart_nothing_is_sent_to_units_that_hold_their_limit(site: Site) -> None:
    async def main() -> None:
        clock = FakeClock(NOON)
        async with running_plant(site, clock) as plant:
            async with running_daemon(site, clock, plant) as daemon:
                await daemon.until(daemon.heard)
                accepted(await daemon.order("site", value=900.0, unit="W"))
            before = {slot: unit.life.firmware.limits.owner_pct for slot, unit in plant.units.items()}
            told: list[str] = []
            for serial, unit in plant.units.items():
                unit.life.firmware.command = lambda *_, serial=serial: told.append(serial)  # type: ignore[assignment]
            async with running_daemon(site, clock, plant) as daemon:
                await daemon.until(daemon.heard)
                await asyncio.sleep(60)
            assert told == []
            assert {slot: unit.life.firmware.limits.owner_pct for slot, unit in plant.units.items()} == before

    run(main())
