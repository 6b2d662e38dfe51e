import asyncio

import pytest

from gateway.fleet.poller import MAX_COMMANDS, CommandResult
from protocols.commands import Restart, WMaxLimPct
from protocols.errors import LocalProtocolError
from protocols.exchange import Cause, Done, Failed
from tests.gateway.acme import IDENTITY_AT
from tests.gateway.fleet.bench import Bench, plant
from tests.gateway.fleet.medium import ANSWER_S, Unit
from tests.support.virtual_time import run


def test_a_command_goes_ahead_of_all_polls() -> None:
    units = plant(20)
    bench = Bench(units, poll_s=1.0)  # the link is never idle

    async def main() -> None:
        await asyncio.sleep(30.05)
        asked_at = asyncio.get_running_loop().time()
        assert await bench.poller.submit("s7", WMaxLimPct(60)) == Done({})
        ((heard_at, limit),) = units[6].limits
        assert limit == 60
        assert heard_at - asked_at <= ANSWER_S  # one conversation was under way

    run(bench.during(main()))


def test_a_command_wakes_an_idle_link() -> None:
    units = plant(1)
    bench = Bench(units, poll_s=3600.0)

    async def main() -> None:
        await asyncio.sleep(100)
        await bench.poller.submit("s1", WMaxLimPct(50))
        assert units[0].limits == [(100.0, 50)]

    run(bench.during(main()))


def test_a_command_that_nobody_answers_says_why() -> None:
    units = plant(1)
    bench = Bench(units)

    async def main() -> None:
        await asyncio.sleep(10)
        units[0].alive = False
        assert await bench.poller.submit("s1", WMaxLimPct(50)) == Failed(Cause.NO_ANSWER)

    run(bench.during(main()))


def test_a_command_never_reaches_a_stranger() -> None:
    stranger = Unit("OTHER")
    bench = Bench([stranger])

    async def main() -> None:
        await asyncio.sleep(10)
        result = await bench.poller.submit("s1", WMaxLimPct(50))
        assert isinstance(result, Failed)
        assert result.cause is Cause.MISMATCH
        assert stranger.limits == []

    run(bench.during(main()))


def test_after_a_loss_of_the_link_a_unit_joins_before_it_is_told() -> None:
    (unit,) = units = plant(1)
    bench = Bench(units, poll_s=600.0)

    async def main() -> None:
        await asyncio.sleep(10)
        bench.medium.pull()
        await asyncio.sleep(40)
        unit.heard.clear()
        bench.medium.plug()
        assert await bench.poller.submit("s1", WMaxLimPct(50)) == Done({})
        (told_at, limit), (joined_at, register) = unit.limits[0], unit.heard[0]
        assert (limit, register) == (50, IDENTITY_AT)
        assert joined_at < told_at

    run(bench.during(main()))


def test_commands_wait_in_a_bounded_queue() -> None:
    bench = Bench(plant(1))

    async def main() -> None:
        await asyncio.sleep(10)
        asked = [bench.poller.submit("s1", WMaxLimPct(n)) for n in range(MAX_COMMANDS + 1)]
        results = await asyncio.gather(*asked)
        assert results[:-1] == [Done({})] * MAX_COMMANDS
        assert isinstance(results[-1], Failed)
        assert results[-1].cause is Cause.BUSY

    run(bench.during(main()))


def test_commands_fail_at_once_while_the_link_is_down() -> None:
    bench = Bench(plant(1))

    async def main() -> None:
        await asyncio.sleep(10.05)
        waiting = [bench.poller.submit("s1", WMaxLimPct(n)) for n in range(2)]
        bench.medium.pull()
        for future in waiting:
            result = await future
            assert isinstance(result, Failed)
            assert result.cause is Cause.LINK_DOWN
        assert await bench.poller.submit("s1", WMaxLimPct(1)) == Failed(Cause.LINK_DOWN)
        assert asyncio.get_running_loop().time() < 11

    run(bench.during(main()))


def test_a_command_whose_asker_gave_up_is_not_sent() -> None:
    units = plant(1)
    bench = Bench(units)

    async def main() -> None:
        await asyncio.sleep(10)
        bench.poller.submit("s1", WMaxLimPct(10)).cancel()
        await bench.poller.submit("s1", WMaxLimPct(20))
        assert [limit for _, limit in units[0].limits] == [20]

    run(bench.during(main()))


def test_a_stop_leaves_no_command_waiting() -> None:
    bench = Bench(plant(1))
    left: list[asyncio.Future[CommandResult]] = []

    async def main() -> None:
        await asyncio.sleep(10)
        left.extend(bench.poller.submit("s1", WMaxLimPct(n)) for n in range(3))

    async def whole() -> None:
        await bench.during(main())
        assert all(future.done() for future in left)

    run(whole())
    assert len(left) == 3


def test_a_command_for_a_foreign_slot_is_our_bug() -> None:
    async def main() -> None:
        Bench(plant(1)).poller.submit("elsewhere", WMaxLimPct(10))

    with pytest.raises(KeyError, match="elsewhere"):
        run(main())


def test_a_command_that_the_vendor_lacks_is_our_bug_and_its_future_ends() -> None:
    bench = Bench(plant(1))

    async def main() -> None:
        task = asyncio.create_task(bench.poller.run())
        await asyncio.sleep(1)
        future = bench.poller.submit("s1", Restart())
        with pytest.raises(LocalProtocolError, match="acme cannot"):
            await task
        assert future.cancelled()

    run(main())
